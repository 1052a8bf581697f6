package dev.spooled.webhooks;

import java.time.Instant;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/// A subscription as its organization sees it; the secret is not part of it.
record Webhook(
        UUID id,
        String name,
        String url,
        List<String> events,
        Format format,
        boolean enabled,
        boolean hasSecret,
        State state,
        Instant created,
        Instant updated) {

    /// How the deliveries have gone lately. `failures` counts failed ones in a row.
    record State(
            int failures,
            @Nullable Instant lastTriggered,
            @Nullable String lastStatus) {}
}
