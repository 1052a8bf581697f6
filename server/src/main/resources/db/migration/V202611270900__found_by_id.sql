-- A job in `scheduled` or `waiting`, and who waits for one, is looked up by its id, and for an empty table PostgreSQL finds
-- any index that begins with the cell as good as the key: it would keep to it when the table has filled, and read all of it
-- for each job (docs/decisions/0013-plans-kept.md). An index with a condition serves only who asks for what is in the
-- condition; a hash is always the cheapest for who knows its column, and no use to others.
drop index scheduled_due;
create index scheduled_due on scheduled (cell, run_at) where run_at is not null;
drop index waiting_by_queue;
create index waiting_by_queue on waiting (cell, queue, id) where queue is not null;
create index dependency_by_parent on dependency using hash (parent);
