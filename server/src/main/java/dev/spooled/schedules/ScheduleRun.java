package dev.spooled.schedules;

import java.time.Instant;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/// A run of a schedule. `skipped` occurrences before it were left out.
record ScheduleRun(
        UUID id,
        @Nullable UUID job,
        String status,
        @Nullable String error,
        Instant occurrence,
        Instant startedAt,
        @Nullable Instant completedAt,
        boolean manual,
        int skipped) {}
