package dev.spooled.orgs;

import java.time.Instant;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/// An organization as the wire shows it; `number` is the internal one, `cell` where it lives. `settings` and
/// `customLimits` are JSON text.
/// `deletedAt` is set while its deletion can be undone.
public record Organization(
        int number,
        UUID id,
        int cell,
        String name,
        String slug,
        String planTier,
        @Nullable String billingEmail,
        String settings,
        @Nullable String customLimits,
        boolean strictLeases,
        Stripe stripe,
        Instant createdAt,
        Instant updatedAt,
        @Nullable Instant deletedAt) {

    /// What the operator's payment system knows it by; nothing here acts on it.
    public record Stripe(
            @Nullable String customer,
            @Nullable String subscription,
            @Nullable String status,
            @Nullable Instant periodEnd,
            @Nullable Boolean cancelAtPeriodEnd) {}

    public boolean isActive() {
        return deletedAt == null;
    }
}
