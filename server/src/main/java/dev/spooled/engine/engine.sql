-- Every statement that changes live jobs, the exact way: guarded, with an answer per row, right whatever other nodes do.
--
-- Rules (docs/ARCHITECTURE.md, "Rules for statements"): a batch runs them in the order of this file, in one transaction
-- of one cell; arrays are sorted by job id by the caller and joined by nested loops, so rows are locked in id order and
-- two nodes cannot deadlock; CTE branches hand on data by RETURNING only; :now is the batch's own time.
-- Plans are kept, often from when a table was empty (docs/decisions/0013-plans-kept.md). So the cell comes with the rows of
-- a materialized branch, `t.cell = any (array[r.cell])`: that is no order to merge by and no constant to scan by, and leaves
-- PostgreSQL one way to the table, from the row by its key. A day is looked up in a lateral of its own, for its bounds.
-- Counters: -1 for the state left, +1 for the state entered, on the UTC day of the job's id. Flags: 1 others wait for the
-- job, 2 it reports its end to a webhook of its own. :hooked says whether any organization has webhooks (Hooks); what they
-- are told is in `outbox`, where `status` is the new one, or the one left when the job was cancelled.

-- name: begin
begin

-- name: commit
commit

-- name: flush_later
-- This commit does not wait for the disk. Nothing is said of it before `flush` does (Flusher).
set local synchronous_commit = off

-- name: flush
-- Waits until all that is committed is on disk: the message is a record in the log of this very transaction, whose commit
-- flushes it and whatever is before it. The mark is read in the same snapshot, so what it names is committed, and before.
select batch, pg_logical_emit_message(true, 'spooled', '') is not null as flushed
from lane_mark where cell = :cell and node = :node

-- name: barrier
-- Held shared by every batch. Whoever must know that no batch with an older snapshot is left takes it exclusively.
select pg_advisory_xact_lock_shared(:barrier)

-- name: mark
-- Writes the batch's number; fails the batch (division by zero) when a newer connection has raised the epoch, and
-- otherwise (somebody_moved) when an organization has left the cell or come since the lane last looked.
with m as (
    update lane_mark set batch = :batch where cell = :cell and node = :node and epoch = :epoch returning 1
)
select 1 / count(*)::int as ok,
       (select case when c.moves <> :moves then somebody_moved() end from cell c where c.cell = :cell) as stayed
from m

-- name: heartbeat
-- Renewal is from now on, never beyond started_at + timeout, and only of a lease that has not ended.
with r as materialized (
    select :cell::int as cell, unnest(:ords::int[]) as ord, unnest(:ids::uuid[]) as id, unnest(:orgs::int[]) as org,
           unnest(:leases::uuid[]) as lease_id, unnest(:workers::text[]) as worker, unnest(:seconds::int[]) as seconds
)
update lease l
set expires_at = least(:now::timestamptz + make_interval(secs => r.seconds),
                       l.started_at + make_interval(secs => l.timeout_seconds))
from r
where l.cell = any (array[r.cell]) and l.id = r.id and l.org = r.org
  and l.expires_at > :now and l.started_at + make_interval(secs => l.timeout_seconds) > :now
  and (l.lease_id = r.lease_id or (r.lease_id is null and l.worker = r.worker))
returning r.ord, l.expires_at

-- name: complete
with r as materialized (
    select :cell::int as cell, unnest(:ords::int[]) as ord, unnest(:ids::uuid[]) as id, unnest(:orgs::int[]) as org,
           unnest(:leases::uuid[]) as lease_id, unnest(:workers::text[]) as worker, unnest(:results::text[]) as result,
           unnest(:days::int[]) as day
), x as (
    delete from lease l using r
    where l.cell = any (array[r.cell]) and l.id = r.id and l.org = r.org and l.expires_at > :now
      and (l.lease_id = r.lease_id or (r.lease_id is null and l.worker = r.worker))
    returning r.ord, r.result, r.day, l.id, l.org, l.queue, l.attempt, l.retry_count, l.flags, l.lease_id, l.started_at, l.worker
), o as (
    insert into done (cell, queue, org, attempt, status, retry_count, id, completed_at, started_at, lease_id, worker, result)
    select :cell, queue, org, attempt, 3, retry_count, id, :now, started_at, lease_id, worker, result from x
), e as (
    insert into ended (cell, id, status) select :cell, id, 3 from x where flags & 1 = 1
    on conflict (cell, id) do update set status = excluded.status, taken = null
), v as (
    insert into outbox (cell, at, subject, event, org, queue, status, retry_count, worker, result)
    select :cell, :now, id, 'job.completed', org, queue, 3, retry_count, worker, result from x
    where flags & 2 = 2 or :hooked::boolean and exists (
        select 1 from subscription h where h.cell = :cell and h.org = x.org and h.enabled and 'job.completed' = any (h.events))
), d as (
    insert into count_delta (cell, at, queue, kind, day, n)
    select :cell, :now, array_agg(queue), array_agg(kind), array_agg(day), array_agg(n)
    from (select queue, z.kind::smallint, day, (z.sign * count(*))::int as n
          from x, (values (2, -1), (3, 1)) z (kind, sign) group by queue, z.kind, z.sign, day) g
    having count(*) > 0
)
select ord, queue, started_at from x

