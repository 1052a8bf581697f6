package dev.spooled.jobs;

import dev.spooled.refusal.Refused;

/// What may be stored as a job's tags. Unlike payloads, tags are searched, so the database takes them apart: it has no
/// place for numbers beyond its own.
final class Tags {
    private static final int MAX_LENGTH = 64 * 1024;
    private static final int MAX_EXPONENT = 1_000;

    private Tags() {}

    static void check(String json) {
        if (Utf8.longerThan(json, MAX_LENGTH)) {
            throw Refused.invalid("tags", "tags may have at most 64 KiB");
        }
        boolean inString = false;
        for (int i = 0; i < json.length(); i++) {
            char c = json.charAt(i);
            if (c == '"') {
                inString = !inString;
            } else if (inString && c == '\\') {
                i++;
            } else if (!inString && (c == 'e' || c == 'E') && i > 0 && isDigit(json.charAt(i - 1))) {
                checkExponent(json, i + 1);
            }
        }
    }

    private static void checkExponent(String json, int from) {
        int at = from;
        if (json.charAt(at) == '+' || json.charAt(at) == '-') {
            at++;
        }
        long exponent = 0;
        for (; at < json.length() && isDigit(json.charAt(at)) && exponent <= MAX_EXPONENT; at++) {
            exponent = exponent * 10 + json.charAt(at) - '0';
        }
        if (exponent > MAX_EXPONENT) {
            throw Refused.invalid("tags", "tags may not hold numbers with exponents beyond " + MAX_EXPONENT);
        }
    }

    private static boolean isDigit(char c) {
        return c >= '0' && c <= '9';
    }
}
