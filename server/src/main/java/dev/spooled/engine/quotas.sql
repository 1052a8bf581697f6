-- What new jobs cost organizations whose plan caps them. Others have no row in `usage` and pay one look for it.
-- Rows of `usage` are the first a batch locks, in the order of organizations (docs/decisions/0004-quotas.md).

-- name: charge
-- `fresh` new jobs and `flows` new workflows must fit; `back` jobs that come back to life only count. Whatever does not fit
-- undoes the batch (over_quota). Answers what is left.
with c as materialized (
    select :cell::int as cell, unnest(:orgs::int[]) as org, unnest(:fresh::int[]) as fresh, unnest(:back::int[]) as back,
           unnest(:flows::int[]) as flows
), u as (
    update usage t
    set jobs_today = case when t.day >= :day then t.jobs_today else 0 end + c.fresh,
        day = greatest(t.day, :day),
        active_jobs = least(t.active_jobs::bigint + c.fresh + c.back, 2000000000)::int
    from c where t.cell = any (array[c.cell]) and t.org = c.org
    returning t.org, t.day, t.max_today - t.jobs_today as today, t.max_active - t.active_jobs as active,
              t.max_workflows, c.fresh, c.back, c.flows
)
select org, day, today, active,
       case when fresh > 0 and (today < 0 or active + back < 0)
                 or flows > 0 and max_workflows < flows + (select count(*) from workflow f
                        where f.cell = :cell and f.org = u.org and f.status = 0)
            then over_quota(org) end as over
from u

-- name: hold_usage
with t as materialized (
    select :cell::int as cell, unnest(:orgs::int[]) as org
)
select u.org from t join usage u on u.cell = any (array[t.cell]) and u.org = t.org
order by u.org for update of u

-- name: join_by_hash
-- The lane's session forbids it; for the counters not folded in yet, which may be many, it is right.
set local enable_hashjoin = on

-- name: join_by_key
set local enable_hashjoin = off

-- name: recount
-- With the rows held, so that nobody makes jobs for these organizations meanwhile. Where the active jobs known of leave too
-- little, the counters tell how many there are: exact but for jobs that end at this instant.
with r as materialized (
    select u.*, t.fresh from unnest(:orgs::int[], :fresh::int[]) as t (org, fresh) join usage u on u.cell = :cell and u.org = t.org
), n as materialized (
    select org from r where max_active is not null and active_jobs::bigint + fresh > max_active
), q as materialized (
    select q.id, q.org from n join queue q on q.cell = :cell and q.org = n.org
), p as materialized (
    select d.queue, d.kind, d.n from count_delta d
    where d.cell = :cell and ((select count(*) from q) > 50 or d.queue && array (select id from q))
), d as materialized (
    select q.org, t.n from p, unnest(p.queue, p.kind, p.n) as t (queue, kind, n) join q on q.id = t.queue
    where t.kind < 3
), a as materialized (
    select n.org, greatest(0, coalesce((select sum(c.n) from count c where c.cell = :cell and c.org = n.org and c.kind < 3), 0)
                              + coalesce((select sum(d.n) from d where d.org = n.org), 0))::int as active
    from n
), u as (
    update usage t set active_jobs = a.active from a where t.cell = :cell and t.org = a.org
)
select r.org, r.plan, r.upgrade_to, r.max_today, r.max_active, r.max_workflows,
       case when r.day >= :day then r.jobs_today else 0 end as today, coalesce(a.active, r.active_jobs) as active,
       case when r.max_workflows is null then 0 else (
            select count(*) from workflow f where f.cell = :cell and f.org = r.org and f.status = 0) end as workflows
from r left join a on a.org = r.org

-- name: keys_known
-- Which idempotency keys lead to a job there is: such a one costs nothing.
with t as materialized (
    select :cell::int as cell, unnest(:ords::int[]) as ord, unnest(:key_orgs::int[]) as org, unnest(:keys::text[]) as key
)
select t.ord, i.job_id
from t join idem i on i.cell = any (array[t.cell]) and i.org = t.org and i.key = t.key
where i.job_id >= (select floor from cell where cell = :cell)

-- name: uncharge
-- Gives back what was charged for jobs that did not come to be: another had the key, the parent was lost, or the schedule
-- stood elsewhere.
with t as materialized (
    select :cell::int as cell, unnest(:ids::uuid[]) as id, unnest(:id_orgs::int[]) as org
), o as materialized (
    select :cell::int as cell, unnest(:orgs::int[]) as org
), u as materialized (
    select o.org from o join usage u on u.cell = any (array[o.cell]) and u.org = o.org
), c as materialized (
    select :cell::int as cell, t.org, count(*)::int as n
    from t
    where (t.org in (select org from u)) is true
      and not exists (select 1 from job j where j.cell = any (array[t.cell]) and j.id = t.id)
    group by t.org
)
update usage t set jobs_today = greatest(0, t.jobs_today - c.n), active_jobs = greatest(0, t.active_jobs - c.n)
from c where t.cell = any (array[c.cell]) and t.org = c.org
