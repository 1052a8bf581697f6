-- A move of an organization from one cell to another.

-- name: find
select o.id, o.slug, o.cell, o.deleted_at is not null as deleted, m.origin, m.target, m.state
from organization o left join organization_move m on m.org = o.id
where o.slug = :text or o.public_id::text = :text

-- name: begin_move
insert into organization_move (org, origin, target, state, begun_at, mover)
values (:org, :origin, :target, 'copying', now(), :mover)

-- name: take_over
-- From then on nobody else moves it, even one who lives still and has lost its lock unawares.
update organization_move set mover = :mover where org = :org

-- name: whose
-- Who moves it now, if anybody does, and where it lives.
select o.cell, m.org is not null as moving, m.mover
from organization o left join organization_move m on m.org = o.id where o.id = :org

-- name: movers
-- Moves that have begun and not ended, and whether a process holds their lock (the 64 bits of the key are in two halves).
select m.org, o.public_id::text as organization, m.mover,
       case m.state when 'switched' then m.target else m.origin end as home,
       exists (
           select 1 from pg_locks l
           where l.locktype = 'advisory' and l.objsubid = 1 and l.granted
             and l.database = (select d.oid from pg_database d where d.datname = current_database())
             and (l.classid::bigint << 32 | l.objid::bigint) = hashtextextended('spooled.cell_move', m.org)) as held
from organization_move m join organization o on o.id = m.org

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
with m as (update organization_move set state = 'switched' where org = :org and mover = :mover returning org)
update organization set cell = :target, updated_at = greatest(updated_at, now()) where id in (select org from m)

-- name: end_move
delete from organization_move where org = :org and mover = :mover

-- name: live_nodes
select id, name from node where seen_at > now() - interval '20 seconds'

-- name: some_jobs
select id from job_by_queue where cell = :cell and org = :org order by id limit :limit

-- name: forget_resident
delete from organization where id = :org and cell = :cell
