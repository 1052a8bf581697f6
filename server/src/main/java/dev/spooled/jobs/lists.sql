-- Lists of jobs. A walk picks ids newest first from an edge on, at most :scan of them, by an index that has them in this
-- order: nothing here counts, sorts or reads all there is. `page` then cuts out the part that is wanted and `seen`
-- (jobs.sql) reads it; `Walk` puts the three together and turns walks round. Why these indexes: docs/decisions/0002.
-- :edge and :floor bound each look at a table of days, so that it opens the days between them only.

-- name: page
select w.id from (select id from unnest(:ids::uuid[]) as t (id)) w
order by id desc offset :skip limit :page

-- name: page_tagged
-- Of what the walk finds only what carries the tag.
select w.id from (select id from unnest(:ids::uuid[]) as t (id)) w
where exists (select 1 from job_tag t where t.cell = :cell and t.org = :org and t.tag = :tag and t.id = w.id)
order by id desc offset :skip limit :page

-- name: queues_of
-- The queues a caller means: all, or those of its key, by their numbers.
select id from queue where cell = :cell and org = :org and (:names::text[] is null or name = any (:names::text[]))

-- name: holding
-- Those of many queues that hold jobs of these kinds, by the counters and what is not yet folded into them: an idle queue
-- costs a list nothing. Read as the engine, since deltas name no organization.
select c.queue from count c
where c.cell = :cell and c.org = :org and c.queue = any (:queues::int[]) and c.kind = any (:kinds::int[]) and c.n <> 0
union
select t.queue from count_delta d, unnest(d.queue, d.kind) as t (queue, kind)
where d.cell = :cell and t.queue = any (:queues::int[]) and t.kind = any (:kinds::int[])

-- name: backlog
-- Roughly how many jobs of these queues have not completed: they may all be newer than the newest that has.
select coalesce(sum(n), 0)::bigint as n from count
where cell = :cell and org = :org and queue = any (:queues::int[]) and kind in (0, 1, 2, 4, 5, 6)

-- name: tag_is_common
select 1 from job_tag where cell = :cell and org = :org and tag = :tag offset :few limit 1

-- name: of_org
-- Up to the mark from the listing, above it from the jobs themselves.
select id from (
    (select id from job_by_queue
     where cell = :cell and org = :org and id <= (select listed from list_mark where cell = :cell)
       and id < :edge and id >= :floor
     order by id desc limit :scan)
    union all
    (select id from job
     where cell = :cell and org = :org and id > (select listed from list_mark where cell = :cell)
       and id < :edge and id >= :floor
     order by id desc limit :scan)) x
order by id desc limit :scan

-- name: of_queues
select id from (
    select x.id from unnest(:queues::int[]) as q (queue), lateral (
        select id from job_by_queue
        where cell = :cell and queue = q.queue and id <= (select listed from list_mark where cell = :cell)
          and id < :edge and id >= :floor
        order by id desc limit :scan) x
    union all
    (select id from job
     where cell = :cell and org = :org and queue = any (:queues::int[])
       and id > (select listed from list_mark where cell = :cell) and id < :edge and id >= :floor
     order by id desc limit :scan)) x
order by id desc limit :scan

-- name: pending
-- Ready rows lie by queue and priority, in each by id: the priorities in use are found by jumping from one to the next.
with recursive p as (
    select q.queue, (select r.priority from ready r where r.cell = :cell and r.queue = q.queue
                     order by r.priority desc limit 1) as priority
    from unnest(:queues::int[]) as q (queue)
    union all
    select p.queue, (select r.priority from ready r where r.cell = :cell and r.queue = p.queue and r.priority < p.priority
                     order by r.priority desc limit 1)
    from p where p.priority is not null
)
select id from (
    select x.id from p, lateral (
        select id from ready r where r.cell = :cell and r.queue = p.queue and r.priority = p.priority
          and id < :edge and id >= :floor
        order by id desc limit :scan) x
    where p.priority is not null
    union all
    select x.id from unnest(:queues::int[]) as q (queue), lateral (
        select id from scheduled s where s.cell = :cell and s.queue = q.queue and s.retry_count > 0
          and id < :edge and id >= :floor
        order by id desc limit :scan) x
    union all
    select x.id from unnest(:queues::int[]) as q (queue), lateral (
        select id from waiting w where w.cell = :cell and w.queue = q.queue and id < :edge and id >= :floor
        order by id desc limit :scan) x) x
order by id desc limit :scan

-- name: scheduled
select x.id from unnest(:queues::int[]) as q (queue), lateral (
    select id from scheduled s where s.cell = :cell and s.queue = q.queue and s.retry_count = 0 and id < :edge and id >= :floor
    order by id desc limit :scan) x
order by id desc limit :scan

-- name: processing
select id from lease where cell = :cell and org = :org and queue = any (:queues::int[]) and id < :edge and id >= :floor
order by id desc limit :scan

