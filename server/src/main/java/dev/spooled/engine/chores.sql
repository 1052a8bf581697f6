-- Statements of the engine's chores that do not go through the lane: counters, partitions, wake-ups, the clock.

-- name: roll_up
-- Folds appended deltas into the counters, a bounded number of rows a pass. Keys are written in order, so passes on two
-- nodes wait for each other rather than deadlock. What entered an end state, was created or failed is a flow as well.
-- Deltas are summed up before queues are looked up: each of hundreds names most queues again. Ends of jobs below the floor
-- are hidden and not counted: retention has taken their day out of the counters.
with x as (
    delete from count_delta where ctid = any (array (
        select ctid from count_delta where cell = :cell limit :limit for update skip locked))
    returning date_trunc('minute', at) as minute, queue, kind, day, n
), s as materialized (
    select minute, queue, kind, day, sum(n) as n, sum(n) filter (where n > 0) as entered
    from (select minute, unnest(queue) as queue, unnest(kind) as kind, unnest(day) as day, unnest(n) as n from x) as t
    group by minute, queue, kind, day
), f as materialized (
    select s.minute, q.org, s.queue, s.kind, s.day, s.n, s.entered from s join queue q on q.cell = :cell and q.id = s.queue
), c as (
    insert into count (cell, org, queue, kind, day, n)
    select :cell, org, queue, kind, day, sum(n) from f
    where kind < 3 or kind < 10 and day >= (select uuid7_day(floor) from cell where cell = :cell)
    group by org, queue, kind, day having sum(n) <> 0 order by org, queue, kind, day
    on conflict (cell, org, queue, kind, day) do update set n = count.n + excluded.n
), m as (
    insert into flow_minute (cell, org, queue, kind, minute, n)
    select :cell, org, queue, kind, minute, sum(entered) from f where entered > 0 and kind in (3, 5, 6, 10, 11)
    group by org, queue, kind, minute order by org, queue, kind, minute
    on conflict (cell, org, queue, kind, minute) do update set n = flow_minute.n + excluded.n
)
select count(*)::int as n from x

-- name: hooked
select distinct org from subscription where cell = :cell and enabled

-- name: by_key
-- For the rest of the transaction: no figures of a table that fills and empties may talk PostgreSQL into reading all of it.
select set_config('enable_seqscan', 'off', true), set_config('enable_bitmapscan', 'off', true),
       set_config('enable_sort', 'off', true)

-- name: filled_queues
-- Queues from :first to :last that have ready rows, at most :most of them, by going from each to the next: empty queues cost
-- nothing, however many are waited on.
with recursive walk (queue, n) as (
    (select queue, 1 from ready where cell = :cell and queue >= :first order by queue limit 1)
    union all
    select r.queue, w.n + 1
    from walk w cross join lateral (
        select queue from ready where cell = :cell and queue > w.queue order by queue limit 1) r
    where w.queue < :last and w.n < :most
)
select queue as q from walk where queue <= :last

-- name: queues_ready
-- Which of the queues that parked claims wait on have ready rows after all, put there by another node.
select q from unnest(:queues::int[]) as t (q)
where exists (select 1 from ready r where r.cell = :cell and r.queue = t.q)

-- name: ensure_day
select ensure_day(:base, :day::date)

-- name: database_time
select (extract(epoch from clock_timestamp()) * 1000000)::bigint as micros

-- name: wait_briefly
select set_config('lock_timeout', :wait, true)

-- name: pass_barrier
-- The other side of the barrier in engine.sql: granted once no batch that began earlier is left, given back at the end
-- of the transaction.
select pg_advisory_xact_lock(:barrier)

-- name: register_node
insert into node (id, name, version, address, started_at, seen_at) values (:id, :name, :version, :address, :now, :now)
on conflict (id) do update set seen_at = excluded.seen_at, version = excluded.version, address = excluded.address

-- name: other_nodes
select count(*)::int as n from node where id <> :id and seen_at > :since

-- name: installation
select id from installation

-- name: leave_marks
delete from lane_mark where cell = :cell and node = :id

-- name: leave_node
delete from node where id = :id

-- name: forget_marks
delete from lane_mark m using node n where n.id = m.node and n.seen_at < :before

-- name: forget_nodes
delete from node where seen_at < :before

-- name: forget_events
-- Events that nobody has fetched for days. Kept for ever they would keep the jobs they are about, too.
delete from outbox where ctid = any (array (
    select ctid from outbox where cell = :cell and at < :before order by at limit :limit for update skip locked))
returning 1 as one

-- name: live_drift
-- Counters against a recount of the live tables: rows only where they differ. For tests and for the drift metric.
with counted as (
    select queue, kind, sum(n) as n from (
        select queue, kind, n from count where cell = :cell and kind in (0, 1, 2)
        union all
        select t.queue, t.kind, t.n from count_delta d, unnest(d.queue, d.kind, d.n) as t (queue, kind, n)
        where d.cell = :cell and t.kind in (0, 1, 2)) a
    group by queue, kind
), found as (
    select queue, kind, count(*) as n from (
        select queue, 0 as kind from ready where cell = :cell
        union all select queue, 0 from waiting where cell = :cell
        union all select queue, case when retry_count > 0 then 0 else 1 end from scheduled where cell = :cell
        union all select queue, 2 from lease where cell = :cell) b
    group by queue, kind
)
select coalesce(c.queue, f.queue) as queue, coalesce(c.kind, f.kind)::int as kind,
       coalesce(c.n, 0)::bigint as counted, coalesce(f.n, 0)::bigint as found
from counted c full join found f on f.queue = c.queue and f.kind = c.kind
where coalesce(c.n, 0) <> coalesce(f.n, 0)

-- name: list_jobs
-- Brings the listing up to ids below :until, in order, a bounded number a pass. One node at a time: the others skip. The
-- mark is a scalar here, not a joined table: a join would read all jobs above it to find the first few. Rows go in by
-- queue, as the key lies, and cannot be there yet: the mark moves in the same transaction.
with m as materialized (
    select listed from list_mark where cell = :cell for update skip locked
), n as materialized (
    select j.id, j.queue, j.org from job j
    where j.cell = :cell and j.id > (select listed from m) and j.id < :until order by j.id limit :limit
), i as (
    insert into job_by_queue (cell, queue, id, org) select :cell, queue, id, org from n order by queue, id
), l as (
    update list_mark k
    set listed = case when (select count(*) from n) < :limit then greatest(m.listed, :until)
                      else (select id from n order by id desc limit 1) end
    from m where k.cell = :cell
)
select count(*)::int as n from n

-- name: check_listing
-- Each job is looked at once more when no commit can come late any more, and listed if the first look missed it.
with m as materialized (
    select checked, least(listed, :until::uuid) as until from list_mark where cell = :cell for update skip locked
), n as materialized (
    select j.id, j.queue, j.org from job j
    where j.cell = :cell and j.id > (select checked from m) and j.id <= (select until from m) order by j.id limit :limit
), i as (
    insert into job_by_queue (cell, queue, id, org)
    select :cell, n.queue, n.id, n.org from n
    where not exists (select 1 from job_by_queue b where b.cell = :cell and b.queue = n.queue and b.id = n.id)
    on conflict (cell, queue, id) do nothing
), l as (
    update list_mark k
    set checked = case when (select count(*) from n) < :limit then greatest(m.checked, m.until)
                       else (select id from n order by id desc limit 1) end
    from m where k.cell = :cell
)
select count(*)::int as n from n
