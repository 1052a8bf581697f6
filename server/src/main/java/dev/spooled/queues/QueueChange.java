package dev.spooled.queues;

import dev.spooled.jobs.Backoff;
import dev.spooled.json.JsonObject;
import dev.spooled.json.SearchedJson;
import dev.spooled.refusal.Bounds;
import dev.spooled.refusal.Refused;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// What to change about a queue; null keeps what it has. A given `rateLimit` or `backoff` of null takes it away.
/// `settings`, a JSON object, is merged into what is there.
record QueueChange(
        @Nullable Integer maxRetries,
        @Nullable Integer defaultTimeoutSeconds,
        boolean rateLimitGiven,
        @Nullable Integer rateLimit,
        @Nullable Boolean enabled,
        boolean backoffGiven,
        @Nullable String backoff,
        String settings) {

    QueueChange {
        Bounds.check("max_retries", maxRetries, 0, 100);
        Bounds.check("default_timeout", defaultTimeoutSeconds, 1, 86_400);
        Bounds.check("rate_limit", rateLimit, 1, 100_000);
        SearchedJson.check("settings", settings);
    }

    /// The change a request asks for. When it names a queue, that must be the one in its path.
    static QueueChange of(JsonObject body, String name) {
        String named = body.textOrNull("queue_name");
        if (named != null && !named.equals(name)) {
            throw Refused.invalid("queue_name", "queue_name must be the queue in the path, " + name);
        }
        return new QueueChange(
                body.integerOrNull("max_retries"),
                body.integerOrNull("default_timeout"),
                body.has("rate_limit") || body.isNull("rate_limit"),
                body.integerOrNull("rate_limit"),
                body.flagOrNull("enabled"),
                body.has("backoff") || body.isNull("backoff"),
                Backoff.of(body),
                Objects.requireNonNullElse(body.objectOrNull("settings"), "{}"));
    }
}