-- name: fail
-- A retry waits as the caller says, else as the job's backoff, else the queue's, else min(2^retry_count, 60) minutes; out
-- of retries it is a dead letter. A job whose facts are gone (left join) is dead-lettered rather than lost.
with r as materialized (
    select :cell::int as cell, unnest(:ords::int[]) as ord, unnest(:ids::uuid[]) as id, unnest(:orgs::int[]) as org,
           unnest(:leases::uuid[]) as lease_id, unnest(:workers::text[]) as worker, unnest(:errors::text[]) as error,
           unnest(:fingerprints::bigint[]) as fingerprint, unnest(:retries::boolean[]) as retry,
           unnest(:afters::int[]) as after_seconds, unnest(:lucks::int[]) as luck, unnest(:days::int[]) as day
), x as (
    delete from lease l using r
    where l.cell = any (array[r.cell]) and l.id = r.id and l.org = r.org and l.expires_at > :now
      and (l.lease_id = r.lease_id or (r.lease_id is null and l.worker = r.worker))
    returning r.cell, r.ord, r.error, r.fingerprint, r.retry, r.after_seconds, r.luck, r.day, l.id, l.org, l.queue, l.attempt, l.priority,
              l.retry_count, l.flags, l.lease_id, l.started_at, l.worker
), y as (
    select x.*, case when j.expires_at > x.started_at then j.expires_at end as job_expires_at, w.version,
           x.retry and x.flags & 4 = 0 and x.retry_count < coalesce(j.max_retries, 0) as again,
           :now::timestamptz + make_interval(secs => coalesce(x.after_seconds,
               backoff_seconds(coalesce(j.backoff, u.backoff), x.retry_count, x.luck / 1e6))) as run_at
    from x
    left join lateral (
        select max_retries, expires_at, backoff from job
        where cell = :cell and id = x.id and id between :first and :last offset 0) j on true
    left join queue u on u.cell = any (array[x.cell]) and u.id = x.queue
    left join worker w on w.cell = any (array[x.cell]) and w.org = x.org and w.id = x.worker
), s as (
    insert into scheduled (cell, queue, org, attempt, priority, retry_count, flags, id, run_at, expires_at)
    select :cell, queue, org, attempt, priority, retry_count + 1, flags, id, run_at, job_expires_at from y where again
), o as (
    insert into done (cell, queue, org, attempt, status, retry_count, id, completed_at, started_at, lease_id, worker, last_error)
    select :cell, queue, org, attempt, 5, retry_count, id, :now, started_at, lease_id, worker, error from y where not again
), e as (
    insert into ended (cell, id, status) select :cell, id, 5 from y where not again and flags & 1 = 1
    on conflict (cell, id) do update set status = excluded.status, taken = null
), a as (
    insert into attempt (cell, org, queue, number, outcome, job, lease_id, started_at, ended_at, retry_at, fingerprint, worker,
                         version, error)
    select :cell, org, queue, attempt, 1, id, lease_id, started_at, :now, case when again then run_at end, fingerprint, worker,
           version, error
    from y
), v as (
    insert into outbox (cell, at, subject, event, org, queue, status, retry_count, worker, error)
    select :cell, :now, id, 'job.failed', org, queue, 5, retry_count, worker, error from y
    where not again and (flags & 2 = 2 or :hooked::boolean and exists (
        select 1 from subscription h where h.cell = :cell and h.org = y.org and h.enabled and 'job.failed' = any (h.events)))
), d as (
    insert into count_delta (cell, at, queue, kind, day, n)
    select :cell, :now, array_agg(queue), array_agg(kind), array_agg(day), array_agg(n)
    from (select queue, z.kind::smallint, day, (z.sign * count(*))::int as n
          from y, lateral (values (2, -1), (case when again then 0 else 5 end, 1), (11, 1)) z (kind, sign)
          group by queue, z.kind, z.sign, day) g
    having count(*) > 0
)
select ord, again, run_at, queue, retry_count from y

-- name: release
-- A lease that never reached its worker: the attempt did not happen.
with r as materialized (
    select :cell::int as cell, unnest(:ords::int[]) as ord, unnest(:ids::uuid[]) as id, unnest(:orgs::int[]) as org,
           unnest(:leases::uuid[]) as lease_id, unnest(:days::int[]) as day
), x as (
    delete from lease l using r
    where l.cell = any (array[r.cell]) and l.id = r.id and l.org = r.org and l.lease_id = r.lease_id
    returning r.cell, r.ord, r.day, l.id, l.org, l.queue, l.attempt, l.priority, l.retry_count, l.flags, l.started_at
), i as (
    insert into ready (cell, queue, org, attempt, priority, retry_count, flags, id, expires_at)
    select :cell, x.queue, x.org, x.attempt - 1, x.priority, x.retry_count, x.flags, x.id,
           case when j.expires_at > x.started_at then j.expires_at end
    from x left join job j on j.cell = any (array[x.cell]) and j.id = x.id
), d as (
    insert into count_delta (cell, at, queue, kind, day, n)
    select :cell, :now, array_agg(queue), array_agg(kind), array_agg(day), array_agg(n)
    from (select queue, z.kind::smallint, day, (z.sign * count(*))::int as n
          from x, (values (2, -1), (0, 1)) z (kind, sign) group by queue, z.kind, z.sign, day) g
    having count(*) > 0
)
select ord, queue from x

-- name: cancel
-- Only what is not running. A ready row is found through its job's queue and priority, the index it has.
with r as materialized (
    select :cell::int as cell, unnest(:ords::int[]) as ord, unnest(:ids::uuid[]) as id, unnest(:orgs::int[]) as org,
           unnest(:days::int[]) as day
), j as materialized (
    select r.cell, r.ord, r.day, j.id, j.org, j.queue, j.priority from r join job j on j.cell = any (array[r.cell]) and j.id = r.id and j.org = r.org
), a as (
    delete from ready t using j
    where t.cell = any (array[j.cell]) and t.queue = j.queue and t.priority = j.priority and t.id = j.id
    returning j.ord, j.day, t.id, t.org, t.queue, t.attempt, t.retry_count, t.flags, 0 as kind
), b as (
    delete from scheduled t using j
    where t.cell = any (array[j.cell]) and t.id = j.id
    returning j.ord, j.day, t.id, t.org, t.queue, t.attempt, t.retry_count, t.flags, case when t.retry_count > 0 then 0 else 1 end as kind
), c as (
    delete from waiting t using j
    where t.cell = any (array[j.cell]) and t.id = j.id
    returning j.ord, j.day, t.id, t.org, t.queue, t.attempt, t.retry_count, t.flags, 0 as kind
), x as (
    select * from a union all select * from b union all select * from c
), o as (
    insert into done (cell, queue, org, attempt, status, retry_count, id, completed_at)
    select :cell, queue, org, attempt, 6, retry_count, id, :now from x
), e as (
    insert into ended (cell, id, status) select :cell, id, 6 from x where flags & 1 = 1
    on conflict (cell, id) do update set status = excluded.status, taken = null
), v as (
    insert into outbox (cell, at, subject, event, org, queue, status, retry_count)
    select :cell, :now, id, 'job.cancelled', org, queue, kind, retry_count from x
    where :hooked::boolean and exists (
        select 1 from subscription h where h.cell = :cell and h.org = x.org and h.enabled and 'job.cancelled' = any (h.events))
), d as (
    insert into count_delta (cell, at, queue, kind, day, n)
    select :cell, :now, array_agg(queue), array_agg(kind), array_agg(day), array_agg(n)
    from (select queue, z.kind::smallint, day, (z.sign * count(*))::int as n
          from x, lateral (values (x.kind, -1), (6, 1)) z (kind, sign) group by queue, z.kind, z.sign, day) g
    having count(*) > 0
)
select ord, queue, kind from x

