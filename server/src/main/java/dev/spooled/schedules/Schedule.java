package dev.spooled.schedules;

import java.time.Instant;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/// A schedule as stored. `payload`, `tags` and `metadata` are JSON text.
record Schedule(UUID id, int org, Plan plan, boolean active, Times times, int runCount) {

    /// What somebody asked for.
    record Plan(
            String name,
            @Nullable String description,
            String cron,
            String timezone,
            String queueName,
            String payload,
            int priority,
            int maxRetries,
            int timeoutSeconds,
            @Nullable String tags,
            @Nullable String metadata,
            CatchUp catchUp,
            boolean skipsOverlap,
            int jitterSeconds) {}

    record Times(@Nullable Instant lastRun, @Nullable Instant nextRun, Instant created, Instant updated) {}

    /// What becomes of occurrences that nobody could fire in time: the latest runs, all of the last hours run, or none.
    enum CatchUp {
        LATEST,
        ALL,
        NONE
    }
}
