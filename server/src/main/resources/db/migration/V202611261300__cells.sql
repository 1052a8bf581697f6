-- Cells: several databases of this schema. An organization lives in exactly one; the directory is in that of cell 0
-- (docs/cells.md). Run as spooled_owner inside schema spooled.

-- `here`: its rows lie in this database. In that of a further cell `installation` says whose it is. `moves` goes up
-- whenever an organization leaves or comes: every batch of a lane asserts the number it knows.
alter table cell
    add column here         boolean not null default true,
    add column installation uuid,
    add column moves        bigint not null default 0;

-- Organizations that are not worked here: on their way, or gone to another cell.
create table departed (
    cell  int not null,
    org   int not null,
    since timestamptz not null,
    primary key (cell, org)
);
grant select, insert, update, delete on departed to spooled_engine;

-- In the directory: a move that has begun and not ended. state: copying (it lives in `origin`), switched (in `target`).
create table organization_move (
    org      int primary key references organization,
    origin   int not null,
    target   int not null,
    state    text not null,
    begun_at timestamptz not null
);
alter table organization_move enable row level security;
alter table organization_move force row level security;
create policy engine on organization_move to spooled_engine using (true) with check (true);
grant select, insert, update, delete on organization_move to spooled_engine;

-- What the lane's assertion comes to.
create function somebody_moved() returns int language plpgsql as $$
begin
    raise exception 'an organization has left the cell or come' using errcode = 'SPQ02';
end
$$;

-- What a transaction of an organization begins with where there are cells: none is under way once the lock was held
-- exclusively, and none begins for an organization that has left.
create function enter_organization(p_org text) returns text
    language plpgsql security definer set search_path = spooled, pg_temp
    as $$
begin
    perform pg_advisory_xact_lock_shared(hashtextextended('spooled.enter', p_org::int));
    if exists (select 1 from departed where org = p_org::int) then
        raise exception 'organization % is in another cell', p_org using errcode = 'SPQ02';
    end if;
    return set_config('spooled.org', p_org, true);
end
$$;

-- Numbers of queues are given once over all cells, so that an organization keeps its own wherever it moves.
create function number_queues(p_cell int) returns bigint
    language plpgsql security definer set search_path = spooled, pg_temp
    as $$
declare
    numbers text := pg_get_serial_sequence('spooled.queue', 'id');
    lowest  bigint := p_cell::bigint * 33554432 + 1;
begin
    return setval(numbers, lowest, false);
end
$$;
revoke execute on function number_queues(int) from public;
grant execute on function number_queues(int) to spooled_engine;

-- As before, of the cells that lie here.
create or replace function require_past(p_day date) returns void
    language plpgsql security definer set search_path = spooled, pg_temp
    as $$
begin
    if exists (select 1 from cell where here and floor < day_lower(p_day + 1)) then
        raise exception 'jobs of % may still be seen', p_day;
    end if;
end $$;
