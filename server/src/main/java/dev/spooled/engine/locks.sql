-- Rows that a batch will change, locked before it changes any: one kind of row after the other, each in id order. A batch
-- changes them command by command, and so in an order of its own (LockOrder).

-- name: lock_links
-- New dependencies of an organization are made one after the other, so that two cannot close a circle.
select pg_advisory_xact_lock(hashtextextended('spooled.links', :org::int))

-- name: lock_leases
with r as materialized (
    select :cell::int as cell, unnest(:ids::uuid[]) as id
    union select :cell::int, s.job from unnest(:workflows::uuid[]) as f (id)
        join workflow_step s on s.cell = :cell and s.workflow = f.id
)
select count(*)::int as held from (
    select t.id from r join lease t on t.cell = any (array[r.cell]) and t.id = r.id order by t.id for update of t) held

-- name: lock_scheduled
with r as materialized (
    select :cell::int as cell, unnest(:ids::uuid[]) as id
    union select :cell::int, s.job from unnest(:workflows::uuid[]) as f (id)
        join workflow_step s on s.cell = :cell and s.workflow = f.id
)
select count(*)::int as held from (
    select t.id from r join scheduled t on t.cell = any (array[r.cell]) and t.id = r.id order by t.id for update of t) held

-- name: lock_ready
with r as materialized (
    select :cell::int as cell, unnest(:ids::uuid[]) as id
    union select :cell::int, s.job from unnest(:workflows::uuid[]) as f (id)
        join workflow_step s on s.cell = :cell and s.workflow = f.id
), j as materialized (
    select r.cell, j.id, j.queue, j.priority from r join job j on j.cell = any (array[r.cell]) and j.id = r.id
)
select count(*)::int as held from (
    select t.id from j join ready t
        on t.cell = any (array[j.cell]) and t.queue = j.queue and t.priority = j.priority and t.id = j.id
    order by t.id for update of t) held

-- name: lock_done
with r as materialized (
    select :cell::int as cell, unnest(:ids::uuid[]) as id
    union select :cell::int, s.job from unnest(:workflows::uuid[]) as f (id)
        join workflow_step s on s.cell = :cell and s.workflow = f.id
)
select count(*)::int as held from (
    select t.id from r join done t on t.cell = any (array[r.cell]) and t.id = r.id order by t.id for update of t) held

-- name: lock_waiting
with r as materialized (
    select :cell::int as cell, unnest(:ids::uuid[]) as id
    union select :cell::int, s.job from unnest(:workflows::uuid[]) as f (id)
        join workflow_step s on s.cell = :cell and s.workflow = f.id
)
select count(*)::int as held from (
    select t.id from r join waiting t on t.cell = any (array[r.cell]) and t.id = r.id order by t.id for update of t) held