-- name: prioritise
-- Only what is not running. The job's own priority goes with it: a ready row is found through it.
with r as materialized (
    select :cell::int as cell, unnest(:ords::int[]) as ord, unnest(:ids::uuid[]) as id, unnest(:orgs::int[]) as org,
           unnest(:priorities::smallint[]) as wanted
), j as materialized (
    select r.cell, r.ord, r.wanted, j.id, j.org, j.queue, j.priority from r join job j on j.cell = any (array[r.cell]) and j.id = r.id and j.org = r.org
), a as (
    update ready t set priority = j.wanted from j
    where t.cell = any (array[j.cell]) and t.queue = j.queue and t.priority = j.priority and t.id = j.id
    returning j.cell, j.ord, j.id, j.wanted, j.priority as old
), b as (
    update scheduled t set priority = j.wanted from j
    where t.cell = any (array[j.cell]) and t.id = j.id and t.priority = j.priority
    returning j.cell, j.ord, j.id, j.wanted, j.priority as old
), c as (
    update waiting t set priority = j.wanted from j
    where t.cell = any (array[j.cell]) and t.id = j.id and t.priority = j.priority
    returning j.cell, j.ord, j.id, j.wanted, j.priority as old
), x as (
    select * from a union all select * from b union all select * from c
), u as (
    update job t set priority = x.wanted from x where t.cell = any (array[x.cell]) and t.id = x.id
)
select ord, old::int as old from x

-- name: revive
-- A dead letter (or, unless only those are asked for, a failed job) is ready again with all its retries. Its attempts are
-- numbered on. An `expires_at` that has passed no longer binds it. Below the floor nothing comes back to life: retention
-- relies on it.
with r as materialized (
    select :cell::int as cell, unnest(:ords::int[]) as ord, unnest(:ids::uuid[]) as id, unnest(:orgs::int[]) as org,
           unnest(:dead_only::boolean[]) as dead_only, unnest(:days::int[]) as day
), k as materialized (
    select r.*, case when dead_only then '{5}' else '{4,5}' end::smallint[] as statuses
    from r where id >= (select floor from cell where cell.cell = :cell)
), x as (
    delete from done t using k
    where t.cell = any (array[k.cell]) and t.id = k.id and t.org = k.org and t.status = any (k.statuses)
    returning k.cell, k.ord, k.day, t.id, t.org, t.queue, t.attempt, t.status
), i as (
    insert into ready (cell, queue, org, attempt, priority, retry_count, flags, id, expires_at)
    select :cell, x.queue, x.org, x.attempt, coalesce(j.priority, 0), 0,
           (j.workflow is not null or exists (select 1 from dependency p where p.cell = any (array[x.cell]) and p.parent = x.id))::int
               + case when j.completion_webhook is null then 0 else 2 end, x.id,
           case when j.expires_at > :now then j.expires_at end
    from x left join job j on j.cell = any (array[x.cell]) and j.id = x.id
), e as (
    insert into ended (cell, id, status)
    select :cell, x.id, 0 from x join job j on j.cell = any (array[x.cell]) and j.id = x.id where j.workflow is not null
    on conflict (cell, id) do update set status = excluded.status, taken = null
), u as (
    update job t set expires_at = null from x where t.cell = any (array[x.cell]) and t.id = x.id and t.expires_at <= :now
), d as (
    insert into count_delta (cell, at, queue, kind, day, n)
    select :cell, :now, array_agg(queue), array_agg(kind), array_agg(day), array_agg(n)
    from (select queue, z.kind::smallint, day, (z.sign * count(*))::int as n
          from x, lateral (values (x.status::int, -1), (0, 1)) z (kind, sign) group by queue, z.kind, z.sign, day) g
    having count(*) > 0
)
select ord, id, queue, status from x

-- name: purge
-- Dead letters with everything that belongs to them. Their idempotency keys are free again.
with r as materialized (
    select :cell::int as cell, 5::smallint as status, unnest(:ords::int[]) as ord, unnest(:ids::uuid[]) as id,
           unnest(:orgs::int[]) as org, unnest(:days::int[]) as day
), x as (
    delete from done t using r
    where t.cell = any (array[r.cell]) and t.id = r.id and t.org = r.org and t.status = r.status
    returning r.cell, r.ord, r.day, t.id, t.org, t.queue
), j as (
    delete from job t using x where t.cell = any (array[x.cell]) and t.id = x.id
    returning x.cell, t.id, t.org, t.queue, t.idem_key, t.tags
), k as (
    delete from idem t using j where t.cell = any (array[j.cell]) and t.org = j.org and t.key = j.idem_key and t.job_id = j.id
), l as (
    delete from job_by_queue t using x
    where t.cell = any (array[x.cell]) and t.queue = x.queue and t.org = x.org and t.id = x.id
), m as (
    delete from job_tag t using (
        select j.cell, j.id, j.org, g.term from j, lateral tag_terms(j.tags) as g (term)) w
    where t.cell = any (array[w.cell]) and t.org = w.org and t.tag = w.term and t.id = w.id
), a as (
    delete from attempt t using x where t.cell = any (array[x.cell]) and t.job = x.id
), p as (
    delete from progress t using x where t.cell = any (array[x.cell]) and t.id = x.id
), f as (
    delete from dependency t using x where t.cell = any (array[x.cell]) and t.parent = x.id
), h as (
    delete from dependency t using x where t.cell = any (array[x.cell]) and t.child = x.id
), d as (
    insert into count_delta (cell, at, queue, kind, day, n)
    select :cell, :now, array_agg(queue), array_agg(kind), array_agg(day), array_agg(n)
    from (select queue, 5::smallint as kind, day, -count(*)::int as n from x group by queue, day) g
    having count(*) > 0
)
select ord, id from x

-- name: promote
with c as materialized (
    select cell, queue, org, attempt, priority, retry_count, flags, id, expires_at
    from scheduled where cell = :cell and run_at <= :now order by run_at limit :limit for update skip locked
), g as (
    delete from scheduled t using c where t.cell = any (array[c.cell]) and t.id = c.id
), i as (
    insert into ready (cell, queue, org, attempt, priority, retry_count, flags, id, expires_at)
    select :cell, queue, org, attempt, priority, retry_count, flags, id, expires_at from c
), d as (
    insert into count_delta (cell, at, queue, kind, day, n)
    select :cell, :now, array_agg(queue), array_agg(kind), array_agg(day), array_agg(n)
    from (select queue, z.kind::smallint, uuid7_day(id) as day, (z.sign * count(*))::int as n
          from c, (values (1, -1), (0, 1)) z (kind, sign) where retry_count = 0
          group by queue, z.kind, z.sign, uuid7_day(id)) g
    having count(*) > 0
)
select id, org, queue, retry_count from c

-- name: scan_leases
-- The lane's session forbids sequential scans; the reaper wants one: an index on expires_at would cost every heartbeat.
set local enable_seqscan = on

