-- Claims of a rate-limited queue in the second they were last made in, over all nodes. A row comes before its queue's
-- first limit; claims of the queue lock it, so those of one second are counted one after the other. Unlimited queues
-- have none and pay nothing.
create table queue_rate (
    cell   int not null,
    queue  int not null,
    second timestamptz not null default '-infinity',
    used   int not null default 0,
    primary key (cell, queue)
) with (fillfactor = 20);

grant select, insert, update, delete on queue_rate to spooled_engine;
