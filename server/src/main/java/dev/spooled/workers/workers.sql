-- Workers as they registered and last reported. Leases are not looked at here and never touched.

-- name: list
-- One that has been silent too long is offline, whether or not the chore has come by to write it down.
select id, queue_name, hostname, worker_type, max_concurrency, current_jobs,
       case when last_heartbeat <= :silent_since then 'offline' else status end as status,
       metadata::text as metadata, version, registered_at, last_heartbeat, updated_at
from worker
where cell = :cell and org = :org and (:all or queue_name = any (:queues::text[]))
order by last_heartbeat desc, id
limit :limit offset :offset

-- name: get
select id, queue_name, hostname, worker_type, max_concurrency, current_jobs,
       case when last_heartbeat <= :silent_since then 'offline' else status end as status,
       metadata::text as metadata, version, registered_at, last_heartbeat, updated_at
from worker
where cell = :cell and org = :org and id = :id

-- name: register
-- Registering again is what a restarted worker does: it says anew what it is, and since when stays.
with w as (
    insert into worker (cell, org, id, queue_name, hostname, worker_type, max_concurrency, metadata, version,
                        registered_at, last_heartbeat, updated_at)
    values (:cell, :org, :id, :queue_name, :hostname, :worker_type::text, :max_concurrency, :metadata::text::jsonb,
            :version::text, :now, :now, :now)
    on conflict (cell, org, id) do update
    set queue_name = excluded.queue_name, hostname = excluded.hostname, worker_type = excluded.worker_type,
        max_concurrency = excluded.max_concurrency, metadata = excluded.metadata, version = excluded.version,
        status = 'healthy', current_jobs = 0, last_heartbeat = :now, updated_at = :now
    returning id, queue_name, hostname, xmax = 0 as made
)
insert into outbox (cell, at, subject, event, org, detail)
select :cell, :now, gen_random_uuid(), 'worker.registered', :org,
       json_build_object('worker_id', id, 'queue_name', queue_name, 'hostname', hostname)::text
from w
where made and exists (
    select 1 from subscription h where h.cell = :cell and h.org = :org and h.enabled and 'worker.registered' = any (h.events))

-- name: heartbeat
-- What is null stays as it was, except that a worker that reports is offline no more.
update worker
set status = coalesce(:status::text, case when status = 'offline' then 'healthy' else status end),
    current_jobs = coalesce(:current_jobs::int, current_jobs),
    metadata = coalesce(:metadata::text::jsonb, metadata),
    last_heartbeat = :now, updated_at = :now
where cell = :cell and org = :org and id = :id

-- name: deregister
with was as materialized (
    select id, queue_name, hostname, status from worker where cell = :cell and org = :org and id = :id for update
), v as (
    insert into outbox (cell, at, subject, event, org, detail)
    select :cell, :now, gen_random_uuid(), 'worker.deregistered', :org,
           json_build_object('worker_id', id, 'queue_name', queue_name, 'hostname', hostname)::text
    from was
    where status <> 'offline' and exists (
        select 1 from subscription h where h.cell = :cell and h.org = :org and h.enabled and 'worker.deregistered' = any (h.events))
)
update worker w set status = 'offline', current_jobs = 0, updated_at = :now
from was
where w.cell = :cell and w.org = :org and w.id = was.id

-- name: mark_silent
with was as materialized (
    select org, id, queue_name, hostname from worker
    where cell = :cell and status <> 'offline' and last_heartbeat <= :silent_since
    limit :limit for update skip locked
), v as (
    insert into outbox (cell, at, subject, event, org, detail)
    select :cell, :now, gen_random_uuid(), 'worker.deregistered', was.org,
           json_build_object('worker_id', was.id, 'queue_name', was.queue_name, 'hostname', was.hostname,
                             'reason', 'no heartbeat for two minutes')::text
    from was
    where exists (
        select 1 from subscription h
        where h.cell = :cell and h.org = was.org and h.enabled and 'worker.deregistered' = any (h.events))
)
update worker w set status = 'offline', updated_at = :now
from was
where w.cell = :cell and w.org = was.org and w.id = was.id
returning w.org, w.id

-- name: forget_gone
-- Ids of workers that are long gone become free again.
delete from worker
where ctid = any (array (
    select ctid from worker
    where cell = :cell and status = 'offline' and last_heartbeat <= :gone_since
    limit :limit for update skip locked))
