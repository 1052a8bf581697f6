package dev.spooled.jobs;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/// One run of a job by a worker. `endedAt` and `outcome` are null while it runs.
record Attempt(
        int number,
        String worker,
        @Nullable String version,
        @Nullable Instant startedAt,
        @Nullable Instant endedAt,
        @Nullable String outcome,
        @Nullable String error) {}
