-- What the operator sees of all organizations.

-- name: list
-- A page with the number of all that match, deleted ones among them. Usage comes with a second statement for the page.
select id, public_id, cell, name, slug, plan_tier, billing_email, settings::text as settings,
       custom_limits::text as custom_limits, strict_leases, stripe_customer_id, stripe_subscription_id,
       stripe_subscription_status, stripe_current_period_end, stripe_cancel_at_period_end, created_at, updated_at, deleted_at,
       count(*) over () as total
from organization
where (:plan_tier::text is null or plan_tier = :plan_tier)
  and (:search::text is null or name ilike :search or slug ilike :search)
order by case when :up then case :sort when 'name' then lower(name) when 'slug' then slug when 'plan_tier' then plan_tier end end,
         case when not :up then case :sort when 'name' then lower(name) when 'slug' then slug when 'plan_tier' then plan_tier end end desc,
         case when :up then case :sort when 'updated_at' then updated_at when 'created_at' then created_at end end,
         case when not :up then case :sort when 'updated_at' then updated_at when 'created_at' then created_at end end desc,
         id desc
limit :limit offset :offset

-- name: total
select count(*) as total from organization
where (:plan_tier::text is null or plan_tier = :plan_tier)
  and (:search::text is null or name ilike :search or slug ilike :search)

-- name: plans_in_use
select plan_tier, count(*) as n from organization where deleted_at is null group by plan_tier order by plan_tier

-- name: jobs_by_kind
-- From the counters of all organizations, with what is not yet folded into them.
select kind::int as kind, sum(n)::bigint as n from (
    select kind, n from count where cell = :cell and kind < 10
    union all
    select t.kind, t.n from count_delta d, unnest(d.kind, d.n) as t (kind, n) where d.cell = :cell and t.kind < 10) c
group by kind

-- name: flows
-- What was created today, and what ended within a day.
with flow as (
    select kind, minute as at, n from flow_minute where cell = :cell and minute >= :since
    union all
    select kind, hour, n from flow_hour where cell = :cell and hour >= :since
    union all
    select t.kind, d.at, t.n from count_delta d, unnest(d.kind, d.n) as t (kind, n)
    where d.cell = :cell and t.n > 0 and d.at >= :since)
select coalesce(sum(n) filter (where kind = 10 and at >= :midnight), 0)::bigint as jobs_today,
       coalesce(sum(n) filter (where kind = 3 and at >= :day_ago), 0)::bigint as completed_day,
       coalesce(sum(n) filter (where kind in (4, 5) and at >= :day_ago), 0)::bigint as failed_day
from flow

-- name: totals
select (select count(*) from organization where deleted_at is null) as organizations,
       (select count(*) from organization where deleted_at is null and created_at >= :midnight) as created_today,
       (select count(*) from organization where deleted_at is null and created_at >= :week_ago) as created_this_week,
       (select count(*) from queue where cell = :cell) as queues,
       (select count(*) from api_key where is_active) as api_keys,
       (select count(*) from worker where cell = :cell and status <> 'offline') as workers,
       (select count(*) from worker where cell = :cell and status = 'degraded' and last_heartbeat > :silent_since) as degraded,
       (select count(*) from worker
        where cell = :cell and status not in ('offline', 'degraded') and last_heartbeat > :silent_since) as healthy,
       (select count(distinct org) from flow_hour where cell = :cell and hour >= :day_ago) as active_organizations
