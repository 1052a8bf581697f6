-- One organization at a glance: counters, small tables, and a bounded sample of times. :queues are the queues a
-- restricted key may see, null for all.

-- name: held
-- Jobs by queue and state, with what is not yet folded into the counters.
select q.name, not q.enabled as paused, c.kind::int as kind, sum(c.n)::bigint as n
from (
    select queue, kind, n from count
    where cell = :cell and org = :org and kind < 10
    union all
    select t.queue, t.kind, t.n from count_delta d, unnest(d.queue, d.kind, d.n) as t (queue, kind, n)
    where d.cell = :cell and t.kind < 10) c
join queue q on q.cell = :cell and q.id = c.queue and q.org = :org
where :queues::text[] is null or q.name = any (:queues::text[])
group by q.name, q.enabled, c.kind

-- name: named
select count(*) as total, count(*) filter (where not enabled) as paused
from queue
where cell = :cell and org = :org and (:queues::text[] is null or name = any (:queues::text[]))

-- name: flows
with own as materialized (
    select id from queue where cell = :cell and org = :org and (:queues::text[] is null or name = any (:queues::text[]))
), flow as (
    select queue, kind, minute as at, n from flow_minute
    where cell = :cell and org = :org and minute >= :day_ago
    union all
    select queue, kind, hour, n from flow_hour
    where cell = :cell and org = :org and hour >= :day_ago
    union all
    select t.queue, t.kind, d.at, t.n from count_delta d, unnest(d.queue, d.kind, d.n) as t (queue, kind, n)
    where d.cell = :cell and t.n > 0 and d.at >= :day_ago)
select coalesce(sum(n) filter (where kind = 3), 0)::bigint as completed_day,
       coalesce(sum(n) filter (where kind in (4, 5)), 0)::bigint as failed_day,
       coalesce(sum(n) filter (where kind = 10 and at >= :hour_ago), 0)::bigint as created_hour,
       coalesce(sum(n) filter (where kind = 3 and at >= :hour_ago), 0)::bigint as completed_hour,
       coalesce(sum(n) filter (where kind in (4, 5) and at >= :hour_ago), 0)::bigint as failed_hour
from flow join own on own.id = flow.queue

-- name: times
-- Of the newest jobs, those that completed.
select avg(extract(epoch from d.completed_at - d.started_at) * 1000)::float8 as processing_ms,
       avg(extract(epoch from d.started_at - uuid7_time(d.id)) * 1000)::float8 as wait_ms
from (select id, queue from job_by_queue where cell = :cell and org = :org order by id desc limit :sample) c
join queue q on q.cell = :cell and q.id = c.queue and (:queues::text[] is null or q.name = any (:queues::text[]))
join lateral (select * from done where cell = :cell and id = c.id limit 1) d on d.status = 3

-- name: workers
select count(*) as total, count(*) filter (where last_heartbeat > :minute_ago) as healthy,
       count(*) filter (where last_heartbeat > :minute_ago and current_jobs > 0) as busy
from worker
where cell = :cell and org = :org and status <> 'offline'
  and (:queues::text[] is null or queue_name = any (:queues::text[]))
