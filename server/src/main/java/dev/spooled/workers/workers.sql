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
insert into worker (cell, org, id, queue_name, hostname, worker_type, max_concurrency, metadata, version,
                    registered_at, last_heartbeat, updated_at)
values (:cell, :org, :id, :queue_name, :hostname, :worker_type::text, :max_concurrency, :metadata::text::jsonb,
        :version::text, :now, :now, :now)
on conflict (cell, org, id) do update
set queue_name = excluded.queue_name, hostname = excluded.hostname, worker_type = excluded.worker_type,
    max_concurrency = excluded.max_concurrency, metadata = excluded.metadata, version = excluded.version,
    status = 'healthy', current_jobs = 0, last_heartbeat = :now, updated_at = :now

-- name: heartbeat
-- What is null stays as it was, except that a worker that reports is offline no more.
update worker
set status = coalesce(:status::text, case when status = 'offline' then 'healthy' else status end),
    current_jobs = coalesce(:current_jobs::int, current_jobs),
    metadata = coalesce(:metadata::text::jsonb, metadata),
    last_heartbeat = :now, updated_at = :now
where cell = :cell and org = :org and id = :id

-- name: deregister
update worker set status = 'offline', current_jobs = 0, updated_at = :now
where cell = :cell and org = :org and id = :id

-- name: mark_silent
update worker set status = 'offline', updated_at = :now
where ctid = any (array (
    select ctid from worker
    where cell = :cell and status <> 'offline' and last_heartbeat <= :silent_since
    limit :limit for update skip locked))
returning org, id

-- name: forget_gone
-- Ids of workers that are long gone become free again.
delete from worker
where ctid = any (array (
    select ctid from worker
    where cell = :cell and status = 'offline' and last_heartbeat <= :gone_since
    limit :limit for update skip locked))