-- name: completed
-- The listing, passing over what has not completed.
select c.id from (
    select x.id from unnest(:queues::int[]) as q (queue), lateral (
        select id from job_by_queue
        where cell = :cell and queue = q.queue and id <= (select listed from list_mark where cell = :cell)
          and id < :edge and id >= :floor
        order by id desc limit :candidates) x
    union all
    (select id from job
     where cell = :cell and org = :org and queue = any (:queues::int[])
       and id > (select listed from list_mark where cell = :cell) and id < :edge and id >= :floor
     order by id desc limit :candidates)
    order by id desc limit :candidates) c,
    lateral (
        select 1 from done d
        where d.cell = :cell and d.id = c.id and d.id < :edge and d.id >= :floor and d.status = 3 offset 0) d
order by id desc limit :scan

-- name: completed_of_org
select c.id from (
    (select id from job_by_queue
     where cell = :cell and org = :org and id <= (select listed from list_mark where cell = :cell)
       and id < :edge and id >= :floor
     order by id desc limit :candidates)
    union all
    (select id from job
     where cell = :cell and org = :org and id > (select listed from list_mark where cell = :cell)
       and id < :edge and id >= :floor
     order by id desc limit :candidates)
    order by id desc limit :candidates) c,
    lateral (
        select 1 from done d
        where d.cell = :cell and d.id = c.id and d.id < :edge and d.id >= :floor and d.status = 3 offset 0) d
order by id desc limit :scan

-- name: completed_behind_backlog
-- Ended jobs in their own order, passing over those of others: for queues with a large backlog, which is not among them.
select id from (
    select id, org, queue, status from done where cell = :cell
      and id < :edge and id >= :floor order by id desc limit :candidates) d
where org = :org and queue = any (:queues::int[]) and status = 3
order by id desc limit :scan

-- name: ended
select x.id from unnest(:queues::int[]) as q (queue), lateral (
    select id from done d where d.cell = :cell and d.queue = q.queue and d.status = :status and d.status <> 3
      and id < :edge and id >= :floor
    order by id desc limit :scan) x
order by id desc limit :scan

-- name: tagged
select id from job_tag where cell = :cell and org = :org and tag = :tag and id < :edge and id >= :floor
order by id desc limit :scan

-- name: tagged_in
-- A tag that few jobs carry: each of them is looked at.
select c.id from (
    select id from job_tag where cell = :cell and org = :org and tag = :tag and id < :edge and id >= :floor
    order by id desc limit :candidates) c,
    lateral (
        select j.queue, case when d.id is not null then d.status
                             when l.id is not null then 2
                             when s.id is not null and s.retry_count = 0 then 1
                             else 0 end as status
        from job j
        left join done d on d.cell = :cell and d.id = c.id and d.id < :edge and d.id >= :floor
        left join lease l on l.cell = :cell and l.id = c.id
        left join scheduled s on s.cell = :cell and s.id = c.id
        where j.cell = :cell and j.id = c.id and j.id < :edge and j.id >= :floor offset 0) v
where v.queue = any (:queues::int[]) and (:status::int is null or v.status = :status)
order by id desc limit :scan

-- name: dead_before
-- Dead letters that died before an instant, oldest first. Whoever died before it was made before it.
select x.id from unnest(:queues::int[]) as q (queue), lateral (
    select id from done d
    where d.cell = :cell and d.queue = q.queue and d.status = 5 and d.status <> 3
      and d.id < :edge and d.completed_at < :before
    order by id limit :scan) x
order by id limit :scan

-- name: stats
-- Counters and what is not yet folded into them, in one snapshot. Read as the engine, since deltas name no organization.
select kind::int as kind, sum(n)::bigint as n from (
    select kind, n from count
    where cell = :cell and org = :org and kind < 10 and (:queues::int[] is null or queue = any (:queues::int[]))
    union all
    select t.kind, t.n from count_delta d, unnest(d.queue, d.kind, d.n) as t (queue, kind, n)
    join queue q on q.cell = :cell and q.id = t.queue and q.org = :org
    where d.cell = :cell and t.kind < 10 and (:queues::int[] is null or t.queue = any (:queues::int[]))) c
group by kind

-- name: stats_by_tag
-- The newest jobs that carry a tag, by its value and by their state.
select v.value, v.status::int as status, count(*)::int as n
from (
    select id from job_tag where cell = :cell and org = :org and tag = :tag order by id desc limit :scan) c,
    lateral (
        select j.queue, j.tags ->> :tag as value,
               case when d.id is not null then d.status
                    when l.id is not null then 2
                    when s.id is not null and s.retry_count = 0 then 1
                    else 0 end as status
        from job j
        left join done d on d.cell = :cell and d.id = c.id
        left join lease l on l.cell = :cell and l.id = c.id
        left join scheduled s on s.cell = :cell and s.id = c.id
        where j.cell = :cell and j.id = c.id offset 0) v
where :queues::int[] is null or v.queue = any (:queues::int[])
group by v.value, v.status
order by v.value, v.status
