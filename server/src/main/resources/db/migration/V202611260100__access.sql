-- Who may still use what: families of refresh tokens that are rotated, and the codes sent by e-mail.
-- Run as spooled_owner inside schema spooled.

-- A family exists from its first rotation on. Only its newest refresh token may be used; an older one that comes back
-- was stolen or leaked, and ends the family.
create table refresh_family (
    id         uuid primary key,
    org        int not null references organization,
    newest     uuid not null,
    expires_at timestamptz not null
);
create index refresh_family_by_expiry on refresh_family (expires_at);
create index refresh_family_by_org on refresh_family (org);

-- One row per address, whether or not it belongs to anybody. Of the code itself only a keyed hash is kept.
create table login_code (
    email        text primary key,
    code_mac     bytea,
    attempts     int not null default 0,
    starts       int not null,
    window_start timestamptz not null,
    expires_at   timestamptz not null
);
create index login_code_by_expiry on login_code (expires_at);

create index member_by_user on member (app_user, joined_at);

alter table refresh_family enable row level security;
alter table refresh_family force row level security;
create policy tenant on refresh_family to spooled_tenant using (org = nullif(current_setting('spooled.org', true), '')::int);
create policy engine on refresh_family to spooled_engine using (true) with check (true);
grant select, insert, update, delete on refresh_family to spooled_engine;

alter table login_code enable row level security;
alter table login_code force row level security;
create policy engine on login_code to spooled_engine using (true) with check (true);
grant select, insert, update, delete on login_code to spooled_engine;
