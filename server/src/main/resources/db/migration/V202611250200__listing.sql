-- Lists of jobs, dead letters, waits of failed jobs, jobs that wait for others, progress.

-- ---------------------------------------------------------------- lists

-- How far the listing of jobs (job_by_queue) has come: ids below `listed` are in it, ids below `checked` have been looked
-- at a second time, for commits that came late. No tenant's data: any tenant may read it.
create table list_mark (
    cell    int primary key,
    listed  uuid not null default '00000000-0000-0000-0000-000000000000',
    checked uuid not null default '00000000-0000-0000-0000-000000000000'
) with (fillfactor = 10);
insert into list_mark (cell) values (0);

-- Newest first within an organization. On the listing, not on job: the chore pays for it, not the enqueue.
create index job_by_org on job_by_queue (cell, org, id);

-- Newest first within a queue: jobs that wait for their time, for their retry, for other jobs.
create index scheduled_first on scheduled (cell, queue, id) where retry_count = 0;
create index scheduled_again on scheduled (cell, queue, id) where retry_count > 0;
create index waiting_by_queue on waiting (cell, queue, id);

-- ---------------------------------------------------------------- waits of failed jobs

-- Seconds until the next attempt of a job that has been retried `retries` times. Without a policy the contract's formula,
-- min(2^retries, 60) minutes. `luck` in [0, 1) is the caller's dice, used by a policy with jitter: between half and all.
create function backoff_seconds(policy jsonb, retries int, luck float8) returns float8
    language sql immutable parallel safe
    as $$
select case
    when policy is null then 60 * least(2 ^ least(retries, 6), 60)
    else case policy ->> 'kind'
             when 'list' then (policy -> 'delays_seconds'
                                   ->> least(retries, jsonb_array_length(policy -> 'delays_seconds') - 1))::float8
             when 'fixed' then (policy ->> 'base_seconds')::float8
             else least((policy ->> 'base_seconds')::float8 * 2 ^ least(retries, 30), (policy ->> 'cap_seconds')::float8)
         end * case when (policy ->> 'jitter')::boolean then 0.5 + luck / 2 else 1 end
end $$;

-- ---------------------------------------------------------------- jobs that wait for others

-- Jobs that have ended and that others wait for. Written by the statement that ends the job, emptied at the end of the
-- same transaction as far as a batch may go, the rest by the next ones. `taken` is the session that works on the row.
create table ended (
    cell   int not null,
    id     uuid not null,
    status smallint not null,
    taken  int,
    primary key (cell, id)
) with (autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_threshold = 1000, autovacuum_vacuum_cost_delay = 0);

-- ---------------------------------------------------------------- progress

-- What the worker on an attempt last said about how far it is.
create table progress (
    cell    int not null,
    id      uuid not null,
    org     int not null,
    attempt int not null,
    percent float8 not null,
    message text,
    at      timestamptz not null,
    primary key (cell, id)
) with (fillfactor = 70);

-- ---------------------------------------------------------------- rights

alter table list_mark enable row level security;
alter table list_mark force row level security;
create policy tenant on list_mark to spooled_tenant using (nullif(current_setting('spooled.org', true), '') is not null);
create policy engine on list_mark to spooled_engine using (true) with check (true);
grant select on list_mark to spooled_tenant;
grant select, insert, update, delete on list_mark to spooled_engine;

alter table progress enable row level security;
alter table progress force row level security;
create policy tenant on progress to spooled_tenant using (org = nullif(current_setting('spooled.org', true), '')::int);
create policy engine on progress to spooled_engine using (true) with check (true);
grant select, insert, update on progress to spooled_tenant;
grant select, insert, update, delete on progress to spooled_engine;

grant select, insert, update, delete on ended to spooled_engine;

-- What a tag filter finds a job by, as the server fills it into job_tag: each tag's key, and key:value of plain values.
create function tag_terms(tags jsonb) returns setof text
    language sql immutable parallel safe
    as $$
select t.key from jsonb_each_text(case jsonb_typeof(tags) when 'object' then tags end) t
union all
select t.key || ':' || t.value from jsonb_each_text(case jsonb_typeof(tags) when 'object' then tags end) t
where jsonb_typeof(tags -> t.key) in ('string', 'number', 'boolean')
union all
select t.item #>> '{}' from jsonb_array_elements(case jsonb_typeof(tags) when 'array' then tags end) t (item)
where jsonb_typeof(t.item) = 'string'
$$;
