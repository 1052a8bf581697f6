-- name: create
-- Nothing is inserted when the slug is taken, also by a deleted organization.
insert into organization (public_id, name, slug, plan_tier, billing_email, settings, custom_limits, created_at, updated_at)
values (:public_id, :name, :slug, :plan_tier, :billing_email, :settings::text::jsonb, :custom_limits::text::jsonb, :now, :now)
on conflict (slug) do nothing
returning id, public_id, name, slug, plan_tier, billing_email, settings::text as settings,
          custom_limits::text as custom_limits, created_at, updated_at

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
