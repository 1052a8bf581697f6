package dev.spooled.engine;

import static dev.spooled.db.PgArray.NO_TIME;

import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/// A job as an operation hands it to the lane: checked, defaults filled in. `org` and `queue` are internal numbers,
/// `payload`, `tags` and `backoff` compact JSON text, times microseconds since 1970 (`NO_TIME` for none). `terms` are
/// what a tag filter finds the job by: each tag's `key` and `key:value`.
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
        List<String> terms,
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
                List.of(),
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
                terms,
                parent,
                completionWebhook,
                backoff,
                trace);
    }

    public NewJob withMaxRetries(int retries) {
        return new NewJob(
                org,
                queue,
                priority,
                (short) retries,
                timeoutSeconds,
                payload,
                runAtMicros,
                expiresAtMicros,
                idempotencyKey,
                tags,
                terms,
                parent,
                completionWebhook,
                backoff,
                trace);
    }

    public NewJob withTimes(long runAt, long expiresAt) {
        return new NewJob(
                org,
                queue,
                priority,
                maxRetries,
                timeoutSeconds,
                payload,
                runAt,
                expiresAt,
                idempotencyKey,
                tags,
                terms,
                parent,
                completionWebhook,
                backoff,
                trace);
    }

    public NewJob withParent(UUID job) {
        return new NewJob(
                org,
                queue,
                priority,
                maxRetries,
                timeoutSeconds,
                payload,
                runAtMicros,
                expiresAtMicros,
                idempotencyKey,
                tags,
                terms,
                job,
                completionWebhook,
                backoff,
                trace);
    }

    public NewJob withCompletionWebhook(String url) {
        return new NewJob(
                org,
                queue,
                priority,
                maxRetries,
                timeoutSeconds,
                payload,
                runAtMicros,
                expiresAtMicros,
                idempotencyKey,
                tags,
                terms,
                parent,
                url,
                backoff,
                trace);
    }

    public NewJob withBackoff(String policy) {
        return new NewJob(
                org,
                queue,
                priority,
                maxRetries,
                timeoutSeconds,
                payload,
                runAtMicros,
                expiresAtMicros,
                idempotencyKey,
                tags,
                terms,
                parent,
                completionWebhook,
                policy,
                trace);
    }

    /// Roughly what it weighs in memory and on the wire to PostgreSQL.
    int bytes() {
        return 160 + payload.length() + (tags == null ? 0 : tags.length());
    }
}
