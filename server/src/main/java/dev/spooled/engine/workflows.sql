-- Jobs that belong together: made in one go, run again, cancelled, linked, signalled; and the figures of workflows.
-- The rules of engine.sql hold here. Rows of `workflow` are the last a batch locks, in id order.

-- name: enqueue_workflow
-- All of a workflow or nothing. Each of its jobs carries flag 1: its end is heard of by children and by the workflow.
with i as materialized (
    select *, needs > 0 or signal as waits
    from unnest(:ids::uuid[], :orgs::int[], :queues::int[], :timeouts::int[], :priorities::smallint[],
                :max_retries::smallint[], :payloads::text[], :run_ats::timestamptz[], :expires_ats::timestamptz[],
                :tags::text[], :webhooks::text[], :backoffs::text[], :traces::text[], :days::int[],
                :workflows::uuid[], :keys::text[], :positions::smallint[], :needs::smallint[], :anys::boolean[],
                :signals::boolean[])
        as t (id, org, queue, timeout_seconds, priority, max_retries, payload, run_at, expires_at, tags, webhook, backoff, trace,
              day, workflow, key, position, needs, any_parent, signal)
), f as (
    insert into workflow (cell, id, org, name, description, metadata, total_jobs, open_jobs, created_at, updated_at)
    select :cell, id, org, name, description, metadata::jsonb, jobs, jobs, :now, :now
    from unnest(:flow_ids::uuid[], :flow_orgs::int[], :names::text[], :descriptions::text[], :metadatas::text[], :jobs::int[])
        as t (id, org, name, description, metadata, jobs)
), t as (
    insert into workflow_step (cell, workflow, org, key, job, position, waits_for_signal)
    select :cell, workflow, org, key, id, position, signal from i
), p as (
    insert into dependency (cell, parent, child, org, workflow)
    select :cell, parent, child, org, workflow
    from unnest(:parents::uuid[], :children::uuid[], :link_orgs::int[], :link_workflows::uuid[]) as t (parent, child, org, workflow)
), j as (
    insert into job (id, cell, org, queue, timeout_seconds, priority, max_retries, payload, run_at, expires_at, tags,
                     completion_webhook, backoff, trace, workflow, step, any_parent)
    select id, :cell, org, queue, timeout_seconds, priority, max_retries, payload, run_at, expires_at, tags::jsonb,
           webhook, backoff::jsonb, trace, workflow, key, any_parent from i
), w as (
    insert into waiting (cell, queue, org, attempt, priority, retry_count, flags, needs, id, run_at, expires_at, workflow, signal)
    select :cell, queue, org, 0, priority, 0, case when webhook is null then 1 else 3 end, needs, id, run_at, expires_at, workflow, signal from i where waits
), s as (
    insert into scheduled (cell, queue, org, attempt, priority, retry_count, flags, id, run_at, expires_at)
    select :cell, queue, org, 0, priority, 0, case when webhook is null then 1 else 3 end, id, run_at, expires_at from i where not waits and run_at > :now
), q as (
    insert into ready (cell, queue, org, attempt, priority, retry_count, flags, id, expires_at)
    select :cell, queue, org, 0, priority, 0, case when webhook is null then 1 else 3 end, id, expires_at from i where not waits and (run_at is null or run_at <= :now)
), v as (
    insert into outbox (cell, at, subject, event, org, queue, status)
    select :cell, :now, id, 'job.created', org, queue, case when not waits and run_at > :now then 1 else 0 end from i
    where :hooked::boolean and exists (
        select 1 from subscription h where h.cell = :cell and h.org = i.org and h.enabled and 'job.created' = any (h.events))
)
insert into count_delta (cell, at, queue, kind, day, n)
select :cell, :now, array_agg(queue), array_agg(kind), array_agg(day), array_agg(n)
from (select queue, z.kind::smallint, day, count(*)::int as n
      from i, lateral (values (case when not waits and run_at > :now then 1 else 0 end), (10)) z (kind)
      group by queue, z.kind, day) g

