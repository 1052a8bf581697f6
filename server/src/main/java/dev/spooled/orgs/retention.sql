-- What plans with a shorter retention than the server's let go: ended jobs, and the history of jobs and schedules. In small
-- steps, by the listing; every node may take them.

-- name: queues
select id from queue where cell = :cell and org = :org order by id

-- name: let_go
-- A page of a queue's oldest jobs. Those that ended long enough ago go with all that belongs to them, unless an event about
-- them is on its way, a job waits for them, or their workflow is open. Of the others that have ended, old attempts go. A job
-- that is brought back meanwhile stays: whoever takes its row of `done` first decides. Answers where the page ends.
with page as materialized (
    select id from job_by_queue where cell = :cell and queue = :queue and id > :after and id < :cut order by id limit :limit
), ended as materialized (
    select d.id, d.completed_at from page p join done d on d.cell = :cell and d.id = p.id and d.org = :org
), x as (
    delete from done d using ended e
    where d.cell = :cell and d.id = e.id and d.completed_at < :before
      and not exists (select 1 from outbox o where o.subject = e.id)
      and not exists (select 1 from dependency p join waiting w on w.cell = :cell and w.id = p.child
                      where p.cell = :cell and p.parent = e.id)
      and not exists (select 1 from job j join workflow f on f.cell = :cell and f.id = j.workflow and f.open_jobs > 0
                      where j.cell = :cell and j.id = e.id)
    returning d.id, d.org, d.queue, d.status
), j as (
    delete from job t using x where t.cell = :cell and t.id = x.id
    returning t.id, t.org, t.idem_key, t.tags
), k as (
    delete from idem t using j where t.cell = :cell and t.org = j.org and t.key = j.idem_key and t.job_id = j.id
), l as (
    delete from job_by_queue t using x where t.cell = :cell and t.queue = :queue and t.id = x.id
), m as (
    delete from job_tag t using (
        select j.id, j.org, g.term from j, lateral tag_terms(j.tags) as g (term)) w
    where t.cell = :cell and t.org = w.org and t.tag = w.term and t.id = w.id
), a as (
    delete from attempt t using ended e
    where t.cell = :cell and t.job = e.id and (t.ended_at < :history_before or e.id in (select id from x))
), p as (
    delete from progress t using x where t.cell = :cell and t.id = x.id
), f as (
    delete from dependency t using x where t.cell = :cell and t.parent = x.id
), h as (
    delete from dependency t using x where t.cell = :cell and t.child = x.id
), d as (
    insert into count_delta (cell, at, queue, kind, day, n)
    select :cell, :now, array_agg(queue), array_agg(kind), array_agg(day), array_agg(n)
    from (select queue, status as kind, uuid7_day(id) as day, -count(*)::int as n from x group by queue, status, uuid7_day(id)) g
    having count(*) > 0
)
select (select max(id::text)::uuid from page) as last, (select count(*) from page)::int as seen, (select count(*) from x)::int as gone

-- name: let_webhooks_go
-- Webhooks that came in; their ids tell when.
delete from webhook_in where cell = :cell and id = any (array (
    select id from webhook_in where cell = :cell and org = :org and id < :history_cut order by id limit :limit))

-- name: let_runs_go
delete from schedule_run where ctid = any (array (
    select r.ctid from schedule s join schedule_run r on r.cell = :cell and r.schedule = s.id
    where s.cell = :cell and s.org = :org and r.started_at < :history_before and r.completed_at is not null limit :limit))
