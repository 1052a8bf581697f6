-- The asserted way: memory proposes, these plain bulk statements assert. Whatever is not as memory believes divides by
-- zero, which undoes the whole batch; memory is then forgotten and the batch repeated the exact way (engine.sql).
-- `limit cardinality(...)` lets the planner expect one row of the arrays, so that it goes from them to the tables by row
-- address even when it last saw a table empty, and not the other way round (docs/decisions/0012-batched.md).

-- name: complete_known
-- Leases this node gave out itself, found by row address; the id beside it makes a moved row a miss.
with r as (
    select unnest(:rows::tid[]) as row_id, unnest(:ids::uuid[]) as id, unnest(:leases::uuid[]) as lease_id,
           unnest(:results::text[]) as result
    limit cardinality(:ids::uuid[])
), x as (
    delete from lease l using r
    where l.ctid = r.row_id and l.id = r.id and l.cell = :cell and l.lease_id = r.lease_id and l.flags = 0
      and l.expires_at > :now
    returning l.id, l.org, l.queue, l.attempt, l.retry_count, l.lease_id, l.started_at, l.worker, r.result
), o as (
    insert into done (cell, queue, org, attempt, status, retry_count, id, completed_at, started_at, lease_id, worker, result)
    select :cell, queue, org, attempt, 3, retry_count, id, :now, started_at, lease_id, worker, result from x
)
select 1 / (count(*) = :n)::int as ok from x

-- name: insert_jobs
insert into job (id, cell, org, queue, timeout_seconds, priority, max_retries, payload, expires_at, tags, completion_webhook,
                 backoff, trace)
select id, :cell, org, queue, timeout_seconds, priority, max_retries, payload, expires_at, tags::jsonb, webhook, backoff::jsonb, trace
from (select unnest(:ids::uuid[]) as id, unnest(:orgs::int[]) as org, unnest(:queues::int[]) as queue,
             unnest(:timeouts::int[]) as timeout_seconds, unnest(:priorities::smallint[]) as priority,
             unnest(:max_retries::smallint[]) as max_retries, unnest(:payloads::text[]) as payload,
             unnest(:expires_ats::timestamptz[]) as expires_at, unnest(:tags::text[]) as tags,
             unnest(:webhooks::text[]) as webhook, unnest(:backoffs::text[]) as backoff,
             unnest(:traces::text[]) as trace) as t

-- name: take_ready
with x as (
    delete from ready r using (
        select unnest(:rows::tid[]) as row_id, unnest(:ids::uuid[]) as id limit cardinality(:ids::uuid[])) as t
    where r.ctid = t.row_id and r.id = t.id and r.cell = :cell
    returning 1
)
select 1 / (count(*) = :n)::int as ok from x

-- name: queues_open
-- Nothing is handed out of a queue that somebody paused or limited since memory looked.
with t as materialized (
    select unnest(:queues::int[]) as queue
)
select 1 / (count(*) = 0)::int as ok
from t, lateral (
    select enabled, rate_limit from queue where cell = :cell and id = t.queue offset 0) u
where not u.enabled or u.rate_limit is not null

-- name: insert_ready
insert into ready (cell, queue, org, attempt, priority, retry_count, flags, id, expires_at)
select :cell, queue, org, 0, priority, 0, 0, id, expires_at
from (select unnest(:queues::int[]) as queue, unnest(:orgs::int[]) as org, unnest(:priorities::smallint[]) as priority,
             unnest(:ids::uuid[]) as id, unnest(:expires_ats::timestamptz[]) as expires_at) as t
returning ctid::text as row_id

-- name: insert_leases
insert into lease (cell, queue, org, attempt, timeout_seconds, priority, retry_count, flags, id, lease_id, started_at, expires_at, worker)
select :cell, queue, org, attempt, timeout_seconds, priority, retry_count, flags, id, lease_id, :now,
       :now::timestamptz + make_interval(secs => seconds), worker
from (select unnest(:queues::int[]) as queue, unnest(:orgs::int[]) as org, unnest(:attempts::int[]) as attempt,
             unnest(:timeouts::int[]) as timeout_seconds, unnest(:priorities::smallint[]) as priority,
             unnest(:retries::smallint[]) as retry_count, unnest(:flags::smallint[]) as flags, unnest(:ids::uuid[]) as id,
             unnest(:leases::uuid[]) as lease_id, unnest(:seconds::int[]) as seconds, unnest(:workers::text[]) as worker) as t
returning ctid::text as row_id

-- name: count_netted
insert into count_delta (cell, at, queue, kind, day, n) values (:cell, :now, :queues::int[], :kinds::smallint[], :days::int[], :ns::int[])

-- name: peek
-- The head of each queue memory does not know, as it stands after this batch. Paused and rate-limited queues are left
-- unknown: the exact claim knows their rules.
with q as materialized (
    select unnest(:queues::int[]) as queue
)
select q.queue as asked, x.row_id, x.id, x.org, x.attempt, x.priority, x.retry_count, x.flags, x.expires_at,
       case when x.id is not null then coalesce(j.timeout_seconds, timeout_of(:cell, x.id)) end as timeout_seconds
from q
join lateral (
    select enabled, rate_limit from queue where cell = :cell and id = q.queue offset 0) u on u.enabled and u.rate_limit is null
left join lateral (
    select ctid::text as row_id, id, org, attempt, priority, retry_count, flags, expires_at
    from ready where cell = :cell and queue = q.queue order by priority desc, id limit :limit) x on true
left join lateral (
    select timeout_seconds from job where cell = :cell and id = x.id and id >= :since and id < :tomorrow offset 0) j on true
order by q.queue, x.priority desc, x.id

-- name: fail_assertion
-- What a wrong memory comes to, on demand.
select 1 / count(*)::int as ok from cell where false