-- name: hold_linked
-- A job that is to wait for others, and those others: locked where they lie, the others flagged as waited for.
with j as materialized (
    select j.id, j.queue, j.priority, case when j.id = :job then 0 else 1 end::smallint as flag
    from (select distinct t.id from unnest(:parents::uuid[] || :job::uuid) as t (id)) p
    join job j on j.cell = :cell and j.id = p.id and j.org = :org
    order by j.id
), a as (
    update ready t set flags = t.flags | j.flag from j
    where t.cell = :cell and t.queue = j.queue and t.priority = j.priority and t.id = j.id
), b as (
    update scheduled t set flags = t.flags | j.flag from j where t.cell = :cell and t.id = j.id
), c as (
    update waiting t set flags = t.flags | j.flag from j where t.cell = :cell and t.id = j.id
), l as (
    update lease t set flags = t.flags | j.flag from j where t.cell = :cell and t.id = j.id
)
select count(*)::int as held from j

-- name: link_jobs
-- Refuses (outcome 1) a job or parent that is not there, (2) a circle, (3) a parent that ended without completing, (4) a
-- job that runs or has ended. A circle can only close through jobs that still wait. One parent that has ended, if there is
-- any, is put into `ended`, so that settle_children looks at the job under its new terms.
with recursive p as materialized (
    select distinct t.id from unnest(:parents::uuid[]) as t (id)
), up (id) as (
    select id from p
    union
    select d.parent from up join waiting w on w.cell = :cell and w.id = up.id
    join dependency d on d.cell = :cell and d.child = up.id
), above as materialized (
    select id from up limit 10001
), k as (
    select p.id, j.id is not null as known, o.status
    from p left join job j on j.cell = :cell and j.id = p.id and j.org = :org
    left join done o on o.cell = :cell and o.id = p.id
), j as materialized (
    select j.id, j.queue, j.priority from job j where j.cell = :cell and j.id = :job and j.org = :org
), live as materialized (
    select 'ready' as place from j join ready t on t.cell = :cell and t.queue = j.queue and t.priority = j.priority and t.id = j.id
    union all select 'scheduled' from j join scheduled t on t.cell = :cell and t.id = j.id
    union all select 'waiting' from j join waiting t on t.cell = :cell and t.id = j.id
), v as materialized (
    select case when not exists (select 1 from j) or exists (select 1 from k where not known) then 1
                when exists (select 1 from above where id = :job) or (select count(*) from above) > 10000 then 2
                when exists (select 1 from k where status > 3) then 3
                when not exists (select 1 from live) then 4
                else 0 end as outcome
), n as (
    insert into dependency (cell, parent, child, org)
    select :cell, p.id, :job, :org from p, v where v.outcome = 0
    on conflict do nothing
    returning parent
), h as materialized (
    select d.parent, o.status
    from (select d.parent from dependency d where d.cell = :cell and d.child = :job union select id from p) d
    left join done o on o.cell = :cell and o.id = d.parent
), m as (
    select count(*) as parents, count(*) filter (where status = 3) as met from h
), t as materialized (
    select case when :any_parent then case when met > 0 then 0 else 1 end else parents - met end::smallint as needs from m, v
    where v.outcome = 0
), u as (
    update job set any_parent = :any_parent from v where job.cell = :cell and job.id = :job and v.outcome = 0
), a as (
    delete from ready r using j, t
    where r.cell = :cell and r.queue = j.queue and r.priority = j.priority and r.id = j.id and t.needs > 0
    returning r.queue, r.org, r.attempt, r.priority, r.retry_count, r.flags, r.id, null::timestamptz as run_at, r.expires_at, 0 as kind
), b as (
    delete from scheduled r using t
    where r.cell = :cell and r.id = :job and t.needs > 0
    returning r.queue, r.org, r.attempt, r.priority, r.retry_count, r.flags, r.id, r.run_at, r.expires_at,
              case when r.retry_count > 0 then 0 else 1 end as kind
), x as (
    select * from a union all select * from b
), w as (
    insert into waiting (cell, queue, org, attempt, priority, retry_count, flags, needs, id, run_at, expires_at)
    select :cell, x.queue, x.org, x.attempt, x.priority, x.retry_count, x.flags, t.needs, x.id, x.run_at, x.expires_at from x, t
), c as (
    update waiting r set needs = t.needs from t where r.cell = :cell and r.id = :job
), e as (
    insert into ended (cell, id, status)
    select :cell, h.parent, h.status from h, v where v.outcome = 0 and h.status is not null order by h.parent limit 1
    on conflict do nothing
), d as (
    insert into count_delta (cell, at, queue, kind, day, n)
    select :cell, :now, array_agg(queue), array_agg(kind), array_agg(day), array_agg(n)
    from (select queue, z.kind::smallint, uuid7_day(id) as day, z.sign as n
          from x, lateral (values (1, -1), (0, 1)) z (kind, sign) where x.kind = 1) g
    having count(*) > 0
)
select v.outcome, (select count(*) from n)::int as added, (select x.queue from x where x.kind = 1) as unscheduled from v

