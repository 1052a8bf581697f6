-- name: create
-- Nothing is inserted when the slug is taken, also by a deleted organization.
insert into organization (public_id, cell, name, slug, plan_tier, billing_email, settings, custom_limits, created_at, updated_at)
values (:public_id, :home, :name, :slug, :plan_tier, :billing_email, :settings::text::jsonb, :custom_limits::text::jsonb, :now, :now)
on conflict (slug) do nothing
returning id, public_id, cell, name, slug, plan_tier, billing_email, settings::text as settings,
          custom_limits::text as custom_limits, strict_leases, stripe_customer_id, stripe_subscription_id,
          stripe_subscription_status, stripe_current_period_end, stripe_cancel_at_period_end, created_at, updated_at, deleted_at

-- name: by_public_id
select id from organization where public_id = :public_id and deleted_at is null

-- name: any
select 1 from organization limit 1

-- name: find_queue
select id, name, max_retries, default_timeout from queue
where cell = :cell and org = :org and name = :name

-- name: create_queue
-- A queue comes to be with the first job or waiting claim that names it. Two may do so at once, hence the conflict.
insert into queue (cell, org, public_id, name, max_retries, default_timeout, created_at, updated_at)
values (:cell, :org, :public_id, :name, :max_retries, :default_timeout, :now, :now)
on conflict (cell, org, name) do nothing

-- name: get
-- A deleted one is found, too, as long as its deletion can be undone.
select id, public_id, cell, name, slug, plan_tier, billing_email, settings::text as settings,
       custom_limits::text as custom_limits, strict_leases, stripe_customer_id, stripe_subscription_id,
       stripe_subscription_status, stripe_current_period_end, stripe_cancel_at_period_end, created_at, updated_at, deleted_at
from organization where public_id = :public_id

-- name: get_locked
select id, public_id, cell, name, slug, plan_tier, billing_email, settings::text as settings,
       custom_limits::text as custom_limits, strict_leases, stripe_customer_id, stripe_subscription_id,
       stripe_subscription_status, stripe_current_period_end, stripe_cancel_at_period_end, created_at, updated_at, deleted_at
from organization where public_id = :public_id
for update

-- name: update
update organization
set name = :name, plan_tier = :plan_tier, billing_email = :billing_email,
    settings = :settings::text::jsonb || coalesce(:extra::text::jsonb, '{}'), custom_limits = :custom_limits::text::jsonb,
    strict_leases = :strict_leases, stripe_customer_id = :stripe_customer, stripe_subscription_id = :stripe_subscription,
    stripe_subscription_status = :stripe_status, deleted_at = :deleted_at, purge_at = :purge_at, updated_at = :now
where id = :org
returning id, public_id, cell, name, slug, plan_tier, billing_email, settings::text as settings,
          custom_limits::text as custom_limits, strict_leases, stripe_customer_id, stripe_subscription_id,
          stripe_subscription_status, stripe_current_period_end, stripe_cancel_at_period_end, created_at, updated_at, deleted_at

-- name: set_webhook_token
-- The one before it holds until :former_ends_at; one that is cleared not at all.
update organization
set webhook_token_former_hash = case when :former_ends_at > :now then webhook_token_hash end,
    webhook_token_former_ends_at = case when :former_ends_at > :now then :former_ends_at::timestamptz end,
    webhook_token_hash = :hash, webhook_token_sealed = :sealed, updated_at = :now
where id = :org

-- name: webhook_token
select coalesce(webhook_token_sealed, ''::bytea) as sealed from organization where id = :org

-- name: slugs_taken
select slug from organization where slug = any (:slugs)
