-- Workflows as their organization sees them. What changes them is in the engine's workflows.sql. A workflow is seen by
-- keys that reach the queues of all its jobs.

-- name: list
-- The status of an open workflow follows from whether one of its jobs was ever claimed.
select w.id, w.name, w.description, w.metadata::text as metadata, w.total_jobs, w.completed_jobs, w.failed_jobs,
       w.created_at, w.updated_at, w.completed_at, coalesce(w.started_at, x.at) as started_at,
       case w.status when 0 then case when coalesce(w.started_at, x.at) is null then 0 else 1 end else w.status end as status
from workflow w
left join lateral (
    select min(coalesce(a.started_at, l.started_at)) as at
    from workflow_step s
    left join lateral (select l.started_at from lease l where l.cell = w.cell and l.id = s.job limit 1) l on true
    left join lateral (select a.started_at from attempt a where a.cell = w.cell and a.job = s.job order by a.number limit 1) a on true
    where w.started_at is null and s.cell = w.cell and s.workflow = w.id) x on true
where w.cell = :cell and w.org = :org and (:id::uuid is null or w.id = :id::uuid)
  and (:stored::int is null or w.status = :stored::int)
  and (:begun::boolean is null or (coalesce(w.started_at, x.at) is not null) = :begun::boolean)
  and (:all or not exists (
      select 1 from workflow_step s join job j on j.cell = w.cell and j.id = s.job
      join queue q on q.cell = w.cell and q.id = j.queue
      where s.cell = w.cell and s.workflow = w.id and q.name <> all (:queues::text[])))
order by w.id desc
limit :limit offset :offset

-- name: steps
select key, job, waits_for_signal, signalled_at from workflow_step
where cell = :cell and org = :org and workflow = :id order by position

-- name: links
-- Who waits for whom among the jobs of a workflow, and for jobs outside of it.
select d.parent, d.child, p.step as parent_step
from workflow_step s
join dependency d on d.cell = s.cell and d.child = s.job
left join job p on p.cell = d.cell and p.id = d.parent and p.workflow = s.workflow
where s.cell = :cell and s.org = :org and s.workflow = :id
order by s.position, d.parent

-- name: around
-- The jobs a job waits for (`up`) or that wait for it, a bounded number of each.
(select true as up, d.parent as id from dependency d where d.cell = :cell and d.org = :org and d.child = :id order by d.parent limit :limit)
union all
(select false, d.child from dependency d where d.cell = :cell and d.org = :org and d.parent = :id order by d.child limit :limit)

-- name: signal_of
select s.waits_for_signal, s.signalled_at from job j
join workflow_step s on s.cell = j.cell and s.workflow = j.workflow and s.key = j.step
where j.cell = :cell and j.org = :org and j.id = :id

-- name: delete
-- One that has ended with all its jobs. The jobs stay as long as any.
with w as (
    delete from workflow where cell = :cell and org = :org and id = :id and status <> 0 and open_jobs = 0 returning id
), s as (
    delete from workflow_step t using w where t.cell = :cell and t.workflow = w.id
)
select id from w
