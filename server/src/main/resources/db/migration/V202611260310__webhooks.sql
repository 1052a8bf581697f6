-- Outgoing webhooks at work: deliveries are found by whom they go to, leased while they are sent, and kept as history.
-- Run as spooled_owner inside schema spooled.

-- Who is called, for fairness: a subscription (its id), or for the webhooks of single jobs `job:<org>:<host>`.
alter table delivery add column target text collate "C" not null;

-- Set while a node sends it. A lease that has run out is anybody's.
alter table delivery add column leased_until timestamptz;

-- Failed attempts since the plan of attempts began; `attempts` counts all there ever were.
alter table delivery add column failures smallint not null default 0;

-- A subscription's deliveries go where it points by then; only those of single jobs have an address of their own.
alter table delivery alter column url drop not null;

drop index delivery_due;
drop index delivery_by_subscription;
create index delivery_due on delivery (cell, target, next_at) where next_at is not null;
create index delivery_by_target on delivery (cell, target, id desc);
alter table delivery set (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 5000,
    autovacuum_vacuum_cost_delay = 0);

-- Queues and workers are changed as their organization, which says so to its webhooks in the same transaction.
grant insert on outbox to spooled_tenant;

-- A new v7 id of the given moment, for rows that are made by a statement.
create function uuid7_of(t timestamptz) returns uuid
    language sql volatile parallel safe
    as $$ select (lpad(to_hex((extract(epoch from t) * 1000)::bigint), 12, '0') || '7'
        || substr(replace(gen_random_uuid()::text, '-', ''), 14))::uuid $$;
