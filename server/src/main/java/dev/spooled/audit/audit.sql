-- Who did what: written before the answer leaves, read newest first.

-- name: keep
-- What the operator does to an organization is the organization's entry, too: it may see it.
insert into audit (cell, id, org, actor, action, target, origin, result, at)
values (:cell, :id, coalesce((select o.id from organization o where o.public_id = :organization), :org),
        :actor, :action, :target, :origin, :result, :now)

-- name: page
-- Filters look at no more than a span of entries, so that a rare one costs no more than a common one.
select id, actor, action, target, origin, result, at
from (select * from audit
      where cell = :cell and org = :org and id < :before
      order by id desc
      limit :span) a
where (:actor::text is null or actor = :actor)
  and (:action::text is null or action = :action)
  and (:target::text is null or target = :target)
  and (:result::text is null or result like :result)
  and (:since::timestamptz is null or at >= :since)
  and (:until::timestamptz is null or at < :until)
order by id desc
limit :limit

-- name: span_end
-- The last entry that the page looked at, if there may be more after it.
select id from audit
where cell = :cell and org = :org and id < :before
order by id desc
offset :span - 1 limit 1
