-- Optional: spreads the tables of the cells over a Citus cluster, by `cell`. Run once by the owner of a migrated, stopped
-- installation, with Citus installed in its database:
--
--     psql "$DATABASE_URL" -v ON_ERROR_STOP=1 -f deploy/citus.sql
--
-- It is not part of the project's own test runs: there is no Citus in them. What they do prove is that every statement of
-- the lane keeps the rules that a distribution by cell asks for (CitusRulesTest). Known limits, read docs/cells.md first:
--   * SPOOLED_LANE=keyed: the other ways find rows by their address (ctid), which Citus refuses;
--   * the chores that drop rows past their time (engine/chores.sql, engine/retention.sql, orgs/retention.sql,
--     webhooks/deliveries.sql) delete by row address still;
--   * the day partitions that chores make and drop must be distributed like their parents, which Citus does for
--     partitions made by `create table .. partition of`, not for those attached.

\set ON_ERROR_STOP on
set search_path = spooled, public;

create extension if not exists citus;

-- The directory: small, read by every cell, so each machine has all of it. Foreign keys are among these tables only.
select create_reference_table(t::regclass) from unnest(array[
    'cell', 'organization', 'api_key', 'app_user', 'member', 'revoked_token', 'refresh_family', 'login_code',
    'provider_secret', 'installation', 'organization_move']) as t;

-- What belongs to a cell lies together: all rows of a cell are on one machine, and so is every statement on them.
select create_distributed_table('lane_mark', 'cell', colocate_with => 'none');
select create_distributed_table(t::regclass, 'cell', colocate_with => 'lane_mark') from unnest(array[
    'queue', 'queue_rate', 'worker', 'job', 'job_by_queue', 'job_tag', 'idem', 'ready', 'scheduled', 'waiting', 'lease',
    'departed', 'done', 'attempt', 'ended', 'progress', 'count_delta', 'count', 'flow_minute', 'flow_hour', 'usage', 'list_mark',
    'workflow', 'workflow_step', 'dependency', 'schedule', 'schedule_run', 'subscription', 'outbox', 'delivery',
    'webhook_in', 'audit']) as t;

-- `node`, `flyway_schema_history` stay where they are: local to the coordinator.
