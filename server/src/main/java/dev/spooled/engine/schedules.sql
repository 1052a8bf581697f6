-- Occurrences of schedules become jobs. The rules of engine.sql hold here.

-- name: hold_schedules
-- In id order, before they are looked at with a fresh snapshot: another node may be firing the same.
select count(*)::int as held from (
    select s.id from unnest(:schedules::uuid[]) as t (id) join schedule s on s.cell = :cell and s.id = t.id
    order by s.id for update of s) held

-- name: fire_schedules
-- The run, its job and the next occurrence in one step. An occurrence is fired once: only while the schedule is active and
-- still stands where it was read (`expected`), and never twice by the key of `schedule_run`. A manual run leaves the next
-- occurrence. A run without a queue has no job: it failed, or was skipped, for the reason given.
with i as materialized (
    select * from unnest(:ids::uuid[], :orgs::int[], :queues::int[], :timeouts::int[], :priorities::smallint[],
                         :max_retries::smallint[], :payloads::text[], :run_ats::timestamptz[], :expires_ats::timestamptz[],
                         :tags::text[], :webhooks::text[], :backoffs::text[], :traces::text[], :days::int[],
                         :ords::int[], :schedules::uuid[], :run_ids::uuid[], :occurrences::timestamptz[],
                         :expecteds::timestamptz[], :nexts::timestamptz[], :manuals::boolean[], :skippeds::int[], :errors::text[])
        as t (id, org, queue, timeout_seconds, priority, max_retries, payload, run_at, expires_at, tags, webhook, backoff, trace,
              day, ord, schedule, run_id, occurrence, expected, next, manual, skipped, error)
), g as materialized (
    select i.* from i join schedule s on s.cell = :cell and s.id = i.schedule and s.org = i.org
    where i.manual or s.is_active and s.next_run_at = i.expected
), r as (
    insert into schedule_run (cell, schedule, occurrence, id, org, job, status, manual, skipped, error_message, started_at,
                              completed_at)
    select :cell, i.schedule, coalesce(i.occurrence, :now), i.run_id, i.org, case when i.error is null then i.id end,
           case when i.error is null then 'completed' else 'failed' end, i.manual, i.skipped, i.error, :now, :now
    from g i
    on conflict (cell, schedule, occurrence) do nothing
    returning id
), n as materialized (
    select g.* from g join r on r.id = g.run_id
), u as (
    update schedule s
    set next_run_at = case when x.manual then s.next_run_at else x.next end,
        last_run_at = case when x.fired then :now else s.last_run_at end,
        run_count = s.run_count + case when x.fired then 1 else 0 end
    from (select g.schedule, g.manual, g.next, g.error is null and r.id is not null as fired
          from g left join r on r.id = g.run_id) x
    where s.cell = :cell and s.id = x.schedule
), m as materialized (
    select n.*, run_at > :now as later from n where error is null
), j as (
    insert into job (id, cell, org, queue, timeout_seconds, priority, max_retries, payload, run_at, expires_at, tags,
                     completion_webhook, backoff, trace)
    select id, :cell, org, queue, timeout_seconds, priority, max_retries, payload, run_at, expires_at, tags::jsonb,
           webhook, backoff::jsonb, trace from m
), w as (
    insert into scheduled (cell, queue, org, attempt, priority, retry_count, flags, id, run_at, expires_at)
    select :cell, queue, org, 0, priority, 0, 0, id, run_at, expires_at from m where later
), q as (
    insert into ready (cell, queue, org, attempt, priority, retry_count, flags, id, expires_at)
    select :cell, queue, org, 0, priority, 0, 0, id, expires_at from m where later is not true
), v as (
    insert into outbox (cell, at, subject, event, org, queue, status)
    select :cell, :now, id, 'job.created', org, queue, case when later then 1 else 0 end from m
    where :hooked::boolean and exists (
        select 1 from subscription h where h.cell = :cell and h.org = m.org and h.enabled and 'job.created' = any (h.events))
), t as (
    insert into outbox (cell, at, subject, event, org, detail)
    select :cell, :now, s.id, 'schedule.triggered', m.org,
           json_build_object('schedule_id', s.id, 'name', s.name, 'job_id', m.id, 'queue_name', s.queue_name)::text
    from m join schedule s on s.cell = :cell and s.id = m.schedule
    where :hooked::boolean and exists (
        select 1 from subscription h where h.cell = :cell and h.org = m.org and h.enabled and 'schedule.triggered' = any (h.events))
), d as (
    insert into count_delta (cell, at, queue, kind, day, n)
    select :cell, :now, array_agg(queue), array_agg(kind), array_agg(day), array_agg(n)
    from (select queue, z.kind::smallint, day, count(*)::int as n
          from m, lateral (values (case when later then 1 else 0 end), (10)) z (kind) group by queue, z.kind, day) g
    having count(*) > 0
)
select ord, error is null as fired, case when run_at > :now then 1 else 0 end as kind from n

-- name: runs_present
-- After a lost reply: which of the runs minted for a batch are there.
select t.ord from unnest(:ords::int[], :schedules::uuid[], :run_ids::uuid[]) as t (ord, schedule, run_id)
where exists (select 1 from schedule_run r where r.cell = :cell and r.schedule = t.schedule and r.id = t.run_id
              and r.started_at = :now)