-- name: links_present
-- After a lost reply: whether the dependencies that were asked for are there.
select count(*)::int as present from dependency d
where d.cell = :cell and d.child = :job and d.parent = any (:parents::uuid[])

-- name: signal
-- The signal a step waits for. It starts if nothing else holds it up, and is waited for by parents otherwise.
with r as (
    select * from unnest(:ords::int[], :ids::uuid[], :orgs::int[], :datas::text[], :days::int[]) as t (ord, id, org, data, day)
), g as (
    delete from waiting w using r
    where w.cell = :cell and w.id = r.id and w.org = r.org and w.signal and w.needs <= 0
    returning r.ord, r.data, r.day, w.queue, w.org, w.attempt, w.priority, w.retry_count, w.flags, w.id, w.run_at, w.expires_at, w.workflow
), u as (
    update waiting w set signal = false from r
    where w.cell = :cell and w.id = r.id and w.org = r.org and w.signal and w.needs > 0
    returning r.ord, r.data, w.id, w.workflow
), k as (
    update workflow_step t set signal = x.data, signalled_at = :now
    from (select data, id, workflow from g union all select data, id, workflow from u) x, job j
    where j.cell = :cell and j.id = x.id and t.cell = :cell and t.workflow = x.workflow and t.key = j.step
), s as (
    insert into scheduled (cell, queue, org, attempt, priority, retry_count, flags, id, run_at, expires_at)
    select :cell, queue, org, attempt, priority, retry_count, flags, id, run_at, expires_at from g where run_at > :now
), q as (
    insert into ready (cell, queue, org, attempt, priority, retry_count, flags, id, expires_at)
    select :cell, queue, org, attempt, priority, retry_count, flags, id, expires_at from g where run_at is null or run_at <= :now
), d as (
    insert into count_delta (cell, at, queue, kind, day, n)
    select :cell, :now, array_agg(queue), array_agg(kind), array_agg(day), array_agg(n)
    from (select queue, z.kind::smallint, day, (z.sign * count(*))::int as n
          from g, (values (0, -1), (1, 1)) z (kind, sign) where run_at > :now and retry_count = 0
          group by queue, z.kind, z.sign, day) c
    having count(*) > 0
)
select ord, id, org, queue, case when run_at > :now and retry_count = 0 then 1 else 0 end as kind from g
union all select ord, id, null, null, null from u

-- name: signals_given
-- After a lost reply: which of the jobs have had their signal.
select t.ord from unnest(:ords::int[], :ids::uuid[]) as t (ord, id)
join job j on j.cell = :cell and j.id = t.id
join workflow_step s on s.cell = :cell and s.workflow = j.workflow and s.key = j.step
where s.signalled_at is not null

-- name: hold_rerun
-- The ended jobs of workflows that are run again, in id order, before the workflows are looked at with a fresh snapshot.
select count(*)::int as held from (
    select d.id from (
        select s.job from unnest(:ids::uuid[], :orgs::int[]) as t (id, org)
        join workflow f on f.cell = :cell and f.id = t.id and f.org = t.org and f.status = 4
        join workflow_step s on s.cell = :cell and s.workflow = f.id
        order by s.job) x
    join done d on d.cell = :cell and d.id = x.job
    order by d.id for update of d) held

