-- A job's time-out, for statements that expect to know it already and would have to open every day to look (engine.sql,
-- claim): what is asked here opens one.
create function timeout_of(p_cell int, p_id uuid) returns int
    language plpgsql stable
    as $$
begin
    return (select timeout_seconds from spooled.job where cell = p_cell and id = p_id);
end $$;
revoke execute on function timeout_of(int, uuid) from public;
grant execute on function timeout_of(int, uuid) to spooled_engine;
