package dev.spooled.access;

import java.time.Instant;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/// A key as its organization may see it: never the key itself, only its beginning. `queues` is `*` alone for all.
record KeyView(
        UUID id,
        String name,
        String prefix,
        List<String> queues,
        List<String> scopes,
        @Nullable Integer rateLimit,
        boolean active,
        Instant createdAt,
        @Nullable Instant lastUsed,
        @Nullable Instant expiresAt) {

    boolean isUnrestricted() {
        return queues.contains("*") && Scope.of(scopes) == Scope.ADMIN;
    }

    /// The key as it is to become.
    KeyView changed(KeyChange change) {
        NewKey rules = new NewKey(
                change.name() == null ? name : change.name(),
                change.queues() == null ? queues : change.queues(),
                change.scopes() == null ? scopes : change.scopes(),
                change.rateLimitGiven() ? change.rateLimit() : rateLimit,
                expiresAt);
        boolean stays = change.active() == null ? active : change.active();
        return new KeyView(
                id,
                rules.name(),
                prefix,
                rules.queues(),
                rules.scopes(),
                rules.rateLimit(),
                stays,
                createdAt,
                lastUsed,
                expiresAt);
    }
}
