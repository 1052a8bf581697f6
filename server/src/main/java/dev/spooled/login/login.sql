-- Codes sent by e-mail. Addresses are in small letters.

-- name: start
-- A new code in place of the one before. An address gets only so many codes in a window of time, so that asking for
-- new codes buys no more guesses.
insert into login_code (email, code_mac, attempts, starts, window_start, expires_at)
values (:email, :mac, 0, 1, :now, :expires_at)
on conflict (email) do update set
    code_mac = :mac, attempts = 0, expires_at = :expires_at,
    starts = case when login_code.window_start <= :window_from then 1 else login_code.starts + 1 end,
    window_start = case when login_code.window_start <= :window_from then :now else login_code.window_start end
where login_code.window_start <= :window_from or login_code.starts < :max_starts
returning email

-- name: attempt
-- Counts a guess before it is looked at; the row stays locked until the code is used up or the guess was wrong.
update login_code set attempts = attempts + 1
where email = :email and code_mac is not null and expires_at > :now and attempts < :max_attempts
returning code_mac

-- name: guessed_out
select 1 from login_code where email = :email and code_mac is not null and expires_at > :now and attempts >= :max_attempts

-- name: use_up
update login_code set code_mac = null where email = :email

-- name: memberships
select u.id, m.org, m.role, o.public_id, o.strict_leases
from app_user u
join member m on m.app_user = u.id
join organization o on o.id = m.org
where u.email = :email and o.deleted_at is null
order by m.joined_at, m.org
limit :limit

-- name: use_token
-- A signup token works once.
insert into revoked_token (jti, expires_at) values (:jti, :expires_at) on conflict (jti) do nothing