-- name: rerun_workflows
-- A failed workflow starts over from what did not complete, or as a whole. Not below the floor, and not when one of its
-- jobs was purged. Each job waits for those of its parents that have not completed; a parent outside the workflow that
-- will never complete is put into `ended`, which cancels the job again.
with w as materialized (
    select t.ord, t.whole, f.id from unnest(:ords::int[], :ids::uuid[], :orgs::int[], :wholes::boolean[]) as t (ord, id, org, whole)
    join workflow f on f.cell = :cell and f.id = t.id and f.org = t.org and f.status = 4
    where f.id >= (select floor from cell where cell.cell = :cell)
      and not exists (select 1 from workflow_step s where s.cell = :cell and s.workflow = f.id
                      and not exists (select 1 from job j where j.cell = :cell and j.id = s.job))
), s as materialized (
    select w.ord, w.whole, s.workflow, s.key, s.job, s.waits_for_signal and (w.whole or s.signalled_at is null) as signal
    from w join workflow_step s on s.cell = :cell and s.workflow = w.id
), x as (
    delete from done t using s
    where t.cell = :cell and t.id = s.job and (t.status <> 3 or s.whole)
    returning s.ord, s.whole, s.workflow, s.key, s.signal, t.id, t.org, t.queue, t.attempt, t.status
), p as materialized (
    select x.*, y.parents, y.met
    from x, lateral (
        select count(d.parent) as parents,
               count(o.id) filter (where o.status = 3 and (d.parent in (select id from x)) is not true) as met
        from dependency d left join done o on o.cell = :cell and o.id = d.parent
        where d.cell = :cell and d.child = x.id) y
), n as materialized (
    select p.*, j.priority, case when j.completion_webhook is null then 1 else 3 end as flags, case when j.expires_at > :now then j.expires_at end as expires_at,
           case when p.parents = 0 then 0
                when coalesce(j.any_parent, false) then case when p.met > 0 then 0 else 1 end
                else p.parents - p.met end::smallint as needs
    from p join job j on j.cell = :cell and j.id = p.id
), i as (
    insert into ready (cell, queue, org, attempt, priority, retry_count, flags, id, expires_at)
    select :cell, queue, org, attempt, priority, 0, flags, id, expires_at from n where needs = 0 and not signal
), v as (
    insert into waiting (cell, queue, org, attempt, priority, retry_count, flags, needs, id, expires_at, workflow, signal)
    select :cell, queue, org, attempt, priority, 0, flags, needs, id, expires_at, workflow, signal from n where needs > 0 or signal
), u as (
    update job t set expires_at = null from x where t.cell = :cell and t.id = x.id and t.expires_at <= :now
), z as (
    update workflow_step t set signal = null, signalled_at = null from x
    where t.cell = :cell and t.workflow = x.workflow and t.key = x.key and x.whole and t.signalled_at is not null
), e as (
    insert into ended (cell, id, status)
    select :cell::int, id, 0::smallint from x
    union
    select :cell::int, o.id, o.status from x
    join dependency d on d.cell = :cell and d.child = x.id
    join done o on o.cell = :cell and o.id = d.parent and o.status > 3
    where (o.id in (select id from x)) is not true
    on conflict (cell, id) do update set status = excluded.status, taken = null
), c as (
    insert into count_delta (cell, at, queue, kind, day, n)
    select :cell, :now, array_agg(queue), array_agg(kind), array_agg(day), array_agg(n)
    from (select queue, z.kind::smallint, uuid7_day(id) as day, (z.sign * count(*))::int as n
          from x, lateral (values (x.status::int, -1), (0, 1)) z (kind, sign)
          group by queue, z.kind, z.sign, uuid7_day(id)) g
    having count(*) > 0
)
select ord, id, org, queue, status from n

