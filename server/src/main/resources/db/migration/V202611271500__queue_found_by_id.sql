-- A queue is looked up by its id in every batch. While PostgreSQL takes the table for tiny, any index with the cell in it
-- looks as good as the key, and it would keep to reading all of one for each look when there are thousands of queues.
-- A hash is always the cheapest for who knows its column (docs/decisions/0013-plans-kept.md).
create index queue_by_id on queue using hash (id);
