package dev.spooled.workers;

import dev.spooled.json.JsonObject;
import dev.spooled.json.SearchedJson;
import dev.spooled.orgs.QueueName;
import dev.spooled.refusal.Bounds;
import dev.spooled.refusal.Refused;
import java.util.Objects;
import java.util.UUID;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// What a worker says of itself when it registers. Without an id of its own it gets one. `hostname` may be empty.
public record Registration(
        String id,
        String queueName,
        String hostname,
        @Nullable String type,
        int maxConcurrency,
        String metadata,
        @Nullable String version) {
    private static final Pattern ID = Pattern.compile("[A-Za-z0-9._-]{1,128}");
    private static final Pattern HOSTNAME = Pattern.compile("[A-Za-z0-9_]([A-Za-z0-9._-]{0,253}[A-Za-z0-9_])?");
    public static final int DEFAULT_CONCURRENCY = 5;
    public static final int MAX_CONCURRENCY = 1_000;
    private static final int MAX_CONCURRENCY_OVER_REST = 100;
    private static final int MAX_HOSTNAME = 255;

    public Registration {
        QueueName.checked("queue_name", queueName);
        if (!isId(id)) {
            throw Refused.invalid("worker_id", "worker_id must be 1 to 128 letters, digits or . _ -");
        }
        if (!hostname.isEmpty() && !HOSTNAME.matcher(hostname).matches()) {
            throw Refused.invalid(
                    "hostname", "hostname must be 1 to 255 letters, digits or . - _ and not begin or end with . or -");
        }
        Bounds.checkLength("worker_type", type, 0, 50);
        Bounds.check("max_concurrency", maxConcurrency, 1, MAX_CONCURRENCY);
        SearchedJson.check("metadata", metadata);
        Bounds.checkLength("version", version, 0, 50);
    }

    static boolean isId(String text) {
        return ID.matcher(text).matches();
    }

    static Registration of(JsonObject body) {
        String id = body.textOrNull("worker_id");
        Integer concurrency = body.integerOrNull("max_concurrency");
        if (concurrency == null) {
            concurrency = body.integerOrNull("max_concurrent_jobs");
        }
        Bounds.check("max_concurrency", concurrency, 1, MAX_CONCURRENCY_OVER_REST);
        String hostname = body.text("hostname");
        Bounds.checkLength("hostname", hostname, 1, MAX_HOSTNAME);
        return new Registration(
                id == null ? UUID.randomUUID().toString() : id,
                body.text("queue_name"),
                hostname,
                body.textOrNull("worker_type"),
                Objects.requireNonNullElse(concurrency, DEFAULT_CONCURRENCY),
                Objects.requireNonNullElse(body.objectOrNull("metadata"), "{}"),
                body.textOrNull("version"));
    }
}
