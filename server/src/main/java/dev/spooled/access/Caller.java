package dev.spooled.access;

import dev.spooled.refusal.Refusal;
import dev.spooled.refusal.Refused;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/// Who is calling, as its credential says: the organization (internal number, public id), the key or person
/// behind it, and what that may touch. An empty `queues` means all queues. `rateLimit` is the key's own, in requests a
/// second.
public record Caller(
        int org,
        UUID organization,
        boolean strictLeases,
        Actor actor,
        Set<String> queues,
        Scope scope,
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

    /// Refuses what needs a wider scope.
    public void check(Scope needed) {
        if (!scope.includes(needed)) {
            throw new Refused(new Refusal.Forbidden(
                    "This needs the scope " + needed.word() + ", the credential has " + scope.word()));
        }
    }

    /// Refuses a credential with a queue list what concerns the organization as a whole.
    public void checkUnrestricted() {
        if (!queues.isEmpty()) {
            throw new Refused(new Refusal.Forbidden("An API key for some queues only may not change the organization"));
        }
    }
}
