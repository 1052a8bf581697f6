package dev.spooled.jobs;

import dev.spooled.refusal.Refused;
import org.jspecify.annotations.Nullable;

/// Numbers within bounds: refused outside, or for claims and leases brought inside.
final class Ranges {
    private Ranges() {}

    static void check(String field, int value, int min, int max) {
        if (value < min || value > max) {
            throw Refused.invalid(field, field + " must lie between " + min + " and " + max + ", not " + value);
        }
    }

    static void checkOptional(String field, @Nullable Integer value, int min, int max) {
        if (value != null) {
            check(field, value, min, max);
        }
    }

    static int clamped(@Nullable Integer value, int preset, int min, int max) {
        return value == null ? preset : Math.clamp(value, min, max);
    }
}
