package dev.spooled.access;

import java.util.List;
import org.jspecify.annotations.Nullable;

/// What to change about a key; null keeps what it has. A given `rateLimit` of null takes the key's own limit away.
record KeyChange(
        @Nullable String name,
        @Nullable List<String> queues,
        @Nullable List<String> scopes,
        boolean rateLimitGiven,
        @Nullable Integer rateLimit,
        @Nullable Boolean active) {

    static KeyChange revocation() {
        return new KeyChange(null, null, null, false, null, false);
    }
}
