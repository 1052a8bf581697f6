package dev.spooled.engine;

import static dev.spooled.db.PgArray.NO_TIME;

import java.util.UUID;
import org.jspecify.annotations.Nullable;

/// A job as an operation hands it to the lane: checked, defaults filled in. `org` and `queue` are internal numbers,
/// `payload`, `tags` and `backoff` compact JSON text, times microseconds since 1970 (`NO_TIME` for none).
public record NewJob(
        int org,
        int queue,
        short priority,
        short maxRetries,
        int timeoutSeconds,
        String payload,
        long runAtMicros,
        long expiresAtMicros,
        @Nullable String idempotencyKey,
        @Nullable String tags,
        @Nullable UUID parent,
        @Nullable String completionWebhook,
        @Nullable String backoff,
        @Nullable String trace) {

    /// The smallest job: for tests, benchmarks and callers that need no more.
    public static NewJob plain(int org, int queue, int priority, String payload) {
        return new NewJob(
                org,
                queue,
                (short) priority,
                (short) 3,
                300,
                payload,
                NO_TIME,
                NO_TIME,
                null,
                null,
                null,
                null,
                null,
                null);
    }

    public NewJob withKey(String key) {
        return new NewJob(
                org,
                queue,
                priority,
                maxRetries,
                timeoutSeconds,
                payload,
                runAtMicros,
                expiresAtMicros,
                key,
                tags,
                parent,
                completionWebhook,
                backoff,
                trace);
    }

    /// Roughly what it weighs in memory and on the wire to PostgreSQL.
    int bytes() {
        return 160 + payload.length() + (tags == null ? 0 : tags.length());
    }
}
