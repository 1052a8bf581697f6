-- A move of an organization from one cell to another.

-- name: find
select o.id, o.slug, o.cell, o.deleted_at is not null as deleted, m.origin, m.target, m.state
from organization o left join organization_move m on m.org = o.id
where o.slug = :text or o.public_id::text = :text

-- name: begin_move
insert into organization_move (org, origin, target, state, begun_at) values (:org, :origin, :target, 'copying', now())

-- name: leave
insert into departed (cell, org, since) values (:cell, :org, now()) on conflict (cell, org) do nothing

-- name: stay
delete from departed where cell = :cell and org = :org

-- name: count_move
-- Every lane of the cell looks again who is worked here before its next batch commits.
update cell set moves = moves + 1 where cell = :cell

-- name: none_inside
-- Granted when no transaction of the organization is under way that began before it left.
select pg_advisory_xact_lock(hashtextextended('spooled.enter', :org::int))

-- name: switch_move
-- From this commit on it lives there.
with m as (update organization_move set state = 'switched' where org = :org)
update organization set cell = :target, updated_at = greatest(updated_at, now()) where id = :org

-- name: end_move
delete from organization_move where org = :org

-- name: live_nodes
select id, name from node where seen_at > now() - interval '20 seconds'

-- name: some_jobs
select id from job_by_queue where cell = :cell and org = :org order by id limit :limit

-- name: forget_resident
delete from organization where id = :org and cell = :cell
