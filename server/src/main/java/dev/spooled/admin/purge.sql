-- Taking a deleted organization apart, a bounded number of rows at a time. Its jobs that have not ended are cancelled by
-- the lane first; what is left are facts nobody can see any more.

-- name: due
select id, public_id, slug from organization where purge_at <= :now order by purge_at limit 1

-- name: open_jobs
-- Jobs that wait for something, by the queues of the organization.
with own as materialized (select id from queue where cell = :cell and org = :org)
(select r.id from own q, lateral (select id from ready where cell = :cell and queue = q.id limit :limit) r limit :limit)
union all
(select s.id from own q, lateral (select id from scheduled where cell = :cell and queue = q.id and retry_count = 0 limit :limit) s limit :limit)
union all
(select s.id from own q, lateral (select id from scheduled where cell = :cell and queue = q.id and retry_count > 0 limit :limit) s limit :limit)
union all
(select w.id from own q, lateral (select id from waiting where cell = :cell and queue = q.id limit :limit) w limit :limit)
limit :limit

-- name: is_running
select 1 from lease where cell = :cell and org = :org limit 1

-- name: some_jobs
select id from job_by_queue where cell = :cell and org = :org order by id limit :limit

-- name: drop_done
delete from done where cell = :cell and id = any (:ids::uuid[]) and org = :org

-- name: drop_attempts
delete from attempt where cell = :cell and job = any (:ids::uuid[]) and org = :org

-- name: drop_progress
delete from progress where cell = :cell and id = any (:ids::uuid[]) and org = :org

-- name: drop_dependencies
delete from dependency where cell = :cell and parent = any (:ids::uuid[]) and org = :org

-- name: drop_jobs
delete from job where cell = :cell and id = any (:ids::uuid[]) and org = :org

-- name: drop_listing
delete from job_by_queue where cell = :cell and org = :org and id = any (:ids::uuid[])

-- name: drop_keys
delete from idem where cell = :cell and org = :org
  and key in (select key from idem where cell = :cell and org = :org limit :limit)

-- name: drop_tags
delete from job_tag where cell = :cell and org = :org
  and (tag, id) in (select tag, id from job_tag where cell = :cell and org = :org limit :limit)

-- name: drop_steps
delete from workflow_step where cell = :cell and org = :org
  and workflow in (select id from workflow where cell = :cell and org = :org order by id desc limit :some)

-- name: drop_workflows
delete from workflow where cell = :cell and org = :org
  and id in (select id from workflow where cell = :cell and org = :org order by id desc limit :some)

-- name: drop_runs
delete from schedule_run where cell = :cell
  and (schedule, occurrence) in (
      select r.schedule, r.occurrence from schedule s
      join schedule_run r on r.cell = :cell and r.schedule = s.id
      where s.cell = :cell and s.org = :org limit :limit)

-- name: drop_schedules
delete from schedule where cell = :cell and org = :org
  and id in (select id from schedule where cell = :cell and org = :org limit :limit)

-- name: drop_deliveries
delete from delivery where cell = :cell and org = :org
  and id in (select d.id from subscription s
             join delivery d on d.cell = :cell and d.target = s.id::text
             where s.cell = :cell and s.org = :org limit :limit)

-- name: drop_reports
-- Deliveries of jobs' own webhooks.
delete from delivery where cell = :cell and org = :org
  and id in (select d.id from delivery d
             where d.cell = :cell and d.target > 'job:' || :org::int || ':' and d.target < 'job:' || :org::int || ';' limit :limit)

-- name: drop_subscriptions
delete from subscription where cell = :cell and org = :org
  and id in (select id from subscription where cell = :cell and org = :org limit :limit)

-- name: drop_outbox
delete from outbox where cell = :cell and org = :org and (subject, event, at) in (
    select subject, event, at from outbox where cell = :cell and org = :org limit :limit)

-- name: drop_received
delete from webhook_in where cell = :cell and id in (select id from webhook_in where cell = :cell and org = :org limit :limit)

-- name: drop_hours
delete from flow_hour where cell = :cell and org = :org and (queue, kind, hour) in (
    select queue, kind, hour from flow_hour where cell = :cell and org = :org limit :limit)

-- name: drop_minutes
delete from flow_minute where cell = :cell and org = :org and (queue, kind, minute) in (
    select queue, kind, minute from flow_minute where cell = :cell and org = :org limit :limit)

-- name: drop_counts
delete from count where cell = :cell and org = :org and (queue, kind, day) in (
    select queue, kind, day from count where cell = :cell and org = :org limit :limit)

-- name: drop_rates
delete from queue_rate where cell = :cell
  and queue in (select q.id from queue q where q.cell = :cell and q.org = :org limit :limit)

-- name: drop_queues
delete from queue where cell = :cell and org = :org
  and id in (select id from queue where cell = :cell and org = :org limit :limit)

-- name: drop_workers
delete from worker where cell = :cell and org = :org
  and id in (select id from worker where cell = :cell and org = :org limit :limit)

-- name: drop_usage
delete from usage where cell = :cell and org = :org

-- name: drop_audit
delete from audit where cell = :cell and org = :org
  and id in (select id from audit where cell = :cell and org = :org order by id desc limit :limit)

-- name: drop_families
delete from refresh_family where org = :org

-- name: drop_members
delete from member where org = :org

-- name: drop_api_keys
delete from api_key where org = :org and id in (select id from api_key where org = :org limit :limit)

-- name: drop_provider_secrets
delete from provider_secret where org = :org

-- name: drop_moves
delete from organization_move where org = :org

-- name: drop_departure
delete from departed where cell = :cell and org = :org

-- name: drop_organization
delete from organization where id = :org and purge_at <= :now
