-- name: powers
-- What the role of this transaction can do beyond its grants; a row each.
select 'the connection acts as ' || current_user || ', not as spooled_tenant' as fault
 where current_user <> 'spooled_tenant'
union all
select rolname || ' is a superuser, bypasses row security or makes roles'
  from pg_roles
 where rolname = 'spooled_tenant' and (rolsuper or rolbypassrls or rolcreaterole or rolcreatedb)
union all
select 'spooled_tenant owns something in this cluster'
 where exists (select 1 from pg_shdepend
                where deptype = 'o' and refclassid = 'pg_authid'::regclass
                  and refobjid = (select oid from pg_roles where rolname = 'spooled_tenant'))
union all
select 'spooled_tenant is a member of ' || roleid::regrole
  from pg_auth_members
 where member = (select oid from pg_roles where rolname = 'spooled_tenant')

-- name: unguarded
-- Tables the tenant role has any right on while row security is not on and forced. Partitions are named too: rights on
-- one would be a way around its parent's policy.
select c.oid::regclass::text as name
  from pg_class c
 where c.relnamespace = 'spooled'::regnamespace and c.relkind in ('r', 'p')
   and has_table_privilege('spooled_tenant', c.oid, 'select, insert, update, delete, truncate')
   and (c.relispartition or not (c.relrowsecurity and c.relforcerowsecurity))

-- name: reachable
-- The tables whose emptiness without a tenant is then looked at.
select quote_ident(n.nspname) || '.' || quote_ident(c.relname) as name
  from pg_class c join pg_namespace n on n.oid = c.relnamespace
 where n.nspname = 'spooled' and c.relkind in ('r', 'p')
   and has_table_privilege('spooled_tenant', c.oid, 'select')
