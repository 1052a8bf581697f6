package dev.spooled.audit;

import java.time.Instant;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/// One entry of the log. `status` is the HTTP status of the answer.
record AuditEntry(
        UUID id,
        String actor,
        String action,
        @Nullable String target,
        @Nullable String origin,
        int status,
        Instant at) {

    /// What came of it, in a word.
    String result() {
        if (status < 400) {
            return "success";
        }
        return status < 500 ? "refused" : "failed";
    }
}
