package dev.spooled.json;

import dev.spooled.refusal.Refused;
import java.nio.charset.StandardCharsets;

/// JSON that the database takes apart rather than keeps as text (tags, settings, metadata): at most 64 KiB, and without
/// numbers that the database has no place for.
public final class SearchedJson {
    public static final int MAX_BYTES = 64 * 1024;
    private static final int MAX_EXPONENT = 1_000;

    private SearchedJson() {}

    /// Refuses the text of the field as `Invalid` when it is too large or holds such a number.
    public static void check(String field, String json) {
        if (json.length() > MAX_BYTES || json.getBytes(StandardCharsets.UTF_8).length > MAX_BYTES) {
            throw Refused.invalid(field, field + " may have at most 64 KiB");
        }
        checkNumbers(field, json);
    }

    private static void checkNumbers(String field, String json) {
        boolean inString = false;
        for (int i = 0; i < json.length(); i++) {
            char c = json.charAt(i);
            if (c == '"') {
                inString = !inString;
            } else if (inString && c == '\\') {
                i++;
            } else if (!inString && (c == 'e' || c == 'E') && i > 0 && isDigit(json.charAt(i - 1))) {
                checkExponent(field, json, i + 1);
            }
        }
    }

    private static void checkExponent(String field, String json, int from) {
        int at = from;
        if (json.charAt(at) == '+' || json.charAt(at) == '-') {
            at++;
        }
        long exponent = 0;
        for (; at < json.length() && isDigit(json.charAt(at)) && exponent <= MAX_EXPONENT; at++) {
            exponent = exponent * 10 + json.charAt(at) - '0';
        }
        if (exponent > MAX_EXPONENT) {
            throw Refused.invalid(field, field + " may not hold numbers with exponents beyond " + MAX_EXPONENT);
        }
    }

    private static boolean isDigit(char c) {
        return c >= '0' && c <= '9';
    }
}
