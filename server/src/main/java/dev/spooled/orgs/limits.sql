-- What plans allow, and how much of it is there. Whoever makes one more of something that is capped holds off the others of
-- its organization first, so that the counts below are of what has been committed.

-- name: plan
select plan_tier, custom_limits::text as custom_limits from organization where id = :org

-- name: hold_off
select pg_advisory_xact_lock(hashtextextended('spooled.limits', :org::int))

-- name: count_queues
select count(*)::int as n from queue where cell = :cell and org = :org and configured

-- name: count_workers
select count(*)::int as n from worker
where cell = :cell and org = :org and status in ('healthy', 'degraded') and last_heartbeat > :silent_since

-- name: count_api_keys
select count(*)::int as n from api_key
where org = :org and is_active and (expires_at is null or expires_at > :now)

-- name: count_schedules
select count(*)::int as n from schedule where cell = :cell and org = :org and is_active

-- name: count_webhooks
select count(*)::int as n from subscription where cell = :cell and org = :org and enabled

-- name: page
-- All organizations, in pages. Their plans do not change while the page is worked on.
select id, plan_tier, custom_limits::text as custom_limits from organization
where cell = :cell and id > :after order by id limit :limit for share

-- name: uncap
-- An organization without a row is not looked at by the lane.
delete from usage where cell = :cell and org = any (:orgs::int[])

-- name: without_usage
select t.org from unnest(:orgs::int[]) as t (org)
where not exists (select 1 from usage u where u.cell = :cell and u.org = t.org)

-- name: cap
-- A new row says that the active jobs are unknown: the lane counts them when it needs to. What an organization has made
-- today is taken from the counters then.
insert into usage (cell, org, day, jobs_today, active_jobs, max_today, max_active, max_workflows, plan, upgrade_to)
select :cell, org, :day, today, 2000000000, max_today, max_active, max_workflows, plan, upgrade_to
from unnest(:orgs::int[], :todays::int[], :max_todays::int[], :max_actives::int[], :max_workflows::int[], :plans::text[],
            :upgrades::text[]) as t (org, today, max_today, max_active, max_workflows, plan, upgrade_to)
on conflict (cell, org) do update
set max_today = excluded.max_today, max_active = excluded.max_active, max_workflows = excluded.max_workflows,
    plan = excluded.plan, upgrade_to = excluded.upgrade_to
where (usage.max_today, usage.max_active, usage.max_workflows, usage.plan, usage.upgrade_to)
      is distinct from (excluded.max_today, excluded.max_active, excluded.max_workflows, excluded.plan, excluded.upgrade_to)
