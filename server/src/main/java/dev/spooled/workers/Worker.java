package dev.spooled.workers;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/// A registered worker: what it said it is, and what it last reported. `metadata` is a JSON object.
record Worker(
        String id,
        String queueName,
        String hostname,
        @Nullable String type,
        int maxConcurrency,
        int currentJobs,
        WorkerStatus status,
        String metadata,
        @Nullable String version,
        Instant registeredAt,
        Instant lastHeartbeat,
        Instant updatedAt) {}
