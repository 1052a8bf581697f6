package dev.spooled.jobs;

import dev.spooled.json.JsonLabel;
import dev.spooled.json.JsonObject;
import dev.spooled.refusal.Refused;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// A job's tags: their JSON text, and the terms a tag filter finds the job by: each tag's `key` and `key:value`.
///
/// Unlike payloads, tags are searched, so the database takes them apart: it has no place for numbers beyond its own.
/// Terms beyond `MAX_TERMS`, and very long ones, are stored but not searched.
record Tags(String json, List<String> terms) {
    private static final int MAX_LENGTH = 64 * 1024;
    private static final int MAX_EXPONENT = 1_000;
    private static final int MAX_TERMS = 256;
    private static final int MAX_TERM_LENGTH = 255;

    Tags {
        if (Utf8.longerThan(json, MAX_LENGTH)) {
            throw Refused.invalid("tags", "tags may have at most 64 KiB");
        }
        checkNumbers(json);
    }

    /// The tags a request carries, or null.
    static @Nullable Tags of(JsonObject request) {
        String json = request.rawOrNull("tags");
        return json == null ? null : new Tags(json, terms(request.labels("tags")));
    }

    private static List<String> terms(List<JsonLabel> labels) {
        return labels.stream()
                .flatMap(label -> label.value() == null
                        ? Stream.of(label.name())
                        : Stream.of(label.name(), label.name() + ":" + label.value()))
                .filter(term -> term.length() <= MAX_TERM_LENGTH)
                .distinct()
                .limit(MAX_TERMS)
                .toList();
    }

    private static void checkNumbers(String json) {
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
