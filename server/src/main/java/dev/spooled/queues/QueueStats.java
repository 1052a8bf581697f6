package dev.spooled.queues;

import org.jspecify.annotations.Nullable;

/// A queue in figures. Times and the age are in milliseconds; null where there is nothing to measure.
public record QueueStats(Held held, Flow flow, Times times, long activeWorkers) {

    /// Jobs by state now; `failed` counts the dead letters.
    public record Held(long pending, long scheduled, long processing, long completed, long failed, long cancelled) {
        public long total() {
            return pending + scheduled + processing + completed + failed + cancelled;
        }
    }

    /// What ended in the last 24 hours, and what happened in the last five whole minutes; `failed` lately are attempts.
    public record Flow(
            long completedDay, long failedDay, long enqueuedLately, long completedLately, long failedLately) {}

    public record Times(
            @Nullable Integer averageRun,
            @Nullable Long oldestAgeMillis,
            @Nullable Integer waitHalf,
            @Nullable Integer waitMost) {}

    public static final QueueStats NONE =
            new QueueStats(new Held(0, 0, 0, 0, 0, 0), new Flow(0, 0, 0, 0, 0), new Times(null, null, null, null), 0);
}
