-- Day partitions past the longest retention are dropped whole, or swapped for a copy of the little that is still needed
-- (docs/database.md, "Retention"). Only the owner may attach, detach and drop, so the engine asks through these functions.
-- The owner sees no rows (row security is forced on it as well): the copying is done by the engine itself.

-- The four tables kept by day, and the column each is split by.
create function day_column(p_base text) returns text
    language plpgsql immutable strict
    as $$
begin
    if p_base = 'attempt' then
        return 'job';
    elsif p_base in ('job', 'job_by_queue', 'done') then
        return 'id';
    end if;
    raise exception '% is not kept by day', p_base;
end $$;

create function day_lower(p_day date) returns uuid
    language sql immutable strict
    as $$ select uuid7_floor(p_day::timestamp at time zone 'UTC') $$;

-- A day whose jobs are not all below the floor of every cell must not be touched, whatever a caller believes.
create function require_past(p_day date) returns void
    language plpgsql security definer set search_path = spooled, pg_temp
    as $$
begin
    if exists (select 1 from cell where floor < day_lower(p_day + 1)) then
        raise exception 'jobs of % may still be seen', p_day;
    end if;
end $$;

-- Step 1: an empty copy beside the day's partition, with its keys and bounds, which nobody else sees yet. Whoever would
-- write into the old partition from here on waits; readers do not.
create function open_kept(p_base text, p_day date) returns void
    language plpgsql security definer set search_path = spooled, pg_temp
    as $$
declare
    full_ text := p_base || to_char(p_day, '"_"YYYYMMDD');
    kept  text := full_ || '_kept';
begin
    perform require_past(p_day);
    execute format('create table %I (like %I including defaults including constraints including storage including indexes,'
                   || ' constraint kept_bounds check (%I >= %L and %I < %L)) with (autovacuum_freeze_min_age = 0)',
                   kept, p_base, day_column(p_base), day_lower(p_day), day_column(p_base), day_lower(p_day + 1));
    execute format('grant insert on %I to spooled_engine', kept);
    execute format('lock table %I in share mode', full_);
end $$;

-- Step 2, with the rights of the caller: the rows of these jobs.
create function fill_kept(p_base text, p_day date, p_ids uuid[]) returns bigint
    language plpgsql set search_path = spooled, pg_temp
    as $$
declare
    copied bigint;
begin
    execute format('insert into %I select * from %I where %I = any ($1) and %I >= %L and %I < %L',
                   p_base || to_char(p_day, '"_"YYYYMMDD"_kept"'), p_base, day_column(p_base),
                   day_column(p_base), day_lower(p_day), day_column(p_base), day_lower(p_day + 1))
        using p_ids;
    get diagnostics copied = row_count;
    return copied;
end $$;

-- Step 3, in the same transaction: the copy takes the place of the partition, which is dropped. The parent's lock is the
-- one everybody needs; it is taken last and held for catalog work only.
create function swap_kept(p_base text, p_day date) returns void
    language plpgsql security definer set search_path = spooled, pg_temp
    as $$
declare
    full_ text := p_base || to_char(p_day, '"_"YYYYMMDD');
    kept  text := full_ || '_kept';
begin
    perform require_past(p_day);
    execute format('revoke all on %I from spooled_engine', kept);
    execute format('alter table %I enable row level security', kept);
    execute format('alter table %I force row level security', kept);
    execute format('lock table %I in access exclusive mode', p_base);
    execute format('alter table %I detach partition %I', p_base, full_);
    execute format('alter table %I attach partition %I for values from (%L) to (%L)',
                   p_base, kept, day_lower(p_day), day_lower(p_day + 1));
    execute format('alter table %I drop constraint kept_bounds', kept);
    execute format('drop table %I', full_);
end $$;

-- A day nothing is needed of: its partition goes, whole or kept.
create function drop_day(p_base text, p_day date) returns void
    language plpgsql security definer set search_path = spooled, pg_temp
    as $$
begin
    perform require_past(p_day), day_column(p_base);
    execute format('drop table if exists %I, %I',
                   p_base || to_char(p_day, '"_"YYYYMMDD'), p_base || to_char(p_day, '"_"YYYYMMDD"_kept"'));
end $$;

revoke execute on function open_kept(text, date), fill_kept(text, date, uuid[]), swap_kept(text, date), drop_day(text, date),
    require_past(date) from public;
grant execute on function open_kept(text, date), fill_kept(text, date, uuid[]), swap_kept(text, date), drop_day(text, date)
    to spooled_engine;

-- The passes that fold and prune by time look for the oldest first.
create index flow_minute_by_time on flow_minute (cell, minute);

-- One table's partition of a day. As `ensure_day` of all tables, but each in a transaction of its own and with its keys
-- made before it is attached: the default partition, which every statement locks, is held for catalog work only.
create function ensure_day(p_base text, p_day date) returns void
    language plpgsql security definer set search_path = spooled, pg_temp
    as $$
declare
    child text := p_base || to_char(p_day, '"_"YYYYMMDD');
begin
    perform pg_advisory_xact_lock(hashtextextended('spooled.ensure_day', 0));
    if to_regclass('spooled.' || quote_ident(child)) is null
       and to_regclass('spooled.' || quote_ident(child || '_kept')) is null then
        execute format('create table %I (like %I including defaults including constraints including storage including indexes)'
                       || ' with (autovacuum_freeze_min_age = 0)', child, p_base);
        execute format('alter table %I enable row level security', child);
        execute format('alter table %I force row level security', child);
        execute format('alter table %I attach partition %I for values from (%L) to (%L)',
                       p_base, child, day_lower(p_day), day_lower(p_day + 1));
    end if;
end $$;
revoke execute on function ensure_day(text, date) from public;
grant execute on function ensure_day(text, date) to spooled_engine;
