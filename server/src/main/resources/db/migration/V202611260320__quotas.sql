-- Quotas in the lane's transaction. A row of `usage` exists for an organization whose plan caps its jobs or its open
-- workflows, and is all the lane knows of the plan. `active_jobs` is never less than the truth: new jobs are added to it at
-- once, ended ones when a recount is called for (docs/decisions/0004-quotas.md).
alter table usage add column max_workflows int;
alter table usage add column plan text not null default 'free';
alter table usage add column upgrade_to text;

-- What a charge beyond a cap comes to: the batch is undone and looked at more closely.
create function over_quota(p_org int) returns int language plpgsql as $$
begin
    raise exception 'organization % is over a quota', p_org using errcode = 'SPQ01';
end
$$;
