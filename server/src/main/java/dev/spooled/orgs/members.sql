-- People and the organizations they belong to.

-- name: person
-- The person with that address, known from now on.
insert into app_user (id, email, created_at) values (:id, :email, :now)
on conflict (email) do update set email = excluded.email
returning id

-- name: join
insert into member (org, app_user, role, joined_at, invited_by) values (:org, :person, :role, :now, :invited_by)
on conflict (org, app_user) do nothing

-- name: members
select m.app_user as id, u.email, m.role, m.joined_at, m.invited_by
from member m
join app_user u on u.id = m.app_user
where m.org = :org
order by m.joined_at, m.app_user
limit :limit

-- name: key_members
-- Active keys count as members, as clients expect: the oldest first.
select k.id, k.name, coalesce(o.billing_email, '') as email, k.created_at as joined_at,
       ('*' = any (k.queues) and 'admin' = any (k.scopes)) as is_owner
from api_key k
join organization o on o.id = k.org
where k.org = :org and k.is_active and (k.expires_at is null or k.expires_at > :now)
order by k.created_at, k.id
limit :limit

-- name: leave
delete from member where org = :org and app_user = :person
