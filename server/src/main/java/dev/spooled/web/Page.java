package dev.spooled.web;

import dev.spooled.refusal.Refused;
import io.helidon.webserver.http.ServerRequest;

/// The part of a list that a request asks for. What is out of range is brought into it; what is no number is refused.
public record Page(int limit, int offset) {
    private static final int MAX_OFFSET = 10_000;

    /// Reads `limit` (1 to `max`, `preset` when absent) and `offset` from the query.
    public static Page of(ServerRequest request, int preset, int max) {
        return new Page(number(request, "limit", preset, 1, max), number(request, "offset", 0, 0, MAX_OFFSET));
    }

    private static int number(ServerRequest request, String name, int preset, int min, int max) {
        String text = request.query().first(name).orElse("").strip();
        if (text.isEmpty()) {
            return preset;
        }
        if (!text.matches("[+-]?[0-9]+")) {
            throw Refused.invalid(name, name + " must be a whole number, not " + text);
        }
        return text.length() > 10 ? far(text, min, max) : (int) Math.clamp(Long.parseLong(text), min, max);
    }

    private static int far(String text, int min, int max) {
        return text.startsWith("-") ? min : max;
    }
}
