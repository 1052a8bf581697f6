package dev.spooled.webhooks;

import java.time.Instant;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/// One event on its way to one webhook, with what came of the last attempt. `nextAttempt` is null when none
/// follows.
record Delivery(
        UUID id,
        UUID webhook,
        String event,
        String body,
        String status,
        int attempts,
        Last last,
        Instant created,
        @Nullable Instant delivered,
        @Nullable Instant nextAttempt) {

    record Last(
            @Nullable Integer statusCode,
            @Nullable String responseBody,
            @Nullable Integer millis,
            @Nullable String error) {}
}