-- name: reap
-- The attempt counts: its lease ran out (outcome 2) or its time-out did (outcome 3). Back at once, or dead.
with c as materialized (
    select cell, id, org, queue, attempt, priority, retry_count, flags, lease_id, started_at, worker,
           case when started_at + make_interval(secs => timeout_seconds) <= :now then 3 else 2 end as outcome
    from lease where cell = :cell and expires_at <= :now limit :limit for update skip locked
), g as (
    delete from lease t using c where t.cell = any (array[c.cell]) and t.id = c.id
), y as (
    select c.*, case when j.expires_at > c.started_at then j.expires_at end as job_expires_at, w.version,
           c.flags & 4 = 0 and c.retry_count < coalesce(j.max_retries, 0) as again,
           case c.outcome when 3 then 'timed out' else 'lease expired' end as error
    from c
    left join job j on j.cell = any (array[c.cell]) and j.id = c.id
    left join worker w on w.cell = any (array[c.cell]) and w.org = c.org and w.id = c.worker
), i as (
    insert into ready (cell, queue, org, attempt, priority, retry_count, flags, id, expires_at)
    select :cell, queue, org, attempt, priority, retry_count + 1, flags, id, job_expires_at from y where again
), o as (
    insert into done (cell, queue, org, attempt, status, retry_count, id, completed_at, started_at, lease_id, worker, last_error)
    select :cell, queue, org, attempt, 5, retry_count, id, :now, started_at, lease_id, worker, error from y where not again
), e as (
    insert into ended (cell, id, status) select :cell, id, 5 from y where not again and flags & 1 = 1
    on conflict (cell, id) do update set status = excluded.status, taken = null
), a as (
    insert into attempt (cell, org, queue, number, outcome, job, lease_id, started_at, ended_at, worker, version, error)
    select :cell, org, queue, attempt, outcome, id, lease_id, started_at, :now, worker, version, error from y
), v as (
    insert into outbox (cell, at, subject, event, org, queue, status, retry_count, worker, error)
    select :cell, :now, id, 'job.failed', org, queue, 5, retry_count, worker, error from y
    where not again and (flags & 2 = 2 or :hooked::boolean and exists (
        select 1 from subscription h where h.cell = :cell and h.org = y.org and h.enabled and 'job.failed' = any (h.events)))
), d as (
    insert into count_delta (cell, at, queue, kind, day, n)
    select :cell, :now, array_agg(queue), array_agg(kind), array_agg(day), array_agg(n)
    from (select queue, z.kind::smallint, uuid7_day(id) as day, (z.sign * count(*))::int as n
          from y, lateral (values (2, -1), (case when again then 0 else 5 end, 1), (11, 1)) z (kind, sign)
          group by queue, z.kind, z.sign, uuid7_day(id)) g
    having count(*) > 0
)
select id, org, queue, retry_count, again, error from y

-- name: expire
with r as materialized (
    select cell, queue, priority, id from ready where cell = :cell and expires_at <= :now
    order by expires_at limit :limit for update skip locked
), s as materialized (
    select cell, id from scheduled where cell = :cell and expires_at <= :now order by expires_at limit :limit for update skip locked
), w as materialized (
    select cell, id from waiting where cell = :cell and expires_at <= :now order by expires_at limit :limit for update skip locked
), a as (
    delete from ready t using r
    where t.cell = any (array[r.cell]) and t.queue = r.queue and t.priority = r.priority and t.id = r.id
    returning t.id, t.org, t.queue, t.attempt, t.retry_count, t.flags, 0 as kind
), b as (
    delete from scheduled t using s where t.cell = any (array[s.cell]) and t.id = s.id
    returning t.id, t.org, t.queue, t.attempt, t.retry_count, t.flags, case when t.retry_count > 0 then 0 else 1 end as kind
), c as (
    delete from waiting t using w where t.cell = any (array[w.cell]) and t.id = w.id
    returning t.id, t.org, t.queue, t.attempt, t.retry_count, t.flags, 0 as kind
), x as (
    select * from a union all select * from b union all select * from c
), o as (
    insert into done (cell, queue, org, attempt, status, retry_count, id, completed_at, last_error)
    select :cell, queue, org, attempt, 6, retry_count, id, :now, 'expired before it was claimed' from x
), e as (
    insert into ended (cell, id, status) select :cell, id, 6 from x where flags & 1 = 1
    on conflict (cell, id) do update set status = excluded.status, taken = null
), v as (
    insert into outbox (cell, at, subject, event, org, queue, status, retry_count, error)
    select :cell, :now, id, 'job.cancelled', org, queue, kind, retry_count, 'expired before it was claimed' from x
    where :hooked::boolean and exists (
        select 1 from subscription h where h.cell = :cell and h.org = x.org and h.enabled and 'job.cancelled' = any (h.events))
), d as (
    insert into count_delta (cell, at, queue, kind, day, n)
    select :cell, :now, array_agg(queue), array_agg(kind), array_agg(day), array_agg(n)
    from (select queue, z.kind::smallint, uuid7_day(id) as day, (z.sign * count(*))::int as n
          from x, lateral (values (x.kind, -1), (6, 1)) z (kind, sign) group by queue, z.kind, z.sign, uuid7_day(id)) g
    having count(*) > 0
)
select id, org, queue, kind from x

-- name: enqueue
-- Jobs without an idempotency key: nothing to ask, nothing to answer.
with i as materialized (
    select :cell::int as cell, unnest(:ids::uuid[]) as id, unnest(:orgs::int[]) as org,
           unnest(:queues::int[]) as queue, unnest(:timeouts::int[]) as timeout_seconds,
           unnest(:priorities::smallint[]) as priority, unnest(:max_retries::smallint[]) as max_retries,
           unnest(:payloads::text[]) as payload, unnest(:run_ats::timestamptz[]) as run_at,
           unnest(:expires_ats::timestamptz[]) as expires_at, unnest(:tags::text[]) as tags,
           unnest(:webhooks::text[]) as webhook, unnest(:backoffs::text[]) as backoff,
           unnest(:traces::text[]) as trace, unnest(:days::int[]) as day
), j as (
    insert into job (id, cell, org, queue, timeout_seconds, priority, max_retries, payload, run_at, expires_at, tags,
                     completion_webhook, backoff, trace)
    select id, :cell, org, queue, timeout_seconds, priority, max_retries, payload, run_at, expires_at, tags::jsonb,
           webhook, backoff::jsonb, trace from i
), s as (
    insert into scheduled (cell, queue, org, attempt, priority, retry_count, flags, id, run_at, expires_at)
    select :cell, queue, org, 0, priority, 0, case when webhook is null then 0 else 2 end, id, run_at, expires_at from i where run_at > :now
), q as (
    insert into ready (cell, queue, org, attempt, priority, retry_count, flags, id, expires_at)
    select :cell, queue, org, 0, priority, 0, case when webhook is null then 0 else 2 end, id, expires_at from i where run_at is null or run_at <= :now
), v as (
    insert into outbox (cell, at, subject, event, org, queue, status)
    select :cell, :now, id, 'job.created', org, queue, case when run_at > :now then 1 else 0 end from i
    where :hooked::boolean and exists (
        select 1 from subscription h where h.cell = :cell and h.org = i.org and h.enabled and 'job.created' = any (h.events))
)
insert into count_delta (cell, at, queue, kind, day, n)
select :cell, :now, array_agg(queue), array_agg(kind), array_agg(day), array_agg(n)
from (select queue, z.kind::smallint, day, count(*)::int as n
      from i, lateral (values (case when i.run_at > :now then 1 else 0 end), (10)) z (kind) group by queue, z.kind, day) g

