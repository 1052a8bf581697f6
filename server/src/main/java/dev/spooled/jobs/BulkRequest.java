package dev.spooled.jobs;

import dev.spooled.json.JsonObject;
import dev.spooled.orgs.QueueName;
import dev.spooled.refusal.Refused;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// A request for many jobs. What an item leaves out it takes from the request as a whole; an item is parsed when it is
/// asked for, so that a wrong one costs only itself.
final class BulkRequest {
    private static final int MAX_ITEMS = 100;

    private final @Nullable String queueName;
    private final int priority;
    private final @Nullable Integer maxRetries;
    private final @Nullable Integer timeoutSeconds;
    private final List<JsonObject> items;

    BulkRequest(JsonObject body) {
        queueName = body.textOrNull("queue_name");
        if (queueName != null) {
            QueueName.checked("queue_name", queueName);
        }
        Integer preset = body.integerOrNull("default_priority");
        Ranges.checkOptional("default_priority", preset, -100, 100);
        priority = preset == null ? 0 : preset;
        maxRetries = body.integerOrNull("default_max_retries");
        Ranges.checkOptional("default_max_retries", maxRetries, 0, 100);
        timeoutSeconds = body.integerOrNull("default_timeout_seconds");
        Ranges.checkOptional("default_timeout_seconds", timeoutSeconds, 1, 86_400);
        items = body.objects("jobs");
        if (items.isEmpty() || items.size() > MAX_ITEMS) {
            throw Refused.invalid("jobs", "jobs must hold 1 to 100 items, not " + items.size());
        }
    }

    /// The queue of all items that name none.
    @Nullable
    String queueName() {
        return queueName;
    }

    int size() {
        return items.size();
    }

    JobRequest item(int index) {
        JsonObject item = items.get(index);
        String queue = item.has("queue_name") || queueName == null ? item.text("queue_name") : queueName;
        Integer ownPriority = item.integerOrNull("priority");
        Integer ownRetries = item.integerOrNull("max_retries");
        Integer ownTimeout = item.integerOrNull("timeout_seconds");
        return new JobRequest(
                queue,
                item.raw("payload"),
                ownPriority == null ? priority : ownPriority,
                ownRetries == null ? maxRetries : ownRetries,
                ownTimeout == null ? timeoutSeconds : ownTimeout,
                item.timeOrNull("scheduled_at"),
                item.timeOrNull("expires_at"),
                item.textOrNull("idempotency_key"),
                Tags.of(item),
                CompletionWebhook.of(item),
                null,
                Backoff.of(item));
    }
}
