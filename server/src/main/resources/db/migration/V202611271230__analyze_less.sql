-- Under load PostgreSQL sampled the tables of the day at every look of its autovacuum, every five seconds, for figures that
-- no plan of the lane leans on (docs/decisions/0013-plans-kept.md). They are good for lists while a day has not doubled.

create or replace function ensure_day(p_base text, p_day date) returns void
    language plpgsql security definer set search_path = spooled, pg_temp
    as $$
declare
    child text := p_base || to_char(p_day, '"_"YYYYMMDD');
begin
    perform pg_advisory_xact_lock(hashtextextended('spooled.ensure_day', 0));
    if to_regclass('spooled.' || quote_ident(child)) is null
       and to_regclass('spooled.' || quote_ident(child || '_kept')) is null then
        execute format('create table %I (like %I including defaults including constraints including storage including indexes)'
                       || ' with (autovacuum_freeze_min_age = 0,'
                       || ' autovacuum_analyze_threshold = 50000, autovacuum_analyze_scale_factor = 1)', child, p_base);
        execute format('alter table %I enable row level security', child);
        execute format('alter table %I force row level security', child);
        execute format('alter table %I attach partition %I for values from (%L) to (%L)',
                       p_base, child, day_lower(p_day), day_lower(p_day + 1));
    end if;
end $$;

do $$
declare
    child regclass;
begin
    for child in
        select i.inhrelid::regclass from pg_inherits i
        where i.inhparent in ('job'::regclass, 'job_by_queue'::regclass, 'done'::regclass, 'attempt'::regclass)
    loop
        execute format('alter table %s set (autovacuum_analyze_threshold = 50000, autovacuum_analyze_scale_factor = 1)', child);
    end loop;
end $$;
