-- Webhooks as people make and change them, and their history. Asked as the tenant.

-- name: list
-- One of them by id, or all, newest first. The secret itself stays where it is.
select id, name, url, events, format, enabled, secret_sealed is not null as has_secret, failure_count, last_triggered_at,
       last_status, created_at, updated_at
from subscription
where cell = :cell and org = :org and (:id::uuid is null or id = :id::uuid)
order by id desc
limit :limit

-- name: count
select count(*)::int as n from subscription where cell = :cell and org = :org

-- name: lock
select secret_sealed from subscription where cell = :cell and org = :org and id = :id for update

-- name: create
insert into subscription (cell, id, org, name, url, events, format, secret_sealed, enabled, created_at, updated_at)
values (:cell, :id, :org, :name, :url, :events::text[], :format, :secret::bytea, :enabled, :now, :now)

-- name: update
-- Switching on anew forgets the failures. Another secret, or none, is all there is from now on.
update subscription
set name = :name, url = :url, events = :events::text[], format = :format,
    secret_sealed = case when :secret_given then :secret::bytea else secret_sealed end,
    old_secret_sealed = case when :secret_given then null else old_secret_sealed end,
    failure_count = case when :enabled and not enabled then 0 else failure_count end,
    last_status = case when :enabled and not enabled and last_status = 'auto_disabled' then 'failed' else last_status end,
    enabled = :enabled, updated_at = :now
where cell = :cell and org = :org and id = :id

-- name: rotate
update subscription
set old_secret_sealed = secret_sealed, old_secret_until = :until::timestamptz, secret_sealed = :secret::bytea, updated_at = :now
where cell = :cell and org = :org and id = :id

-- name: delete
delete from subscription where cell = :cell and org = :org and id = :id

-- name: deliveries
select id, subscription, event, body, status, attempts, status_code, response_body, response_ms, error, created_at, delivered_at,
       next_at
from delivery
where cell = :cell and org = :org and target = :target and (:status::text is null or status = :status::text)
  and (:id::uuid is null or id = :id::uuid)
order by id desc
limit :limit offset :offset

-- name: recover
-- Failed deliveries of one webhook begin their plan anew, the oldest first, so many at most.
update delivery set status = 'pending', next_at = :now, failures = 0
where cell = :cell and id = any (array (
    select id from delivery
    where cell = :cell and org = :org and target = :target and status = 'failed' and created_at >= :since
      and (leased_until is null or leased_until <= :now)
    order by id limit :limit for update skip locked))

-- name: sealed
select secret_sealed, old_secret_sealed, old_secret_until from subscription where cell = :cell and org = :org and id = :id
