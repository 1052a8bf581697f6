-- name: seen
-- Jobs with their live state, newest first. The state of a job is which table holds its id: the one it is found in here,
-- and ready when it is in none of the others (ready is the one table without an index by id; one snapshot sees a job in
-- exactly one place). What the organization's plan lets go is hidden before it leaves, unless something needs it. A list
-- puts the walk that picks its ids in place of the first select (`Walk`).
-- Each table is looked up one by one (limit 1): nobody analyzes partitioned tables as a whole, and PostgreSQL, which then
-- takes each id for hundreds of rows, would read a whole day in the order of its key rather than sort those; and for a table
-- that was empty when the plan was made it would read all of it for each job (docs/decisions/0013-plans-kept.md). :first and
-- :last bound the ids, so that it opens the days between them only: an id that is not known before it begins leaves all.
with picked as materialized (select id from unnest(:ids::uuid[]) as t (id))
select j.id, q.name as queue_name, j.max_retries, j.timeout_seconds, j.expires_at, j.idem_key,
       j.tags::text as tags, j.parent, j.workflow, j.any_parent, j.completion_webhook,
       case when :full::boolean then j.payload end as payload,
       case when :full::boolean then d.result end as result,
       case when d.id is not null then d.status
            when l.id is not null then 2
            when s.id is not null and s.retry_count = 0 then 1
            else 0 end as status,
       j.priority, v.retry_count,
       case when v.retry_count > 0 or r.attempt is null or r.attempt = 0
            then coalesce(s.run_at, w.run_at, j.run_at) end as scheduled_at,
       coalesce(l.started_at, d.started_at, a.started_at) as started_at,
       d.completed_at,
       coalesce(d.last_error, case when v.retry_count > 0 then a.error end) as last_error,
       a.ended_at as failed_at,
       coalesce(l.worker, d.worker) as worker,
       l.lease_id, l.expires_at as lease_expires_at,
       w.id is null as dependencies_met,
       g.percent as progress, g.message as progress_message
from picked p
join lateral (
    select * from job j
    where j.cell = :cell and j.id = p.id and j.id between :first and :last and j.org = :org limit 1) j on true
join queue q on q.cell = j.cell and q.id = j.queue
left join lateral (
    select * from done d where d.cell = :cell and d.id = p.id and d.id between :first and :last limit 1) d on true
left join lateral (select * from lease l where l.cell = :cell and l.id = p.id limit 1) l on true
left join lateral (select * from scheduled s where s.cell = :cell and s.id = p.id limit 1) s on true
left join lateral (select * from waiting w where w.cell = :cell and w.id = p.id limit 1) w on true
left join lateral (
    select r.attempt, r.retry_count from ready r
    where d.id is null and l.id is null and s.id is null and w.id is null
      and r.cell = j.cell and r.queue = j.queue and r.priority = j.priority and r.id = j.id
    limit 1) r on true
left join lateral (
    select a.number, a.started_at, a.ended_at, a.error from attempt a
    where a.cell = :cell and a.job = p.id and a.job between :first and :last
    order by a.number desc
    limit 1) a on true
left join lateral (
    select coalesce(d.retry_count, l.retry_count, s.retry_count, w.retry_count, r.retry_count, 0) as retry_count) v on true
left join lateral (
    select percent, message from progress g
    where g.cell = :cell and g.id = p.id and g.attempt = coalesce(l.attempt, d.attempt) limit 1) g on true
where d.completed_at is null or d.completed_at >= :ended_since or j.workflow is not null
   or exists (select 1 from dependency e join waiting c on c.cell = :cell and c.id = e.child
              where e.cell = :cell and e.parent = p.id)
order by j.id desc

-- name: attempts
-- The ended attempts, the one a lease stands for, and the successful last one, in order.
select number, worker, version, started_at, ended_at, outcome, error
from (
    select a.number, a.worker, a.version, a.started_at, a.ended_at, a.outcome::int as outcome, a.error
    from attempt a where a.cell = :cell and a.job = :id and a.ended_at >= :history_since
    union all
    select l.attempt, l.worker, null, l.started_at, null, null, null
    from lease l where l.cell = :cell and l.id = :id
    union all
    select d.attempt, d.worker, null, d.started_at, d.completed_at, 0, null
    from done d where d.cell = :cell and d.id = :id and d.status = 3 and d.worker is not null
) runs
order by number
limit 1000

