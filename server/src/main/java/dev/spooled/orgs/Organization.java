package dev.spooled.orgs;

import java.time.Instant;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/// An organization as the wire shows it; `number` is the internal one. `settings` and `customLimits` are JSON text.
public record Organization(
        int number,
        UUID id,
        String name,
        String slug,
        String planTier,
        @Nullable String billingEmail,
        String settings,
        @Nullable String customLimits,
        Instant createdAt,
        Instant updatedAt) {}
