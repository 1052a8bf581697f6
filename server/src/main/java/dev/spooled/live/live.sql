-- What live events need to know of queues. Read as the engine, since counters not yet rolled up belong to nobody.

-- name: queue_names
select id, name from queue where cell = :cell and id = any (:ids::int[])

-- name: queue_counts
-- Jobs of some queues of an organization by state, counters and what is not rolled up yet in one statement.
with picked as (
    select id, name from queue where cell = :cell and org = :org and name = any (:names::text[])
), x as (
    select c.queue, c.kind, c.n from count c, picked p
    where c.cell = :cell and c.org = :org and c.queue = p.id and c.kind < 6
    union all
    select t.queue, t.kind, t.n from count_delta d, unnest(d.queue, d.kind, d.n) as t (queue, kind, n), picked p
    where d.cell = :cell and t.queue = p.id and t.kind < 6
)
select p.name,
       coalesce(sum(x.n) filter (where x.kind in (0, 1)), 0)::bigint as pending,
       coalesce(sum(x.n) filter (where x.kind = 2), 0)::bigint as processing,
       coalesce(sum(x.n) filter (where x.kind = 3), 0)::bigint as completed,
       coalesce(sum(x.n) filter (where x.kind in (4, 5)), 0)::bigint as failed
from picked p left join x on x.queue = p.id
group by p.name
