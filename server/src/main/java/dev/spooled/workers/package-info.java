/// Workers that registered: `WorkersHttp` is the door, `Workers` the operations, `SilentWorkers` the chore. Registering
/// is for people to see who works; whether a worker holds a job is a matter of the job's lease alone.
@NullMarked
package dev.spooled.workers;

import org.jspecify.annotations.NullMarked;
