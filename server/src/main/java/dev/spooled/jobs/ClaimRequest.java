package dev.spooled.jobs;

import dev.spooled.orgs.QueueName;
import org.jspecify.annotations.Nullable;

/// A worker asking for jobs. What is out of range is brought into it; `waitSeconds` 0 does not wait.
public record ClaimRequest(String queueName, String worker, int limit, int leaseSeconds, int waitSeconds) {
    static final int DEFAULT_LEASE = 30;
    static final int MIN_LEASE = 5;
    static final int MAX_LEASE = 3_600;
    private static final int MAX_LIMIT = 100;
    private static final int MAX_WAIT = 25;

    public ClaimRequest {
        QueueName.checked("queue_name", queueName);
        WorkerName.check(worker);
    }

    public static ClaimRequest of(
            String queueName,
            String worker,
            @Nullable Integer limit,
            @Nullable Integer leaseSeconds,
            @Nullable Integer waitSeconds) {
        return new ClaimRequest(
                queueName,
                worker,
                Ranges.clamped(limit, 1, 1, MAX_LIMIT),
                leaseOf(leaseSeconds),
                Ranges.clamped(waitSeconds, 0, 0, MAX_WAIT));
    }

    /// The same claim of `more` jobs at least, answered at once.
    public ClaimRequest lookingPast(int more) {
        return new ClaimRequest(queueName, worker, Math.max(limit, more), leaseSeconds, 0);
    }

    static int leaseOf(@Nullable Integer seconds) {
        return Ranges.clamped(seconds, DEFAULT_LEASE, MIN_LEASE, MAX_LEASE);
    }
}
