-- What organizations use: counters and small tables, never rows of jobs.

-- name: figures
-- For a page of organizations at once. Counters not yet folded in belong to no organization: their queue says whose. Of a
-- capped organization the lane counts the day itself.
with delta as materialized (
    select q.org, t.kind, t.n, d.at
    from count_delta d, unnest(d.queue, d.kind, d.n) as t (queue, kind, n)
    join queue q on q.cell = :cell and q.id = t.queue and q.org = any (:orgs)
    where d.cell = :cell
)
select o.id,
       coalesce((select case when u.day >= :day then u.jobs_today else 0 end from usage u where u.cell = :cell and u.org = o.id), (
            select coalesce(sum(x.n), 0) from (
            select n from flow_hour where cell = :cell and org = o.id and kind = 10 and hour >= t.since
            union all
            select n from flow_minute where cell = :cell and org = o.id and kind = 10 and minute >= t.since
            union all
            select n from delta where org = o.id and kind = 10 and at >= t.since) x))::bigint as jobs_today,
       (select coalesce(sum(x.n), 0) from (
            select n from count where cell = :cell and org = o.id and kind < 3
            union all
            select n from delta where org = o.id and kind < 3) x)::bigint as active_jobs,
       (select coalesce(sum(x.n), 0) from (
            select n from count where cell = :cell and org = o.id and kind < 10
            union all
            select n from delta where org = o.id and kind < 10) x)::bigint as total_jobs,
       (select count(*) from queue where cell = :cell and org = o.id and configured) as queues,
       (select count(*) from worker
        where cell = :cell and org = o.id and status in ('healthy', 'degraded') and last_heartbeat > :silent_since) as workers,
       (select count(*) from api_key
        where org = o.id and is_active and (expires_at is null or expires_at > :now)) as api_keys,
       (select count(*) from schedule where cell = :cell and org = o.id and is_active) as schedules,
       (select count(*) from workflow where cell = :cell and org = o.id and completed_at is null) as workflows,
       (select count(*) from subscription where cell = :cell and org = o.id and enabled) as webhooks
from organization o,
     lateral (select greatest(:midnight::timestamptz, o.usage_reset_at) as since) t
where o.id = any (:orgs)

-- name: api_keys
select org, count(*) as n from api_key
where org = any (:orgs) and is_active and (expires_at is null or expires_at > :now) group by org

-- name: reset
-- The count of the day starts again; also that of a capped organization.
with row as (update usage set jobs_today = 0 where cell = :cell and org = :org)
update organization set usage_reset_at = :now where id = :org
