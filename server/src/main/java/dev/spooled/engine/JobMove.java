package dev.spooled.engine;

import java.time.Instant;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/// A committed change of a job's status, as the lane tells it to whoever watches. `from` is null when the job is new.
///
/// `number` orders the changes of a job: microseconds since 1970 by the database's clock, doubled, so that a job made
/// ready and claimed in one batch has both in their order. It never decreases along a job's life.
public record JobMove(
        int org, int queue, UUID job, @Nullable JobStatus from, JobStatus to, long number, Detail detail) {

    /// What else is known of the change.
    public sealed interface Detail {
        Detail NONE = new Plain();

        record Plain() implements Detail {}

        record Created(int priority) implements Detail {}

        record Started(String worker, int attempt) implements Detail {}

        /// `result` is compact JSON text.
        record Completed(Instant startedAt, @Nullable String result) implements Detail {}

        /// An attempt that failed or ran out of time; `retryCount` includes the retry to come, if there is one.
        record Failed(String error, int retryCount) implements Detail {}
    }

    public JobMove withNumber(long number) {
        return number == this.number ? this : new JobMove(org, queue, job, from, to, number, detail);
    }

    /// When it happened, in microseconds since 1970.
    public long atMicros() {
        return number >> 1;
    }
}
