package dev.spooled.access;

import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.UUID;

/// What a token says. `family` is shared by all tokens that come of one login: with it they end together. `queues` is
/// told to clients only; what a caller may do is read from the key itself on each use.
record Claims(
        Type type,
        UUID organization,
        Actor actor,
        List<String> queues,
        Instant issuedAt,
        Instant expiresAt,
        UUID id,
        UUID family) {

    enum Type {
        ACCESS,
        REFRESH;

        String word() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    boolean isInForce(Instant now) {
        return expiresAt.isAfter(now);
    }
}
