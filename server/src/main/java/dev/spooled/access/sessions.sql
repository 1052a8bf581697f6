-- Tokens: who stands behind one, and which of them hold no longer.

-- name: key_behind
-- The key a token was minted from, as it is now, if it, its organization, the token and its family are in force.
select k.id, k.org, k.queues, k.scopes, k.rate_limit, k.expires_at, o.public_id, o.strict_leases
from api_key k
join organization o on o.id = k.org
where k.id = :actor and o.public_id = :organization and k.is_active and o.deleted_at is null
  and not exists (select 1 from revoked_token r where r.jti in (:jti, :family))

-- name: person_behind
-- As above for a person, who acts as a member of the organization.
select m.app_user as id, m.org, m.role, o.public_id, o.strict_leases
from member m
join organization o on o.id = m.org
where m.app_user = :actor and o.public_id = :organization and o.deleted_at is null
  and not exists (select 1 from revoked_token r where r.jti in (:jti, :family))

-- name: revoke
-- The id of a token or of a whole family.
insert into revoked_token (jti, expires_at) values (:jti, :expires_at) on conflict (jti) do nothing

-- name: rotate
-- Takes the place of the newest refresh token of a family. A first rotation makes the family; an older token finds
-- itself no longer the newest and gets nothing.
insert into refresh_family (id, org, newest, expires_at) values (:family, :org, :next, :expires_at)
on conflict (id) do update set newest = :next, expires_at = :expires_at where refresh_family.newest = :jti
returning id

-- name: newest
select newest from refresh_family where id = :family

-- name: forget_revoked
delete from revoked_token where jti in (select jti from revoked_token where expires_at < :now limit :limit)

-- name: forget_families
delete from refresh_family where id in (select id from refresh_family where expires_at < :now limit :limit)

-- name: forget_codes
delete from login_code where email in (select email from login_code where expires_at < :before limit :limit)
