package dev.spooled.queues;

import java.time.Instant;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/// A configured queue. `rateLimit` is in claims a second over all servers, null for none; `settings` is a JSON object.
record QueueConfig(
        String name,
        UUID id,
        int number,
        int maxRetries,
        int defaultTimeoutSeconds,
        @Nullable Integer rateLimit,
        boolean enabled,
        @Nullable Pause pause,
        String settings,
        Instant createdAt,
        Instant updatedAt) {

    /// Since when and why a queue hands out nothing.
    record Pause(Instant since, @Nullable String reason) {}
}
