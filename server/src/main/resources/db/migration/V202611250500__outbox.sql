-- Events that must survive, written in the transaction of what happened and fanned out to deliveries later: of
-- organizations with webhooks, and the ends of jobs with a webhook of their own. `subject` is the job, or what else the
-- event is about; `detail` is the event's data where there is no job to tell it.
drop table outbox;
create table outbox (
    cell        int not null,
    org         int not null,
    queue       int,
    status      smallint,
    retry_count smallint,
    at          timestamptz not null,
    subject     uuid not null,
    event       text not null,
    worker      text,
    error       text,
    result      text,
    detail      text
) with (autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_threshold = 5000, autovacuum_vacuum_cost_delay = 0);
create index outbox_in_order on outbox (cell, at);
create index outbox_by_subject on outbox (subject);

alter table outbox enable row level security;
alter table outbox force row level security;
create policy tenant on outbox to spooled_tenant using (org = nullif(current_setting('spooled.org', true), '')::int);
create policy engine on outbox to spooled_engine using (true) with check (true);
grant select, insert, update, delete on outbox to spooled_engine;
grant select on outbox to spooled_tenant;
