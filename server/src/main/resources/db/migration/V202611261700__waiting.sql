-- What the lane's assertion that no job waits for one of a batch comes to (engine.sql, none_waits).
create function somebody_waits() returns int language plpgsql as $$
begin
    raise exception 'a job ended that others wait for' using errcode = 'SPQ03';
end
$$;
