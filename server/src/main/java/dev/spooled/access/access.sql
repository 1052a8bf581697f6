-- name: mint
-- A new key; what is kept of it is its hash.
insert into api_key (id, org, name, key_hash, key_prefix, queues, scopes, rate_limit, created_at, expires_at)
values (:id, :org, :name, :hash, :prefix, :queues, :scopes, :rate_limit, :now, :expires_at)

-- name: holder
-- The caller behind a presented key, with what can end its validity.
select k.id, k.org, k.queues, k.scopes, k.rate_limit, k.expires_at, k.last_used,
       o.public_id, o.strict_leases
from api_key k
join organization o on o.id = k.org
where k.key_hash = :hash and k.is_active and o.deleted_at is null

-- name: used
-- Coarse on purpose: at most one write per key and five minutes, however many servers see the key.
update api_key set last_used = :now
where id = :id and (last_used is null or last_used < :before)
