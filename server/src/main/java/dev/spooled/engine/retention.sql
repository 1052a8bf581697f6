-- Statements of retention: what is past its time leaves, in short steps that any node may repeat (docs/database.md).

-- name: one_node
-- One node at a time does a step; the others leave it.
select pg_try_advisory_xact_lock(:key) as mine

-- name: wait_briefly
-- Whoever waits for a lock that everybody needs makes everybody wait behind it: never longer than this.
set local lock_timeout = '30ms'

-- name: raise_floor
update cell set floor = :floor where cell = :cell and floor < :floor

-- name: pass_barrier
-- Once it is held, every batch with the floor of before has ended.
select pg_advisory_xact_lock(:barrier)

-- name: day_partitions
-- Partitions of days that lie below every cell's floor.
select p.relname as base, to_date(substr(c.relname, length(p.relname) + 2, 8), 'YYYYMMDD')::text as day,
       c.relname like '%\_kept' as kept
from pg_inherits i
join pg_class p on p.oid = i.inhparent
join pg_class c on c.oid = i.inhrelid
where p.relnamespace = 'spooled'::regnamespace and p.relname in ('job', 'job_by_queue', 'done', 'attempt')
  and c.relname ~ '_[0-9]{8}(_kept|$)'
  and to_date(substr(c.relname, length(p.relname) + 2, 8), 'YYYYMMDD') < (select uuid7_time(floor)::date from cell where here order by floor limit 1)
order by 2, 1

-- name: needed
-- Jobs of a day whose facts are still needed: live ones, those with an event on its way, the parents of waiting ones, and
-- all of a workflow that is still open, whose figures are a recount of them.
-- One snapshot: a job that moves between two tables is seen in one of them.
select id from (
    select id from ready where id >= :lower and id < :upper
    union select id from scheduled where id >= :lower and id < :upper
    union select id from waiting where id >= :lower and id < :upper
    union select id from lease where id >= :lower and id < :upper
    union select subject from outbox where subject >= :lower and subject < :upper
    union select d.parent from waiting w join dependency d on d.cell = w.cell and d.child = w.id
          where d.parent >= :lower and d.parent < :upper
    union select s.job from workflow f join workflow_step s on s.cell = f.cell and s.workflow = f.id
          where f.open_jobs > 0 and s.job >= :lower and s.job < :upper) n (id)
order by id limit :limit

-- name: open_kept
select open_kept(:base, :day::date) is null as done

-- name: fill_kept
select fill_kept(:base, :day::date, :ids) as copied

-- name: swap_kept
select swap_kept(:base, :day::date) is null as done

-- name: drop_day
select drop_day(:base, :day::date) is null as done

-- name: subtract_days
-- Ended jobs below the floor are hidden, so they are not counted; what is live below it is, until it ends.
delete from count where ctid = any (array (
    select ctid from count
    where cell = :cell and day < uuid7_day((select floor from cell where cell = :cell)) and (kind between 3 and 6 or n = 0)
    order by org, queue, kind, day limit :limit for update skip locked))

-- name: free_keys
-- A page of idempotency keys: those of jobs below the floor go. Answers where the page ends, nothing at the very end.
with page as materialized (
    select org, key, job_id from idem where (cell, org, key) > (:cell::int, :org::int, :key::text) and cell = :cell
    order by org, key limit :limit
), gone as (
    delete from idem i using page p
    where i.cell = :cell and i.org = p.org and i.key = p.key and p.job_id < (select floor from cell where cell = :cell)
      and i.job_id = p.job_id
)
select org, key from page order by org desc, key desc limit 1

-- name: untag
-- A page of tags: those of jobs that are gone go.
with page as materialized (
    select org, tag, id from job_tag where (cell, org, tag, id) > (:cell::int, :org::int, :tag::text, :id::uuid) and cell = :cell
    order by org, tag, id limit :limit
), gone as (
    delete from job_tag t using page p
    where t.cell = :cell and t.org = p.org and t.tag = p.tag and t.id = p.id
      and t.id < (select floor from cell where cell = :cell)
      and not exists (select 1 from job j where j.cell = :cell and j.id = t.id)
)
select org, tag, id from page order by org desc, tag desc, id desc limit 1

-- name: fold_minutes
with x as (
    delete from flow_minute where ctid = any (array (
        select ctid from flow_minute where cell = :cell and minute < :before order by minute limit :limit for update skip locked))
    returning org, queue, kind, minute, n
), h as (
    insert into flow_hour (cell, org, queue, kind, hour, n)
    select :cell, org, queue, kind, date_trunc('hour', minute, 'UTC'), sum(n) from x
    group by 2, 3, 4, 5 order by 2, 3, 4, 5
    on conflict (cell, org, queue, kind, hour) do update set n = flow_hour.n + excluded.n
)
select count(*)::int as n from x

-- name: prune_hours
delete from flow_hour where ctid = any (array (select ctid from flow_hour where cell = :cell and hour < :before limit :limit))

-- name: prune_runs
delete from schedule_run where ctid = any (array (
    select ctid from schedule_run where cell = :cell and started_at < :before and completed_at is not null limit :limit))

-- name: prune_webhooks_in
delete from webhook_in where ctid = any (array (select ctid from webhook_in where cell = :cell and at < :before limit :limit))

-- name: prune_audit
delete from audit where ctid = any (array (select ctid from audit where cell = :cell and at < :before limit :limit))

-- name: prune_workflows
with w as (
    select id from workflow
    where cell = :cell and id < (select floor from cell where cell = :cell) and open_jobs <= 0
    order by id limit :limit for update skip locked
), s as (
    delete from workflow_step s using w where s.cell = :cell and s.workflow = w.id
)
delete from workflow f using w where f.cell = :cell and f.id = w.id

-- name: prune_dependencies
delete from dependency d where ctid = any (array (
    select ctid from dependency d
    where d.cell = :cell and d.parent < (select floor from cell where cell = :cell)
      and not exists (select 1 from waiting w where w.cell = :cell and w.id = d.child)
    order by parent, child limit :limit for update skip locked))

-- name: prune_progress
delete from progress where ctid = any (array (
    select ctid from progress p
    where p.cell = :cell and p.id < (select floor from cell where cell = :cell)
      and not exists (select 1 from job j where j.cell = :cell and j.id = p.id)
    order by id limit :limit for update skip locked))