-- name: exists
select 1 from job j
where j.cell = :cell and j.id = :id
  and not exists (select 1 from done d
                  where d.cell = :cell and d.id = :id and d.completed_at < :ended_since and j.workflow is null)

-- name: queue_of
-- For keys that may touch only some queues.
select q.name from job j join queue q on q.cell = j.cell and q.id = j.queue
where j.cell = :cell and j.id = :id

-- name: claimed
-- What a claim hands out beyond what the lane knows. The lane picked the ids, so the caller's right is settled.
select id, payload, tags::text as tags, max_retries, timeout_seconds, run_at, idem_key, workflow
from job where cell = :cell and id = any(:ids) and id between :first and :last

-- name: still_held
-- The jobs that are still under one of these leases.
select id from lease
where cell = :cell and org = :org and id = any(:ids) and lease_id = any(:leases) and expires_at > :now

-- name: parent_results
-- What the completed parents of workflow jobs returned, by step (or id), and the signal a step was given. At most 1 MiB
-- of results a job, in the order of the parents.
select x.child, x.name, x.result from (
    select d.child, coalesce(p.step, d.parent::text) as name, o.result,
           sum(octet_length(o.result)) over (partition by d.child order by d.parent) as bytes
    from dependency d
    join done o on o.cell = d.cell and o.id = d.parent and o.status = 3
    join job p on p.cell = d.cell and p.id = d.parent
    where d.cell = :cell and d.child = any (:ids) and o.result is not null) x
where x.bytes <= 1048576
union all
select j.id, null, s.signal from job j
join workflow_step s on s.cell = j.cell and s.workflow = j.workflow and s.key = j.step
where j.cell = :cell and j.id = any (:ids) and s.signal is not null

-- name: first_of_key
-- The job that a known idempotency key leads to, to tell whether the second call meant the same.
select q.name as queue_name, j.payload from job j join queue q on q.cell = j.cell and q.id = j.queue
where j.cell = :cell and j.id = :id

-- name: diagnose
-- Where a job stands, and what the given lease came to, for an acknowledgement that matched nothing.
select q.name as queue_name,
       l.lease_id as held_lease, l.worker as held_by, l.expires_at <= :now as held_expired,
       l.started_at + make_interval(secs => l.timeout_seconds) <= :now as held_timed_out,
       d.status as done_status, d.lease_id as done_lease, d.worker as done_by,
       a.outcome as lease_outcome, a.retry_at as lease_retry_at,
       last.worker as last_worker, last.outcome as last_outcome
from job j
join queue q on q.cell = j.cell and q.id = j.queue
left join lease l on l.cell = j.cell and l.id = j.id
left join done d on d.cell = j.cell and d.id = j.id
left join lateral (
    select a.outcome, a.retry_at from attempt a
    where a.cell = j.cell and a.job = j.id and a.lease_id = :lease::uuid
    order by a.number desc limit 1) a on true
left join lateral (
    select a.worker, a.outcome from attempt a
    where a.cell = j.cell and a.job = j.id
    order by a.number desc limit 1) last on true
where j.cell = :cell and j.id = :id

-- name: report_progress
-- How far the attempt under a lease is, kept with the number of the attempt: the next one starts anew.
insert into progress (cell, id, org, attempt, percent, message, at)
select l.cell, l.id, l.org, l.attempt, :percent, :message, :now
from lease l
where l.cell = :cell and l.id = :id and l.org = :org and l.expires_at > :now
  and (l.lease_id = :lease::uuid or (:lease::uuid is null and l.worker = coalesce(:worker::text, l.worker)))
on conflict (cell, id) do update
    set attempt = excluded.attempt, percent = excluded.percent, message = excluded.message, at = excluded.at
returning attempt
