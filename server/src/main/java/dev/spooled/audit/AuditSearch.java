package dev.spooled.audit;

import java.time.Instant;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/// Which entries are asked for; null matches all. `before` is the cursor, `result` one of success, refused, failed.
record AuditSearch(
        @Nullable String actor,
        @Nullable String action,
        @Nullable String target,
        @Nullable String result,
        @Nullable Instant since,
        @Nullable Instant until,
        @Nullable UUID before,
        int limit) {}
