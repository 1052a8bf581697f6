-- What happened becomes deliveries, which are leased, sent, recorded, and kept for a while. Asked by the engine for all
-- organizations; each statement is safe on many nodes at once.

-- name: fan_out
-- The oldest events, a bounded number, leave the outbox; for each webhook that wants one, and for a job's own webhook, a
-- delivery with its final body comes of it, in the same transaction. Facts are looked up row by row (offset 0): the
-- tables behind them are large. A result that is large is left out. With :bare so is all JSON that others wrote.
with x as (
    delete from outbox where ctid = any (array (
        select ctid from outbox where cell = :cell
          and not exists (select 1 from departed t where t.cell = :cell and t.org = outbox.org)
        order by at limit :limit for update skip locked))
    returning org, queue, status, retry_count, at, subject, event, worker, error, result, detail
), f as materialized (
    select x.*, o.public_id as organization, q.name as queue_name, j.priority, j.max_retries, j.tags, j.workflow,
           j.completion_webhook, d.started_at,
           (array['pending', 'scheduled', 'processing', 'completed', 'failed', 'deadletter', 'cancelled'])[x.status + 1] as word,
           to_char(x.at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as told_at,
           case when not :bare and octet_length(x.result) <= :result_max then x.result::json end as result_json,
           x.result is not null and (:bare or octet_length(x.result) > :result_max) as omitted
    from x
    join organization o on o.id = x.org and o.deleted_at is null
    left join lateral (select name from queue q where q.cell = :cell and q.id = x.queue offset 0) q on true
    left join lateral (
        select priority, max_retries, tags, workflow, completion_webhook from job j
        where j.cell = :cell and j.id = x.subject and x.queue is not null offset 0) j on true
    left join lateral (
        select started_at from done d
        where d.cell = :cell and d.id = x.subject and x.event in ('job.completed', 'job.failed') offset 0) d on true
), c as materialized (
    select f.*, case when f.queue is null or f.detail is not null then coalesce(f.detail, '{}') else
               left(json_build_object(
                   'job_id', f.subject, 'queue_name', f.queue_name,
                   'status', case when f.event = 'job.cancelled' then 'cancelled' else f.word end,
                   'priority', f.priority, 'retry_count', coalesce(f.retry_count, 0), 'max_retries', f.max_retries,
                   'created_at', to_char(uuid7_time(f.subject) at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
                   'tags', case when not :bare then f.tags end, 'workflow_id', f.workflow)::text, -1)
               || case when f.event = 'job.created' then '}' else ', ' || substr((case f.event
                   when 'job.started' then json_build_object('worker_id', f.worker)
                   when 'job.completed' then json_build_object(
                       'worker_id', f.worker, 'result', f.result_json, 'result_omitted', f.omitted,
                       'started_at', to_char(f.started_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
                       'completed_at', f.told_at)
                   when 'job.failed' then json_build_object(
                       'worker_id', f.worker, 'error', f.error,
                       'started_at', to_char(f.started_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
                       'completed_at', f.told_at)
                   else json_build_object('old_status', f.word, 'error', f.error, 'completed_at', f.told_at) end)::text, 2) end
           end as data
    from f
), t as (
    select c.*, s.id as subscription, s.id::text as target, null::text as url
    from c, lateral (
        select s.id from subscription s
        where s.cell = :cell and s.org = c.org and s.enabled and c.event = any (s.events) offset 0) s
    union all
    select c.*, null, 'job:' || c.org || ':' || coalesce(lower(substring(c.completion_webhook from '^[^:]+://([^/#\u003f]+)')), ''), c.completion_webhook
    from c where c.completion_webhook is not null and c.event in ('job.completed', 'job.failed')
), n as materialized (
    select t.*, uuid7_of(:now) as id from t
), i as (
    insert into delivery (cell, id, org, subscription, target, job, event, url, created_at, next_at, body)
    select :cell, id, org, subscription, target, case when queue is not null then subject end, event, url, at, :now,
           case when subscription is not null then json_build_object(
               'id', id, 'event', event, 'created_at', told_at, 'timestamp', told_at, 'organization_id', organization,
               'webhook_id', subscription, 'delivery_id', id, 'data', data::json)
           else json_build_object(
               'event', event, 'job_id', subject, 'queue_name', queue_name, 'status', word, 'result', result_json,
               'error', error, 'retry_count', coalesce(retry_count, 0),
               'created_at', to_char(uuid7_time(subject) at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
               'completed_at', told_at) end::text
    from n
    returning 1
)
select (select count(*) from x)::int as taken, (select count(*) from i)::int as made

-- name: lease
-- What is due, fairly: target by target in the order of their names, going on after the last one seen, each with the
-- room it has left. Webhooks that are switched off are left alone, and those of deleted
-- organizations. The first row says how far this came.
with recursive t (target) as (
    (select d.target from delivery d
     where d.cell = :cell and d.next_at is not null and d.target > :after::text order by d.target limit 1)
    union all
    select (select d.target from delivery d
            where d.cell = :cell and d.next_at is not null and d.target > t.target order by d.target limit 1)
    from t where t.target is not null
), p as materialized (
    select target from t where target is not null limit :targets
), r as materialized (
    select p.target, coalesce(b.room, :room::int) as room, s.url, s.format, s.secret_sealed, s.old_secret_sealed, s.old_secret_until
    from p
    left join unnest(:busy::text[], :rooms::int[]) as b (target, room) on b.target = p.target
    left join lateral (
        select * from subscription s
        where s.cell = :cell and s.id = case when p.target not like 'job:%' then p.target::uuid end offset 0) s on true
    left join lateral (
        select o.deleted_at from organization o
        where o.id = coalesce(s.org, case when p.target like 'job:%' then split_part(p.target, ':', 2)::int end) offset 0) o on true
    where coalesce(b.room, :room::int) > 0 and (p.target like 'job:%' or s.enabled) and o.deleted_at is null
      and not exists (
          select 1 from departed t
          where t.cell = :cell
            and t.org = coalesce(s.org, case when p.target like 'job:%' then split_part(p.target, ':', 2)::int end))
    order by p.target
), d as materialized (
    select l.id, r.* from r, lateral (
        select d.id from delivery d
        where d.cell = :cell and d.target = r.target and d.next_at <= :now
          and (d.leased_until is null or d.leased_until <= :now)
        order by d.next_at limit r.room for update skip locked) l
    limit :limit
), u as (
    update delivery d set leased_until = :until
    where d.cell = :cell and d.id = any (array (select id from d))
    returning d.id, d.org, d.subscription, d.event, d.url, d.body, d.attempts, d.failures
), seen as (
    select max(target) as last, count(*)::int as n from p
)
select seen.last, seen.n, u.id, u.org, u.subscription, u.event, coalesce(d.url, u.url) as url, u.body, u.attempts, u.failures,
       d.target, d.format, d.secret_sealed, d.old_secret_sealed, d.old_secret_until
from seen left join (u join d on d.id = u.id) on true

-- name: hold
-- One delivery for an attempt besides the plan, whatever its state.
select d.id, d.org, d.subscription, d.event, coalesce(s.url, d.url) as url, d.body, d.attempts, d.failures, d.target, s.format,
       s.secret_sealed, s.old_secret_sealed, s.old_secret_until
from delivery d join subscription s on s.cell = :cell and s.id = d.subscription
where d.cell = :cell and d.org = :org and d.id = :id and d.subscription = :webhook

-- name: record
-- What came of attempts. A success holds however late it comes; a failure only under the lease it was made with, or
-- without one (:tokens null) when it was made besides the plan, which it then leaves as it is.
with r as (
    select * from unnest(:ids::uuid[], :tokens::timestamptz[], :successes::boolean[], :codes::int[], :bodies::text[],
                         :millis::int[], :errors::text[], :nexts::timestamptz[], :failings::boolean[])
        as t (id, token, success, code, body, millis, error, next, failing)
)
update delivery d
set attempts = d.attempts + 1,
    failures = case when r.success or r.token is null then d.failures else d.failures + 1 end,
    status = case when r.success then 'success' when r.failing or r.token is null and d.next_at is null then 'failed' else d.status end,
    next_at = case when r.success then null when r.token is null then d.next_at else r.next end,
    leased_until = case when r.token is null and not r.success then d.leased_until end,
    status_code = r.code, response_body = r.body, response_ms = r.millis, error = r.error,
    delivered_at = case when r.success then :now else d.delivered_at end
from r
where d.cell = :cell and d.id = r.id and d.id = any (:ids::uuid[])
  and (r.success or r.token is null or d.leased_until = r.token)
returning d.id

-- name: mark
-- How the deliveries of webhooks went, in id order, since other nodes write the same rows. Only what changes something is
-- written. Answers those that are switched off by it.
with r as (
    select * from unnest(:ids::uuid[], :successes::boolean[], :failures::int[], :gones::boolean[]) as t (id, success, failures, gone)
), h as materialized (
    select s.id, s.enabled as was from subscription s join r on r.id = s.id
    where s.cell = :cell and s.id = any (:ids::uuid[])
      and (r.failures > 0 or r.gone or s.last_triggered_at is null or s.last_triggered_at < :a_moment_ago
           or r.success and (s.failure_count > 0 or s.last_status is distinct from 'success'))
    order by s.id for update of s
), u as (
    update subscription s
    set failure_count = case when r.success then 0 else s.failure_count + r.failures end,
        enabled = s.enabled and not r.gone and (r.success or s.failure_count + r.failures < :failures_max),
        last_status = case when r.gone or not r.success and s.failure_count + r.failures >= :failures_max
                                and (s.enabled or s.last_status = 'auto_disabled') then 'auto_disabled'
                           when r.success then 'success' when r.failures > 0 then 'failed' else s.last_status end,
        last_triggered_at = :now
    from r
    where s.cell = :cell and s.id = r.id and s.id = any (array (select id from h))
    returning s.id, s.org, s.name, s.enabled
)
select u.id, u.org, u.name from u join h on h.id = u.id where h.was and not u.enabled order by u.id

-- name: addressee
select billing_email from organization where id = :org and billing_email is not null and deleted_at is null

-- name: targets
-- Everybody who has a delivery, a page at a time in the order of names, with what is known of them: whether the webhook is
-- there, and enabled or waited for by nothing, how many ended deliveries there are (over :kept or not) and the oldest.
with recursive t (target) as (
    (select d.target from delivery d where d.cell = :cell and d.target > :after::text order by d.target limit 1)
    union all
    select (select d.target from delivery d where d.cell = :cell and d.target > t.target order by d.target limit 1)
    from t where t.target is not null
), p as materialized (
    select target from t where target is not null limit :targets
)
select p.target, p.target like 'job:%' or s.id is not null as present,
       p.target like 'job:%' or coalesce(s.enabled, false) or not exists (
           select 1 from delivery d where d.cell = :cell and d.target = p.target and d.next_at is not null) as enabled,
       o.plan_tier, o.custom_limits::text as custom_limits,
       exists (select 1 from delivery d where d.cell = :cell and d.target = p.target order by d.id desc offset :kept) as full_up,
       (select d.id from delivery d where d.cell = :cell and d.target = p.target order by d.id limit 1) as oldest
from p
left join lateral (
    select s.id, s.org, s.enabled from subscription s
    where s.cell = :cell and s.id = case when p.target not like 'job:%' then p.target::uuid end offset 0) s on true
left join lateral (
    select o.plan_tier, o.custom_limits from organization o
    where o.id = coalesce(s.org, case when p.target like 'job:%' then split_part(p.target, ':', 2)::int end) offset 0) o on true
order by p.target

-- name: drop_orphans
delete from delivery where cell = :cell and id = any (array (
    select id from delivery where cell = :cell and target = :target limit :limit for update skip locked))

-- name: give_up
-- The webhook is switched off: what waits for it has failed, and may be recovered.
update delivery set next_at = null, status = 'failed', error = coalesce(error, 'the webhook was disabled')
where cell = :cell and id = any (array (
    select id from delivery
    where cell = :cell and target = :target and next_at is not null and (leased_until is null or leased_until <= :now)
    limit :limit for update skip locked))

-- name: prune
-- Ended deliveries of one target: of the successful ones the newest stay, of the failed ones more, and none for longer
-- than the plan keeps history.
delete from delivery where cell = :cell and id = any (array (
    select id from delivery
    where cell = :cell and target = :target and next_at is null
      and id < greatest(:floor::uuid, case when status = 'success' then
              (select d.id from delivery d where d.cell = :cell and d.target = :target order by d.id desc offset :kept - 1 limit 1)
          else (select d.id from delivery d where d.cell = :cell and d.target = :target order by d.id desc offset :failed_kept - 1 limit 1)
          end)
    order by id limit :limit for update skip locked))
