/// Queues as people see and steer them: `QueuesHttp` is the door, `QueueSettings`, `QueueFigures` and `Purge` the
/// operations. What jobs need of a queue is in `orgs.Queues`.
@NullMarked
package dev.spooled.queues;

import org.jspecify.annotations.NullMarked;