-- name: enqueue_keyed
-- Jobs with a key race for it first, in key order. A key whose job is below the floor is free and is taken over in the
-- same step. The caller sends each key once a batch and reads the losers' winners with `idem_winners`.
with i as materialized (
    select :cell::int as cell, unnest(:ids::uuid[]) as id, unnest(:orgs::int[]) as org,
           unnest(:queues::int[]) as queue, unnest(:timeouts::int[]) as timeout_seconds,
           unnest(:priorities::smallint[]) as priority, unnest(:max_retries::smallint[]) as max_retries,
           unnest(:payloads::text[]) as payload, unnest(:run_ats::timestamptz[]) as run_at,
           unnest(:expires_ats::timestamptz[]) as expires_at, unnest(:tags::text[]) as tags,
           unnest(:webhooks::text[]) as webhook, unnest(:backoffs::text[]) as backoff,
           unnest(:traces::text[]) as trace, unnest(:days::int[]) as day, unnest(:keys::text[]) as key
), k as (
    insert into idem (cell, org, key, job_id) select :cell, org, key, id from i order by org, key
    on conflict (cell, org, key) do update set job_id = excluded.job_id
        where idem.job_id < (select floor from cell where cell.cell = :cell)
    returning job_id
), n as materialized (
    select * from i where (id in (select job_id from k)) is true
), j as (
    insert into job (id, cell, org, queue, timeout_seconds, priority, max_retries, payload, run_at, expires_at, idem_key, tags,
                     completion_webhook, backoff, trace)
    select id, :cell, org, queue, timeout_seconds, priority, max_retries, payload, run_at, expires_at, key, tags::jsonb,
           webhook, backoff::jsonb, trace from n
), s as (
    insert into scheduled (cell, queue, org, attempt, priority, retry_count, flags, id, run_at, expires_at)
    select :cell, queue, org, 0, priority, 0, case when webhook is null then 0 else 2 end, id, run_at, expires_at from n where run_at > :now
), q as (
    insert into ready (cell, queue, org, attempt, priority, retry_count, flags, id, expires_at)
    select :cell, queue, org, 0, priority, 0, case when webhook is null then 0 else 2 end, id, expires_at from n where run_at is null or run_at <= :now
), v as (
    insert into outbox (cell, at, subject, event, org, queue, status)
    select :cell, :now, id, 'job.created', org, queue, case when run_at > :now then 1 else 0 end from n
    where :hooked::boolean and exists (
        select 1 from subscription h where h.cell = :cell and h.org = n.org and h.enabled and 'job.created' = any (h.events))
), d as (
    insert into count_delta (cell, at, queue, kind, day, n)
    select :cell, :now, array_agg(queue), array_agg(kind), array_agg(day), array_agg(n)
    from (select queue, z.kind::smallint, day, count(*)::int as n
          from n, lateral (values (case when n.run_at > :now then 1 else 0 end), (10)) z (kind) group by queue, z.kind, day) g
    having count(*) > 0
)
select id, case when run_at > :now then 1 else 0 end as kind from n

-- name: hold_parents
-- For new jobs with a parent: a parent that has not ended is locked and flagged, so that whoever ends it, here or on
-- another node, does so before this or hears of the child (hold_children). The row in `dependency` tells `enqueue_child`.
with r as materialized (
    select :cell::int as cell, unnest(:ids::uuid[]) as id, unnest(:orgs::int[]) as org,
           unnest(:parents::uuid[]) as parent
), j as materialized (
    select p.cell, p.parent as id, p.org, j.queue, j.priority
    from (select distinct cell, parent, org from r order by parent, org) p
    join job j on j.cell = any (array[p.cell]) and j.id = p.parent and j.org = p.org
), a as (
    update ready t set flags = t.flags | 1::smallint from j
    where t.cell = any (array[j.cell]) and t.queue = j.queue and t.priority = j.priority and t.id = j.id returning t.id
), b as (
    update scheduled t set flags = t.flags | 1::smallint from j where t.cell = any (array[j.cell]) and t.id = j.id returning t.id
), c as (
    update waiting t set flags = t.flags | 1::smallint from j where t.cell = any (array[j.cell]) and t.id = j.id returning t.id
), e as (
    update lease t set flags = t.flags | 1::smallint from j where t.cell = any (array[j.cell]) and t.id = j.id returning t.id
), held as (
    select id from a union all select id from b union all select id from c union all select id from e
)
insert into dependency (cell, parent, child, org)
select :cell, r.parent, r.id, r.org from r where (r.parent in (select id from held)) is true

