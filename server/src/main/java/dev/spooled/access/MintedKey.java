package dev.spooled.access;

import java.time.Instant;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/// A key just made. `key` is its text in the clear, which nobody can read again.
public record MintedKey(
        UUID id,
        String key,
        String name,
        Instant createdAt,
        @Nullable Instant expiresAt) {
    @Override
    public String toString() {
        return "key " + id;
    }
}
