/// Jobs over HTTP: `JobsHttp` is the door, `Jobs` the operations, the statements are the engine's and jobs.sql.
@NullMarked
package dev.spooled.jobs;

import org.jspecify.annotations.NullMarked;