-- name: enqueue_child
-- A job whose parent is held waits for it; one whose parent has completed starts; any other is not made: its parent is
-- unknown, ended otherwise, or just moving between two tables (the caller asks again).
with t as materialized (
    select :cell::int as cell, unnest(:ids::uuid[]) as id, unnest(:orgs::int[]) as org,
           unnest(:queues::int[]) as queue, unnest(:timeouts::int[]) as timeout_seconds,
           unnest(:priorities::smallint[]) as priority, unnest(:max_retries::smallint[]) as max_retries,
           unnest(:payloads::text[]) as payload, unnest(:run_ats::timestamptz[]) as run_at,
           unnest(:expires_ats::timestamptz[]) as expires_at, unnest(:tags::text[]) as tags,
           unnest(:webhooks::text[]) as webhook, unnest(:backoffs::text[]) as backoff,
           unnest(:traces::text[]) as trace, unnest(:days::int[]) as day, unnest(:keys::text[]) as key,
           unnest(:parents::uuid[]) as parent
), i as materialized (
    select t.*, exists (select 1 from dependency p where p.cell = any (array[t.cell]) and p.child = t.id) as waits,
           exists (select 1 from done o where o.cell = any (array[t.cell]) and o.id = t.parent and o.org = t.org and o.status = 3) as met
    from t
), k as (
    insert into idem (cell, org, key, job_id)
    select :cell, org, key, id from i where key is not null and (waits or met) order by org, key
    on conflict (cell, org, key) do update set job_id = excluded.job_id
        where idem.job_id < (select floor from cell where cell.cell = :cell)
    returning job_id
), n as materialized (
    select i.*, case when waits then 0 when run_at > :now then 1 else 0 end as kind
    from i where (waits or met) and (key is null or id in (select job_id from k))
), j as (
    insert into job (id, cell, org, queue, timeout_seconds, priority, max_retries, payload, run_at, expires_at, idem_key, tags,
                     parent, completion_webhook, backoff, trace)
    select id, :cell, org, queue, timeout_seconds, priority, max_retries, payload, run_at, expires_at, key, tags::jsonb,
           parent, webhook, backoff::jsonb, trace from n
), w as (
    insert into waiting (cell, queue, org, attempt, priority, retry_count, flags, needs, id, run_at, expires_at)
    select :cell, queue, org, 0, priority, 0, case when webhook is null then 0 else 2 end, 1, id, run_at, expires_at from n where waits
), s as (
    insert into scheduled (cell, queue, org, attempt, priority, retry_count, flags, id, run_at, expires_at)
    select :cell, queue, org, 0, priority, 0, case when webhook is null then 0 else 2 end, id, run_at, expires_at from n where not waits and run_at > :now
), q as (
    insert into ready (cell, queue, org, attempt, priority, retry_count, flags, id, expires_at)
    select :cell, queue, org, 0, priority, 0, case when webhook is null then 0 else 2 end, id, expires_at from n where not waits and (run_at is null or run_at <= :now)
), v as (
    insert into outbox (cell, at, subject, event, org, queue, status)
    select :cell, :now, id, 'job.created', org, queue, kind from n
    where :hooked::boolean and exists (
        select 1 from subscription h where h.cell = :cell and h.org = n.org and h.enabled and 'job.created' = any (h.events))
), d as (
    insert into count_delta (cell, at, queue, kind, day, n)
    select :cell, :now, array_agg(queue), array_agg(kind), array_agg(day), array_agg(n)
    from (select queue, z.kind::smallint, day, count(*)::int as n
          from n, lateral (values (n.kind), (10)) z (kind) group by queue, z.kind, day) g
    having count(*) > 0
)
select id, kind from n

-- name: forget_unborn
-- Children that were held for and then lost their idempotency key.
with t as materialized (
    select :cell::int as cell, unnest(:ids::uuid[]) as id
)
delete from dependency p using t
where p.cell = any (array[t.cell]) and p.child = t.id and not exists (select 1 from job j where j.cell = any (array[t.cell]) and j.id = t.id)

-- name: idem_winners
-- A statement of its own, so that it sees a rival that committed while `enqueue_keyed` waited for it.
with t as materialized (
    select :cell::int as cell, unnest(:ords::int[]) as ord, unnest(:orgs::int[]) as org, unnest(:keys::text[]) as key
)
select t.ord, i.job_id
from t join idem i on i.cell = any (array[t.cell]) and i.org = t.org and i.key = t.key

-- name: tag
-- Only for tagged jobs, and only for those that won their key.
with t as materialized (
    select :cell::int as cell, unnest(:orgs::int[]) as org, unnest(:tags::text[]) as tag, unnest(:ids::uuid[]) as id
)
insert into job_tag (cell, org, tag, id)
select :cell, t.org, t.tag, t.id
from t
where exists (select 1 from job j where j.cell = any (array[t.cell]) and j.id = t.id)
on conflict do nothing

-- name: claim
-- One request per queue: SKIP LOCKED does not skip one's own locks, so claims of a queue are merged before. The slot of
-- a row is its queue's base plus its rank; arrays by slot say whose it is. Paused queues give nothing.
-- A queue with a rate limit gives what is left of its second. Its row of queue_rate is locked first: a claim that waited
-- for another node's sees that one's count, and a node whose clock is behind the row's second waits for its own.
-- Leased is what was deleted (k), which may be less than was locked (c): a row that another node wrote anew after the claim
-- had begun, with a new priority or flag, is locked as it is now, but at an address that this statement does not see yet.
-- A statement opens every day it may have to look into, so time-outs are joined from a day on (Horizon); those of older
-- jobs are looked up one by one.
with t as materialized (
    select :cell::int as cell, unnest(:queues::int[]) as queue, unnest(:bases::int[]) as base, unnest(:limits::int[]) as n
), o as materialized (
    select t.cell, t.queue, t.base, t.n, u.rate_limit
    from t, lateral (select rate_limit from queue where cell = :cell and id = t.queue and enabled offset 0) u
), rate as materialized (
    select r.cell, r.queue, o.rate_limit - case when r.second = date_trunc('second', :now::timestamptz) then r.used
                                                when r.second > :now then o.rate_limit else 0 end as free
    from o join queue_rate r on r.cell = any (array[o.cell]) and r.queue = o.queue
    where o.rate_limit is not null
    order by r.queue for update of r
), rq as (
    select o.cell, o.queue, o.base,
           case when o.rate_limit is null then o.n else greatest(least(o.n, rate.free), 0) end as n
    from o left join rate on rate.queue = o.queue
    where o.rate_limit is null or rate.free > 0
), c as materialized (
    select rq.cell, x.*, rq.base + row_number() over (partition by x.queue order by x.priority desc, x.id) as slot
    from rq, lateral (
        select ctid as ct, queue, org, attempt, priority, retry_count, flags, id
        from ready where cell = :cell and queue = rq.queue and (expires_at is null or expires_at > :now)
        order by priority desc, id limit rq.n for update skip locked) x
), g as (
    delete from ready where ctid = any (array (select ct from c)) returning id
), k as materialized (
    select * from c where (id in (select id from g)) is true
), l as (
    insert into lease (cell, queue, org, attempt, timeout_seconds, priority, retry_count, flags, id, lease_id, started_at, expires_at, worker)
    select :cell, k.queue, k.org, k.attempt + 1, coalesce(j.timeout_seconds, timeout_of(:cell, k.id), 300), k.priority, k.retry_count, k.flags, k.id,
           (:leases::uuid[])[k.slot], :now,
           :now::timestamptz + make_interval(secs => (:seconds::int[])[(:asks::int[])[k.slot]]),
           (:workers::text[])[(:asks::int[])[k.slot]]
    from k left join lateral (
        select timeout_seconds from job where cell = :cell and id = k.id and id >= :since and id < :tomorrow offset 0) j on true
), s as (
    update queue_rate r
    set used = case when r.second = date_trunc('second', :now::timestamptz) then r.used else 0 end + g.n,
        second = date_trunc('second', :now::timestamptz)
    from (select k.cell, k.queue, count(*)::int as n from k join rate on rate.queue = k.queue group by k.cell, k.queue) g
    where r.cell = any (array[g.cell]) and r.queue = g.queue
), v as (
    insert into outbox (cell, at, subject, event, org, queue, status, retry_count, worker)
    select :cell, :now, id, 'job.started', org, queue, 2, retry_count, (:workers::text[])[(:asks::int[])[slot]] from k
    where :hooked::boolean and exists (
        select 1 from subscription h where h.cell = :cell and h.org = k.org and h.enabled and 'job.started' = any (h.events))
), d as (
    insert into count_delta (cell, at, queue, kind, day, n)
    select :cell, :now, array_agg(queue), array_agg(kind), array_agg(day), array_agg(n)
    from (select queue, z.kind::smallint, day, (z.sign * count(*))::int as n
          from (select queue, case when id >= :today::uuid and id < :tomorrow::uuid then :day::int else uuid7_day(id) end as day from k) c,
               (values (0, -1), (2, 1)) z (kind, sign)
          group by queue, z.kind, z.sign, day) g
    having count(*) > 0
)
select slot::int, id, queue, attempt + 1 as attempt, retry_count, priority from k

