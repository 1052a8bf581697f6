-- Tells this database apart from others whose servers use the same Redis.
create table installation (
    only_one boolean primary key default true check (only_one),
    id       uuid not null default gen_random_uuid()
);
insert into installation default values;
grant select on installation to spooled_engine;
