-- Queues as people configure them. A row may be there without: jobs make one when they first name a queue. It stays when
-- the queue is deleted, since jobs that have ended still refer to it; only `configured` goes.

-- name: list
select name, public_id, id, max_retries, default_timeout, rate_limit, enabled, paused_at, paused_reason,
       backoff::text as backoff, settings::text as settings, created_at, updated_at
from queue
where cell = :cell and org = :org and configured and (:all or name = any (:names::text[]))
order by name
limit :limit offset :offset

-- name: get
select name, public_id, id, max_retries, default_timeout, rate_limit, enabled, paused_at, paused_reason,
       backoff::text as backoff, settings::text as settings, created_at, updated_at
from queue
where cell = :cell and org = :org and name = :name and configured

-- name: open_rate
-- Claims count against this row once the queue has a limit, so it is there first.
insert into queue_rate (cell, queue) values (:cell, :queue)
on conflict do nothing

-- name: configure
-- What is null keeps its value; settings are merged, and a member that is null goes. Being paused is not a setting: it
-- is what `enabled` says, with its own columns.
with was as materialized (
    select id, public_id, name, enabled from queue where cell = :cell and org = :org and name = :name for update
), v as (
    insert into outbox (cell, at, subject, event, org, detail)
    select :cell, :now, was.public_id, e.event, :org, json_build_object('queue_name', was.name)::text
    from was, lateral (select case when :enabled::boolean then 'queue.resumed' else 'queue.paused' end as event) e
    where was.enabled <> :enabled::boolean and exists (
        select 1 from subscription h where h.cell = :cell and h.org = :org and h.enabled and e.event = any (h.events))
)
update queue q
set configured = true,
    max_retries = coalesce(:max_retries::int, max_retries),
    default_timeout = coalesce(:default_timeout::int, default_timeout),
    rate_limit = case when :rate_limit_given then :rate_limit::int else rate_limit end,
    backoff = case when :backoff_given then :backoff::text::jsonb else backoff end,
    enabled = coalesce(:enabled::boolean, q.enabled),
    paused_at = case when coalesce(:enabled::boolean, q.enabled) then null else coalesce(paused_at, :now) end,
    paused_reason = case when coalesce(:enabled::boolean, q.enabled) then null else paused_reason end,
    settings = (select coalesce(jsonb_object_agg(key, value), '{}')
                from jsonb_each(settings || (:settings::text::jsonb - 'paused' - 'paused_at' - 'paused_reason'))
                where value <> 'null'),
    updated_at = :now
from was
where q.cell = :cell and q.id = was.id
returning q.name, q.public_id, q.id, max_retries, default_timeout, rate_limit, q.enabled, paused_at, paused_reason,
          backoff::text as backoff, settings::text as settings, created_at, updated_at

-- name: pause
-- Pausing again keeps since when, and the reason unless there is a new one.
with was as materialized (
    select id, public_id, name, enabled, paused_at from queue
    where cell = :cell and org = :org and name = :name for update
), v as (
    insert into outbox (cell, at, subject, event, org, detail)
    select :cell, :now, public_id, 'queue.paused', :org, json_build_object('queue_name', name, 'reason', :reason::text)::text
    from was
    where enabled and exists (
        select 1 from subscription h where h.cell = :cell and h.org = :org and h.enabled and 'queue.paused' = any (h.events))
)
update queue q
set configured = true, enabled = false,
    paused_at = case when q.enabled then :now else coalesce(q.paused_at, :now) end,
    paused_reason = coalesce(:reason::text, case when q.enabled then null else q.paused_reason end),
    updated_at = :now
from was
where q.cell = :cell and q.id = was.id
returning q.paused_at, q.paused_reason

-- name: resume
-- Answers since when the queue was paused, null when it was not.
with was as materialized (
    select id, public_id, name, enabled, paused_at from queue
    where cell = :cell and org = :org and name = :name and configured for update
), v as (
    insert into outbox (cell, at, subject, event, org, detail)
    select :cell, :now, public_id, 'queue.resumed', :org, json_build_object('queue_name', name)::text
    from was
    where not enabled and exists (
        select 1 from subscription h where h.cell = :cell and h.org = :org and h.enabled and 'queue.resumed' = any (h.events))
)
update queue q
set enabled = true, paused_at = null, paused_reason = null, updated_at = :now
from was
where q.cell = :cell and q.id = was.id
returning q.id, was.paused_at

-- name: forget
-- The queue is again as if nobody had configured it.
update queue
set configured = false, max_retries = :max_retries, default_timeout = :default_timeout, rate_limit = null,
    enabled = true, paused_at = null, paused_reason = null, backoff = null, settings = '{}', updated_at = :now
where cell = :cell and org = :org and name = :name and configured
returning id

-- name: open_jobs
-- How many jobs of a queue have not ended, exactly as of this statement: the counters and what is not rolled up yet.
with x as (
    select kind, n from count
    where cell = :cell and org = :org and queue = :queue and kind in (0, 1, 2)
    union all
    select t.kind, t.n from count_delta d, unnest(d.queue, d.kind, d.n) as t (queue, kind, n)
    where d.cell = :cell and t.queue = :queue and t.kind in (0, 1, 2)
)
select coalesce(sum(n) filter (where kind in (0, 1)), 0)::bigint as pending,
       coalesce(sum(n) filter (where kind = 2), 0)::bigint as processing