-- name: claim_by_key
-- The same with keys in place of row addresses, for databases that refuse ctid (docs/ARCHITECTURE.md, "Growing").
with rate as materialized (
    select r.queue, u.rate_limit - case when r.second = date_trunc('second', :now::timestamptz) then r.used
                                        when r.second > :now then u.rate_limit else 0 end as free
    from queue u join queue_rate r on r.cell = :cell and r.queue = u.id
    where u.cell = :cell and u.id = any (:queues::int[]) and u.rate_limit is not null and u.enabled
    order by r.queue for update of r
), rq as (
    select t.queue, t.base, case when u.rate_limit is null then t.n else greatest(least(t.n, rate.free), 0) end as n
    from unnest(:queues::int[], :bases::int[], :limits::int[]) as t (queue, base, n)
    join queue u on u.cell = :cell and u.id = t.queue and u.enabled
    left join rate on rate.queue = t.queue
    where u.rate_limit is null or rate.free > 0
), c as materialized (
    select x.*, rq.base + row_number() over (partition by x.queue order by x.priority desc, x.id) as slot
    from rq, lateral (
        select queue, org, attempt, priority, retry_count, flags, id
        from ready where cell = :cell and queue = rq.queue and (expires_at is null or expires_at > :now)
        order by priority desc, id limit rq.n for update skip locked) x
), g as (
    delete from ready r using c
    where r.cell = :cell and r.queue = c.queue and r.priority = c.priority and r.id = c.id returning r.id
), k as materialized (
    select * from c where (id in (select id from g)) is true
), l as (
    insert into lease (cell, queue, org, attempt, timeout_seconds, priority, retry_count, flags, id, lease_id, started_at, expires_at, worker)
    select :cell, k.queue, k.org, k.attempt + 1, coalesce(j.timeout_seconds, 300), k.priority, k.retry_count, k.flags, k.id,
           (:leases::uuid[])[k.slot], :now,
           :now::timestamptz + make_interval(secs => (:seconds::int[])[(:asks::int[])[k.slot]]),
           (:workers::text[])[(:asks::int[])[k.slot]]
    from k left join job j on j.cell = :cell and j.id = k.id
), s as (
    update queue_rate r
    set used = case when r.second = date_trunc('second', :now::timestamptz) then r.used else 0 end + g.n,
        second = date_trunc('second', :now::timestamptz)
    from (select k.queue, count(*)::int as n from k join rate on rate.queue = k.queue group by k.queue) g
    where r.cell = :cell and r.queue = g.queue
), v as (
    insert into outbox (cell, at, subject, event, org, queue, status, retry_count, worker)
    select :cell, :now, id, 'job.started', org, queue, 2, retry_count, (:workers::text[])[(:asks::int[])[slot]] from k
    where :hooked::boolean and exists (
        select 1 from subscription h where h.cell = :cell and h.org = k.org and h.enabled and 'job.started' = any (h.events))
), d as (
    insert into count_delta (cell, at, queue, kind, day, n)
    select :cell, :now, array_agg(queue), array_agg(kind), array_agg(day), array_agg(n)
    from (select queue, z.kind::smallint, day, (z.sign * count(*))::int as n
          from (select queue, case when id >= :today::uuid and id < :tomorrow::uuid then :day::int else uuid7_day(id) end as day from k) c,
               (values (0, -1), (2, 1)) z (kind, sign)
          group by queue, z.kind, z.sign, day) g
    having count(*) > 0
)
select slot::int, id, queue, attempt + 1 as attempt, retry_count, priority from k

-- name: none_waits
-- In place of all that follows where, by all that the lane knows, no job waits for one that ended in this batch: otherwise
-- nothing of the batch happens (somebody_waits), and the lane runs it again with what follows.
select case when exists (select 1 from ended where cell = :cell) then somebody_waits() end as ok

-- name: hold_children
-- Takes up jobs that have ended while others wait for them, and locks those others in id order: two parents of a child
-- may end on two nodes at once, and each must see what the other has left of `needs`. Hence two statements.
with t as materialized (
    select cell, id from ended where cell = :cell order by id limit :limit for update skip locked
), e as (
    update ended set taken = pg_backend_pid() from t where ended.cell = any (array[t.cell]) and ended.id = t.id
    returning ended.cell, ended.id
), c as materialized (
    select distinct e.cell, p.child from e join dependency p on p.cell = any (array[e.cell]) and p.parent = e.id
)
select (select count(*) from e)::int as taken, count(*) as held
from (select w.id from c join waiting w on w.cell = any (array[c.cell]) and w.id = c.child order by w.id for update of w) held

