package dev.spooled.queues;

import org.jspecify.annotations.Nullable;

/// A queue in figures. Times are in milliseconds, the age in seconds; null where there is nothing to measure.
record QueueStats(Held held, Flow flow, Times times, long activeWorkers) {

    /// Jobs by state now; `failed` counts the dead letters.
    record Held(long pending, long scheduled, long processing, long completed, long failed, long cancelled) {
        long total() {
            return pending + scheduled + processing + completed + failed + cancelled;
        }
    }

    /// What ended in the last 24 hours, and what happened in the last five whole minutes; `failed` lately are attempts.
    record Flow(long completedDay, long failedDay, long enqueuedLately, long completedLately, long failedLately) {}

    record Times(
            @Nullable Integer averageRun,
            @Nullable Integer oldestAgeSeconds,
            @Nullable Integer waitHalf,
            @Nullable Integer waitMost) {}

    static final QueueStats NONE =
            new QueueStats(new Held(0, 0, 0, 0, 0, 0), new Flow(0, 0, 0, 0, 0), new Times(null, null, null, null), 0);
}
