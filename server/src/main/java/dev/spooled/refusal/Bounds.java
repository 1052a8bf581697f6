package dev.spooled.refusal;

import org.jspecify.annotations.Nullable;

/// Fields within their bounds, or `Invalid`. An absent field is within any.
public final class Bounds {
    private Bounds() {}

    public static void check(String field, @Nullable Integer value, int min, int max) {
        if (value != null && (value < min || value > max)) {
            throw Refused.invalid(field, field + " must lie between " + min + " and " + max + ", not " + value);
        }
    }

    public static void checkLength(String field, @Nullable String text, int min, int max) {
        if (text != null && (text.length() < min || text.length() > max)) {
            throw Refused.invalid(field, field + " must have " + min + " to " + max + " characters");
        }
    }
}