from x

-- name: ready_jobs
select id from ready where cell = :cell and queue = :queue and org = :org order by priority desc, id limit :limit

-- name: scheduled_jobs
-- The queue's jobs among the next `limit` of the cell, and always the last of these, to go on from: there is no index by
-- queue here, so a pass looks at a bounded stretch of the table.
with seen as (
    select id, queue, org from scheduled where cell = :cell and id > :after order by id limit :limit
)
select id, queue = :queue and org = :org as own from seen
where (queue = :queue and org = :org) or id = (select id from seen order by id desc limit 1)
order by id

-- name: waiting_jobs
-- As scheduled_jobs.
with seen as (
    select id, queue, org from waiting where cell = :cell and id > :after order by id limit :limit
)
select id, queue = :queue and org = :org as own from seen
where (queue = :queue and org = :org) or id = (select id from seen order by id desc limit 1)
order by id

-- name: figures
-- The counters of a queue with what is not rolled up yet, in one statement so that no roll-up falls between the two.
-- Flows are kept by the minute, older ones by the hour; the last day is counted by the minute where there is one.
with d as materialized (
    select date_trunc('minute', d.at) as minute, t.kind, t.n
    from count_delta d, unnest(d.queue, d.kind, d.n) as t (queue, kind, n)
    where d.cell = :cell and t.queue = :queue
), held as (
    select kind, sum(n) as n from (
        select kind, n from count where cell = :cell and org = :org and queue = :queue
        union all
        select kind, n from d where kind < 10) x
    group by kind
), flow as (
    select kind, minute, n from flow_minute
    where cell = :cell and org = :org and queue = :queue and kind in (3, 4, 5, 10, 11) and minute >= :day_ago
    union all
    select kind, hour, n from flow_hour
    where cell = :cell and org = :org and queue = :queue and kind in (3, 4, 5, 10, 11) and hour >= :day_ago
    union all
    select kind, minute, n from d where n > 0 and kind in (3, 4, 5, 10, 11) and minute >= :day_ago
)
select h.*, f.*,
       (select count(*) from worker
        where cell = :cell and org = :org and queue_name = :name and status <> 'offline'
          and last_heartbeat > :silent_since) as active_workers
from (select coalesce(sum(n) filter (where kind = 0), 0)::bigint as pending,
             coalesce(sum(n) filter (where kind = 1), 0)::bigint as scheduled,
             coalesce(sum(n) filter (where kind = 2), 0)::bigint as processing,
             coalesce(sum(n) filter (where kind = 3), 0)::bigint as completed,
             coalesce(sum(n) filter (where kind in (4, 5)), 0)::bigint as failed,
             coalesce(sum(n) filter (where kind = 6), 0)::bigint as cancelled
      from held) h,
     (select coalesce(sum(n) filter (where kind = 3), 0)::bigint as completed_day,
             coalesce(sum(n) filter (where kind in (4, 5)), 0)::bigint as failed_day,
             coalesce(sum(n) filter (where kind = 10 and minute >= :rate_from and minute < :rate_to), 0)::bigint as enqueued_lately,
             coalesce(sum(n) filter (where kind = 3 and minute >= :rate_from and minute < :rate_to), 0)::bigint as completed_lately,
             coalesce(sum(n) filter (where kind = 11 and minute >= :rate_from and minute < :rate_to), 0)::bigint as failed_lately
      from flow) f

-- name: oldest_ready
-- The smallest id per priority, found by walking the claim index from priority to priority: at most 201 steps.
with recursive head as (
    (select priority, id from ready where cell = :cell and queue = :queue order by priority desc, id limit 1)
    union all
    select next.priority, next.id
    from head, lateral (
        select r.priority, r.id from ready r
        where r.cell = :cell and r.queue = :queue and r.priority < head.priority
        order by r.priority desc, r.id limit 1) next
)
select id from head order by id limit 1

-- name: sample
-- Times of the queue's jobs among the newest `span` of the cell that ended or run, and of the newest `span` in the
-- queue's own list. Waiting is measured to the first attempt, from when the job could have been claimed.
with ended as (
    select id, attempt, status, started_at, completed_at from (
        select id, queue, attempt, status, started_at, completed_at from done
        where cell = :cell order by id desc limit :span) newest
    where queue = :queue and started_at is not null
    union
    select o.id, o.attempt, o.status, o.started_at, o.completed_at from (
        select id from job_by_queue where cell = :cell and queue = :queue order by id desc limit :span) listed
    join lateral (select * from done where cell = :cell and id = listed.id limit 1) o on true
    where o.started_at is not null
), started as (
    select id, started_at from ended where attempt = 1
    union all
    select id, started_at from (
        select id, queue, attempt, started_at from lease where cell = :cell order by id desc limit :span) newest
    where queue = :queue and attempt = 1
), waited as (
    select greatest(extract(epoch from s.started_at - greatest(uuid7_time(s.id), j.run_at)) * 1000, 0)::bigint as ms
    from started s join lateral (select run_at from job where cell = :cell and id = s.id limit 1) j on true
)
select (select percentile_disc(0.5) within group (order by ms) from waited) as p50,
       (select percentile_disc(0.95) within group (order by ms) from waited) as p95,
       (select (avg(extract(epoch from completed_at - started_at)) * 1000)::bigint from ended where status = 3) as run_ms
