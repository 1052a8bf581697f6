-- The keys of an organization as its own callers see and edit them. Of the key itself only the hash is kept.

-- name: list
-- Newest first. A caller with a queue list sees the keys that reach no further than itself.
select id, name, key_prefix, queues, scopes, rate_limit, is_active, created_at, last_used, expires_at
from api_key
where org = :org and (:all or queues <@ :queues::text[])
order by created_at desc, id desc
limit :limit offset :offset

-- name: get
select id, name, key_prefix, queues, scopes, rate_limit, is_active, created_at, last_used, expires_at
from api_key
where id = :id and org = :org

-- name: lock_unrestricted
-- The keys that keep an organization from locking itself out. Locked in one order, so that of two callers who each
-- revoke one of the last two, the second sees what the first did.
select id from api_key
where org = :org and is_active and '*' = any (queues) and 'admin' = any (scopes) and (expires_at is null or expires_at > :now)
order by id
for update

-- name: edit
update api_key
set name = :name, queues = :queues::text[], scopes = :scopes::text[], rate_limit = :rate_limit::int, is_active = :is_active
where id = :id and org = :org
returning key_hash