-- name: cancel_workflow_jobs
-- What does not run is cancelled; what runs may finish, but is not tried again (flag 4).
with r as materialized (
    select s.job as id from unnest(:ids::uuid[], :orgs::int[]) as t (id, org)
    join workflow f on f.cell = :cell and f.id = t.id and f.org = t.org and f.status = 0
    join workflow_step s on s.cell = :cell and s.workflow = f.id
    order by s.job
), j as (
    select r.id, j.queue, j.priority from r join job j on j.cell = :cell and j.id = r.id
), l as (
    update lease t set flags = t.flags | 4::smallint from r where t.cell = :cell and t.id = r.id
), a as (
    delete from ready t using j
    where t.cell = :cell and t.queue = j.queue and t.priority = j.priority and t.id = j.id
    returning t.id, t.org, t.queue, t.attempt, t.retry_count, 0 as kind
), b as (
    delete from scheduled t using r
    where t.cell = :cell and t.id = r.id
    returning t.id, t.org, t.queue, t.attempt, t.retry_count, case when t.retry_count > 0 then 0 else 1 end as kind
), c as (
    delete from waiting t using r
    where t.cell = :cell and t.id = r.id
    returning t.id, t.org, t.queue, t.attempt, t.retry_count, 0 as kind
), x as (
    select * from a union all select * from b union all select * from c
), o as (
    insert into done (cell, queue, org, attempt, status, retry_count, id, completed_at, last_error)
    select :cell, queue, org, attempt, 6, retry_count, id, :now, 'the workflow was cancelled' from x
), e as (
    insert into ended (cell, id, status) select :cell, id, 6 from x
    on conflict (cell, id) do update set status = excluded.status, taken = null
), v as (
    insert into outbox (cell, at, subject, event, org, queue, status, retry_count, error)
    select :cell, :now, id, 'job.cancelled', org, queue, kind, retry_count, 'the workflow was cancelled' from x
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

-- name: hold_workflows
-- Workflows whose jobs this batch ended or brought back, and those it cancels, locked in id order. The statements after
-- it see what other nodes did to them before.
select count(*)::int as held from (
    select f.id from (
        select j.workflow as id from ended e join job j on j.cell = :cell and j.id = e.id
        where e.cell = :cell and e.taken = pg_backend_pid() and j.workflow is not null
        union
        select t.id from unnest(:ids::uuid[]) as t (id)) x
    join workflow f on f.cell = :cell and f.id = x.id
    order by f.id for update of f) held

-- name: close_workflows
-- Cancelled, with the figures of this instant, which stay.
update workflow f
set status = 6, completed_at = :now, updated_at = :now, completed_jobs = y.completed, failed_jobs = y.failed,
    open_jobs = y.open, started_at = coalesce(f.started_at, y.started)
from unnest(:ords::int[], :ids::uuid[], :orgs::int[]) as t (ord, id, org), lateral workflow_tally(:cell, t.id) y
where f.cell = :cell and f.id = t.id and f.org = t.org and f.status = 0
returning t.ord

-- name: settle_workflows
-- The figures are a recount, so nothing can make them drift. A cancelled workflow keeps its own; only what is still
-- open of it is followed. Jobs of this batch's `ended` are heard of with this.
with e as (
    delete from ended where cell = :cell and taken = pg_backend_pid() returning id
), w as (
    select distinct j.workflow as id from e join job j on j.cell = :cell and j.id = e.id where j.workflow is not null
), n as materialized (
    select w.id, y.* from w, lateral workflow_tally(:cell, w.id) y
)
update workflow f
set completed_jobs = case f.status when 6 then f.completed_jobs else n.completed end,
    failed_jobs = case f.status when 6 then f.failed_jobs else n.failed end,
    open_jobs = n.open,
    started_at = coalesce(f.started_at, n.started),
    status = case when f.status = 6 then 6 when n.open > 0 then 0 when n.failed > 0 then 4
                  when n.completed = f.total_jobs then 3 else 6 end,
    completed_at = case when f.status = 6 then f.completed_at when n.open > 0 then null else coalesce(f.completed_at, :now) end,
    updated_at = :now
from n where f.cell = :cell and f.id = n.id

-- name: cancelled_workflows
-- After a lost reply: which of the workflows are cancelled now.
select t.ord from unnest(:ords::int[], :ids::uuid[], :orgs::int[]) as t (ord, id, org)
join workflow f on f.cell = :cell and f.id = t.id and f.org = t.org where f.status = 6 and f.completed_at = :now

-- name: rerun_since
-- After a lost reply: which of the workflows are open again.
select t.ord from unnest(:ords::int[], :ids::uuid[], :orgs::int[]) as t (ord, id, org)
join workflow f on f.cell = :cell and f.id = t.id and f.org = t.org where f.status <> 4
