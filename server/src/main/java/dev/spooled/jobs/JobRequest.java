package dev.spooled.jobs;

import dev.spooled.orgs.QueueName;
import dev.spooled.refusal.Refused;
import java.time.Instant;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/// A job as a client asks for it, each field within its own range. What is null takes the queue's default.
/// `payload` and `tags` are compact JSON text.
public record JobRequest(
        String queueName,
        String payload,
        int priority,
        @Nullable Integer maxRetries,
        @Nullable Integer timeoutSeconds,
        @Nullable Instant scheduledAt,
        @Nullable Instant expiresAt,
        @Nullable String idempotencyKey,
        @Nullable Tags tags,
        @Nullable CompletionWebhook completionWebhook,
        @Nullable UUID parent,
        @Nullable String backoff) {
    private static final int MAX_KEY_LENGTH = 255;

    public JobRequest {
        QueueName.checked("queue_name", queueName);
        Ranges.check("priority", priority, -100, 100);
        Ranges.checkOptional("max_retries", maxRetries, 0, 100);
        Ranges.checkOptional("timeout_seconds", timeoutSeconds, 1, 86_400);
        idempotencyKey = idempotencyKey == null || idempotencyKey.isEmpty() ? null : idempotencyKey;
        if (idempotencyKey != null && idempotencyKey.length() > MAX_KEY_LENGTH) {
            throw Refused.invalid("idempotency_key", "idempotency_key may have at most 255 characters");
        }
    }
}
