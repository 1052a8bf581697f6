package dev.spooled.jobs;

import dev.spooled.engine.Command.Leased;
import java.time.Instant;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/// A job in a worker's hands: what the lane says of the lease and what the job itself is.
public record ClaimedJob(String queueName, Leased lease, Facts facts, Upstream upstream) {
    /// What a workflow brought to the job before it: results of its parents by step, and its signal. JSON texts.
    public record Upstream(
            Map<String, String> parentResults, @Nullable String signal) {
        static final Upstream NONE = new Upstream(Map.of(), null);
    }

    /// What never changes about a job. `payload` and `tags` are JSON text.
    public record Facts(
            UUID id,
            String payload,
            @Nullable String tags,
            int maxRetries,
            int timeoutSeconds,
            @Nullable Instant scheduledAt,
            @Nullable String idempotencyKey,
            @Nullable UUID workflow) {}
}
