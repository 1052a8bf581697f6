-- Schedules as people make and change them, and those that are due. Their runs are made by the engine's schedules.sql.

-- name: list
-- One of them by id, or those of a key's queues, newest first.
select id, name, description, cron_expression, timezone, queue_name, payload_template, priority, max_retries, timeout_seconds,
       tags::text as tags, metadata::text as metadata, is_active, catch_up, overlap, jitter_seconds, last_run_at, next_run_at,
       run_count, created_at, updated_at, org
from schedule
where cell = :cell and org = :org and (:id::uuid is null or id = :id::uuid)
  and (:queue_name::text is null or queue_name = :queue_name::text)
  and (:is_active::boolean is null or is_active = :is_active::boolean)
  and (:all or queue_name = any (:queues::text[]))
order by id desc
limit :limit offset :offset

-- name: store
-- A new schedule, or all of what a known one is now.
insert into schedule (cell, id, org, name, description, cron_expression, timezone, queue_name, payload_template, priority,
                      max_retries, timeout_seconds, tags, metadata, is_active, catch_up, overlap, jitter_seconds, zone_rules,
                      next_run_at, created_at, updated_at)
values (:cell, :id, :org, :name, :description::text, :cron_expression, :timezone, :queue_name, :payload_template, :priority,
        :max_retries, :timeout_seconds, :tags::text::jsonb, :metadata::text::jsonb, :is_active, :catch_up, :overlap,
        :jitter_seconds, :zone_rules::text, :next_run_at, :now, :now)
on conflict (cell, id) do update
set name = excluded.name, description = excluded.description, cron_expression = excluded.cron_expression,
    timezone = excluded.timezone, queue_name = excluded.queue_name, payload_template = excluded.payload_template,
    priority = excluded.priority, max_retries = excluded.max_retries, timeout_seconds = excluded.timeout_seconds,
    tags = excluded.tags, metadata = excluded.metadata, is_active = excluded.is_active, catch_up = excluded.catch_up,
    overlap = excluded.overlap, jitter_seconds = excluded.jitter_seconds, zone_rules = excluded.zone_rules,
    next_run_at = case when :moved then excluded.next_run_at else schedule.next_run_at end, updated_at = :now
where schedule.org = :org

-- name: lock
select id from schedule where cell = :cell and org = :org and id = :id for update

-- name: delete
delete from schedule where cell = :cell and org = :org and id = :id

-- name: runs
-- A run that made a job stands as its job does, for as long as there is one.
select r.id, r.job, r.manual, r.skipped, r.error_message, r.started_at, r.occurrence,
       case when r.job is null or j.id is null then r.status
            when d.status = 3 then 'completed'
            when d.status is not null then 'failed'
            when l.id is not null then 'running'
            else 'pending' end as status,
       case when r.job is null or j.id is null then r.completed_at else d.completed_at end as completed_at,
       case when d.status > 3 then coalesce(d.last_error, case d.status when 6 then 'the job was cancelled' end) end as job_error
from schedule_run r
left join lateral (select id from job where cell = :cell and id = r.job limit 1) j on true
left join lateral (select status, completed_at, last_error from done where cell = :cell and id = r.job limit 1) d on true
left join lateral (select id from lease where cell = :cell and id = r.job limit 1) l on true
where r.cell = :cell and r.org = :org and r.schedule = :id and (r.started_at >= :kept or r.completed_at is null)
order by r.started_at desc, r.occurrence desc
limit :limit

-- name: due
-- Of all organizations, the longest due first.
select s.id, s.name, s.description, s.cron_expression, s.timezone, s.queue_name, s.payload_template, s.priority, s.max_retries,
       s.timeout_seconds, s.tags::text as tags, s.metadata::text as metadata, s.is_active, s.catch_up, s.overlap,
       s.jitter_seconds, s.last_run_at, s.next_run_at, s.run_count, s.created_at, s.updated_at, s.org,
       o.public_id as organization
from schedule s join organization o on o.id = s.org
where s.cell = :cell and s.is_active and s.next_run_at <= :now and o.deleted_at is null
  and not exists (select 1 from departed t where t.cell = :cell and t.org = s.org)
order by s.next_run_at limit :limit

-- name: still_running
-- Whether a run before has a job that has not ended.
select 1 as one from (
    select r.job from schedule_run r where r.cell = :cell and r.schedule = :id and r.job is not null
    order by r.occurrence desc limit 10) x
join job j on j.cell = :cell and j.id = x.job
where not exists (select 1 from done d where d.cell = :cell and d.id = x.job)

-- name: of_old_rules
-- Schedules whose next occurrence was reckoned with other time-zone rules.
select s.id, s.cron_expression, s.timezone, s.next_run_at from schedule s
where s.cell = :cell and s.is_active and s.zone_rules is distinct from :zone_rules and s.next_run_at > :now
order by s.id limit :limit

-- name: follow_rules
update schedule set next_run_at = :next_run_at, zone_rules = :zone_rules
where cell = :cell and id = :id and next_run_at = :expected