-- name: settle_children
-- What became of the parents decides over each waiting job once, however many of them ended in this batch: it starts when
-- enough have completed and its signal, if it waits for one, has come, and is cancelled when enough no longer can
-- complete. The parents are looked at anew each time, so nothing depends on who counted what before. Cancelled ones that
-- others wait for are next. The rows of `ended` that were taken up stay for the workflows (settle_workflows).
with e as materialized (
    select cell, id from ended where cell = :cell and taken = pg_backend_pid()
), k as materialized (
    select distinct e.cell, d.child from e join dependency d on d.cell = any (array[e.cell]) and d.parent = e.id
), p as materialized (
    select k.cell, k.child, count(*) as parents, count(*) filter (where x.status = 3) as met,
           count(*) filter (where x.status > 3) as dead, min(x.id::text) filter (where x.status > 3) as broken,
           (array_agg(x.status order by x.id) filter (where x.status > 3))[1] as broken_status
    from k join waiting w on w.cell = any (array[k.cell]) and w.id = k.child
    join dependency d on d.cell = any (array[k.cell]) and d.child = k.child
    left join done x on x.cell = any (array[k.cell]) and x.id = d.parent
    group by k.cell, k.child
), f as materialized (
    select w.*, p.broken, p.broken_status, p.dead > 0 and (not coalesce(j.any_parent, false) or p.dead = p.parents) as lost,
           case when coalesce(j.any_parent, false) then case when p.met > 0 then 0 else 1 end
                else p.parents - p.met end::smallint as left_over
    from p join waiting w on w.cell = any (array[p.cell]) and w.id = p.child
    left join job j on j.cell = any (array[p.cell]) and j.id = w.id
), c as materialized (
    select f.*, case when lost then 'lost' when left_over = 0 and not signal then 'starts' else 'waits' end as fate from f
), g as (
    delete from waiting w using c where w.cell = any (array[c.cell]) and w.id = c.id and c.fate <> 'waits'
), u as (
    update waiting w set needs = c.left_over from c
    where w.cell = any (array[c.cell]) and w.id = c.id and c.fate = 'waits' and c.left_over <> w.needs
), s as (
    insert into scheduled (cell, queue, org, attempt, priority, retry_count, flags, id, run_at, expires_at)
    select :cell, queue, org, attempt, priority, retry_count, flags, id, run_at, expires_at from c
    where fate = 'starts' and run_at > :now
), q as (
    insert into ready (cell, queue, org, attempt, priority, retry_count, flags, id, expires_at)
    select :cell, queue, org, attempt, priority, retry_count, flags, id, expires_at from c
    where fate = 'starts' and (run_at is null or run_at <= :now)
), o as (
    insert into done (cell, queue, org, attempt, status, retry_count, id, completed_at, last_error)
    select :cell, queue, org, attempt, 6, retry_count, id, :now,
           'the parent job ' || broken || ' ended ' || case broken_status when 4 then 'failed' when 5 then 'as a dead letter'
                                                                          else 'cancelled' end
    from c where fate = 'lost'
), n as (
    insert into ended (cell, id, status) select :cell, id, 6 from c where fate = 'lost' and flags & 1 = 1
    on conflict (cell, id) do update set status = excluded.status, taken = null
), v as (
    insert into outbox (cell, at, subject, event, org, queue, status, retry_count, error)
    select :cell, :now, id, 'job.cancelled', org, queue, 0, retry_count, 'a parent job did not complete' from c
    where fate = 'lost' and :hooked::boolean and exists (
        select 1 from subscription h where h.cell = :cell and h.org = c.org and h.enabled and 'job.cancelled' = any (h.events))
), d as (
    insert into count_delta (cell, at, queue, kind, day, n)
    select :cell, :now, array_agg(queue), array_agg(kind), array_agg(day), array_agg(n)
    from (select queue, z.kind::smallint, uuid7_day(id) as day, (z.sign * count(*))::int as n
          from c, lateral (values (0, -1), (case fate when 'lost' then 6 else 1 end, 1)) z (kind, sign)
          where fate = 'lost' or fate = 'starts' and run_at > :now and retry_count = 0
          group by queue, z.kind, z.sign, uuid7_day(id)) g
    having count(*) > 0
)
select id, org, queue, fate, case when fate = 'starts' and run_at > :now and retry_count = 0 then 1 else 0 end as kind,
       fate = 'lost' and flags & 1 = 1 as further
from c where fate <> 'waits'

-- name: open_lane
-- Raises the epoch of this node's lane, waiting for a batch still in flight on an older connection.
insert into lane_mark (cell, node, epoch, batch) values (:cell, :node, 1, 0)
on conflict (cell, node) do update set epoch = lane_mark.epoch + 1
returning epoch, batch

-- name: departures
-- Who is not worked here, and the number that stands for it.
select c.moves, d.org from cell c left join departed d on d.cell = :cell where c.cell = :cell

-- name: leases_granted
-- After a lost reply: which of the lease ids minted for a batch were given out.
select lease_id, id, queue, attempt, retry_count, priority, started_at, expires_at
from lease where cell = :cell and lease_id = any (:leases::uuid[])

-- name: jobs_present
-- After a lost reply: which of the ids minted for a batch are jobs, and who holds the keys.
select id from job where cell = :cell and id = any (:ids::uuid[])

-- name: settled_by
-- After a lost reply: what this very batch did with acknowledged leases, which its time tells from what others did before it
-- with the same jobs: whoever was refused must not be told of that as its own. verb: 3 completed, 5 dead-lettered, 1 failed and
-- waiting, 2 still leased, 6 cancelled.
with t as materialized (
    select :cell::int as cell, unnest(:ords::int[]) as ord, unnest(:ids::uuid[]) as id, unnest(:leases::uuid[]) as lease,
           unnest(:workers::text[]) as worker
)
select t.ord, d.status::int as verb, d.completed_at as at from t
join done d on d.cell = any (array[t.cell]) and d.id = t.id and d.completed_at = :now and d.status in (3, 6)
union all
select t.ord, case when a.retry_at is null then 5 else 1 end, a.retry_at from t
join attempt a on a.cell = any (array[t.cell]) and a.job = t.id and a.ended_at = :now and a.outcome = 1
union all
select t.ord, 2, l.expires_at
from t
join lease l on l.cell = any (array[t.cell]) and l.id = t.id and (l.lease_id = t.lease or t.lease is null and l.worker = t.worker)

-- name: jobs_gone
-- After a lost reply: which of the jobs that were to be purged are there no more.
with t as materialized (
    select :cell::int as cell, unnest(:ids::uuid[]) as id
)
select t.id from t
where not exists (select 1 from job j where j.cell = any (array[t.cell]) and j.id = t.id)

-- name: jobs_alive
-- After a lost reply: which of the jobs that were to be revived are not done (any more).
with t as materialized (
    select :cell::int as cell, unnest(:ids::uuid[]) as id
)
select t.id from t
where exists (select 1 from job j where j.cell = any (array[t.cell]) and j.id = t.id)
  and not exists (select 1 from done d where d.cell = any (array[t.cell]) and d.id = t.id)

-- name: priorities
-- After a lost reply: the priorities that jobs have now.
with t as materialized (
    select :cell::int as cell, unnest(:ords::int[]) as ord, unnest(:ids::uuid[]) as id
)
select t.ord, j.priority::int as priority from t
join job j on j.cell = any (array[t.cell]) and j.id = t.id
