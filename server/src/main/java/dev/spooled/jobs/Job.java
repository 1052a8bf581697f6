package dev.spooled.jobs;

import dev.spooled.engine.JobStatus;
import java.time.Instant;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/// A job with its live state, as one snapshot showed it. `payload`, `result` and `tags` are JSON text; a list row comes
/// without the first two.
public record Job(
        UUID id,
        String queueName,
        JobStatus status,
        @Nullable String payload,
        @Nullable String result,
        int retryCount,
        int maxRetries,
        int priority,
        int timeoutSeconds,
        @Nullable String lastError,
        Times times,
        @Nullable String tags,
        Links links,
        @Nullable String idempotencyKey,
        @Nullable String worker,
        @Nullable UUID leaseId,
        @Nullable Progress progress) {

    /// What the attempt's worker last said about how far it is, in per cent.
    public record Progress(double percent, @Nullable String message) {}

    public record Times(
            Instant created,
            Instant updated,
            @Nullable Instant scheduled,
            @Nullable Instant started,
            @Nullable Instant completed,
            @Nullable Instant expires,
            @Nullable Instant leaseExpires) {}

    /// What the job belongs to and what it tells. `dependencyMode` is null for a job without dependencies.
    public record Links(
            @Nullable UUID parent,
            @Nullable UUID workflow,
            @Nullable String completionWebhook,
            @Nullable String dependencyMode,
            boolean dependenciesMet) {}
}
