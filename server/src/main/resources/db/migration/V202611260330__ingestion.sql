-- Webhooks that come in: a token's predecessor that still holds for a while, secrets of providers, and what was tried.

alter table organization
    add column webhook_token_former_hash    bytea,
    add column webhook_token_former_ends_at timestamptz;

-- An organization's own secret at a provider, instead of the server's.
create table provider_secret (
    org          int not null references organization,
    provider     text not null,
    sealed       bytea not null,
    former_sealed bytea,
    former_ends_at timestamptz,
    updated_at   timestamptz not null,
    primary key (org, provider)
);
alter table provider_secret enable row level security;
alter table provider_secret force row level security;
create policy tenant on provider_secret to spooled_tenant using (org = nullif(current_setting('spooled.org', true), '')::int);
create policy engine on provider_secret to spooled_engine using (true) with check (true);
grant select, insert, update, delete on provider_secret to spooled_engine, spooled_tenant;

alter table webhook_in
    add column event_type text,
    add column queue text,
    add column origin text;
create index webhook_in_by_org on webhook_in (cell, org, id desc);
