-- Who lives where, and how a database becomes that of a cell.

-- name: home
select cell from organization where id = :org

-- name: homes
select id, cell from organization where id = any (:orgs::int[])

-- name: moving
-- Organizations on the move: who remembers where they live looks again.
select org from organization_move

-- name: register
-- In the directory: a cell whose rows lie elsewhere.
insert into cell (cell, name, here) values (:home, 'cell ' || :home::int, false) on conflict (cell) do nothing

-- name: hold_adoption
select pg_advisory_xact_lock(hashtextextended('spooled.adopt', 0))

-- name: adopted_by
select cell, installation from cell where installation is not null

-- name: in_use
select 1 as one from organization limit 1

-- name: adopt
insert into cell (cell, name, installation) values (:cell, 'cell ' || :cell::int, :installation)
on conflict (cell) do update set here = true, installation = excluded.installation

-- name: no_other
update cell set here = false where cell <> :cell

-- name: open_list
insert into list_mark (cell) values (:cell) on conflict (cell) do nothing

-- name: number_queues
select number_queues(:cell) as first

-- name: residents
-- What a cell has to know of those who live in it. Secrets, people and keys stay in the directory.
select coalesce(jsonb_agg(to_jsonb(o)), '[]')::text as rows, count(*)::int as n, coalesce(max(o.id), 0)::int as last
from (
    select id, public_id, cell, name, public_id::text as slug, plan_tier, billing_email, custom_limits, strict_leases,
           created_at, updated_at, deleted_at, purge_at, usage_reset_at
    from organization
    where (cell = :home and :org::int is null or id = :org::int) and updated_at > :since and id > :after
    order by id limit :limit) o

-- name: settle_in
insert into organization (id, public_id, cell, name, slug, plan_tier, billing_email, custom_limits, strict_leases, created_at,
                          updated_at, deleted_at, purge_at, usage_reset_at)
overriding system value
select id, public_id, :cell, name, slug, plan_tier, billing_email, custom_limits, strict_leases, created_at, updated_at, deleted_at,
       purge_at, usage_reset_at
from jsonb_populate_recordset(null::organization, :rows::text::jsonb)
on conflict (id) do update
set name = excluded.name, plan_tier = excluded.plan_tier, billing_email = excluded.billing_email,
    custom_limits = excluded.custom_limits, strict_leases = excluded.strict_leases, updated_at = excluded.updated_at,
    deleted_at = excluded.deleted_at, purge_at = excluded.purge_at, usage_reset_at = excluded.usage_reset_at
where organization.updated_at <= excluded.updated_at
