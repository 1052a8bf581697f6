-- The id of a worker belongs to the first organization that registers it, until it is forgotten.
create unique index worker_by_id on worker (cell, id);
