-- Workflows at work: steps that wait for a signal, figures that are always a recount, lists by status.

-- A step that waits for a signal starts when its parents allow it and the signal has come. What the signal brought is
-- kept with the step; `waits_for_signal` stays, so that a workflow that is run again waits again.
alter table waiting add column signal boolean not null default false;
alter table workflow_step add column waits_for_signal boolean not null default false;
alter table workflow_step add column signal text;
alter table workflow_step add column signalled_at timestamptz;

-- When its first job that has ended was started. A workflow none of whose jobs has ended is looked at job by job.
-- status: 0 open (pending or running), 3 completed, 4 failed, 6 cancelled.
alter table workflow add column started_at timestamptz;

create index workflow_by_status on workflow (cell, org, status, id desc);
create index workflow_open on workflow (cell, id) where open_jobs > 0;

-- How the jobs of a workflow stand. A job that is gone was a dead letter that somebody purged.
create function workflow_tally(p_cell int, p_workflow uuid)
    returns table (completed int, failed int, open int, started timestamptz)
    language sql stable parallel safe
    as $$
select count(*) filter (where d.status = 3)::int,
       count(*) filter (where d.status in (4, 5) or d.id is null and j.id is null)::int,
       count(*) filter (where d.id is null and j.id is not null)::int,
       min(d.started_at)
from workflow_step s
left join done d on d.cell = p_cell and d.id = s.job
left join job j on d.id is null and j.cell = p_cell and j.id = s.job
where s.cell = p_cell and s.workflow = p_workflow
$$;
