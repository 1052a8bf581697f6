package dev.spooled.access;

import dev.spooled.refusal.Refusal;
import dev.spooled.refusal.Refused;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/// Who is calling, as its credential says: the organization (internal number, public id, cell), the key, and what the
/// key
/// may touch. An empty `queues` means all queues. `rateLimit` is the key's own, in requests a second.
public record Caller(
        int org,
        UUID organization,
        int cell,
        boolean strictLeases,
        UUID key,
        Set<String> queues,
        boolean admin,
        @Nullable Integer rateLimit) {

    public boolean maySee(String queue) {
        return queues.isEmpty() || queues.contains(queue);
    }

    /// Refuses a queue outside the key's list.
    public void check(String queue) {
        if (!maySee(queue)) {
            throw new Refused(new Refusal.Forbidden("This API key has no access to queue " + queue));
        }
    }
}
