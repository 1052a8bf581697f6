-- Webhooks that come in.

-- name: recipient
-- Who a webhook is for, with everything that proves it is meant to arrive. Read as the engine: nobody is known yet.
select o.id, o.strict_leases, o.webhook_token_hash as token,
       case when o.webhook_token_former_ends_at > :now then o.webhook_token_former_hash end as former_token,
       s.sealed as secret, case when s.former_ends_at > :now then s.former_sealed end as former_secret
from organization o
left join provider_secret s on s.org = o.id and s.provider = :provider
where o.public_id = :organization and o.deleted_at is null

-- name: keep_secret
-- The one before it holds on until :former_ends_at.
insert into provider_secret (org, provider, sealed, updated_at) values (:org, :provider, :sealed, :now)
on conflict (org, provider) do update
set former_sealed = provider_secret.sealed, former_ends_at = :former_ends_at,
    sealed = excluded.sealed, updated_at = excluded.updated_at

-- name: forget_secret
delete from provider_secret where org = :org and provider = :provider

-- name: secrets
select provider, updated_at, case when former_ends_at > :now then former_ends_at end as former_ends_at
from provider_secret
where org = :org
order by provider

-- name: note_delivery
insert into webhook_in (cell, id, org, provider, event_id, event_type, queue, accepted, reason, job, origin, at)
values (:cell, :id, :org, :provider, :event_id, :event_type, :queue, :accepted, :reason, :job, :origin, :now)

-- name: deliveries
-- Filters look at no more than a span of rows, so that a rare one costs no more than a common one. What the plan lets go
-- is hidden before it leaves.
select id, provider, event_id, event_type, queue, accepted, reason, job, origin, at
from (select * from webhook_in
      where cell = :cell and org = :org and id < :before and id >= :kept
      order by id desc
      limit :span) w
where (:provider::text is null or provider = :provider)
  and (:accepted::boolean is null or accepted = :accepted)
order by id desc
limit :limit

-- name: span_end
-- The last row that the page looked at, if there may be more after it.
select id from webhook_in
where cell = :cell and org = :org and id < :before and id >= :kept
order by id desc
offset :span - 1 limit 1
