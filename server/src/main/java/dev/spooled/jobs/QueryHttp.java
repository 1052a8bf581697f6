package dev.spooled.jobs;

import dev.spooled.refusal.Refusal;
import dev.spooled.refusal.Refused;
import io.helidon.webserver.http.ServerRequest;
import org.jspecify.annotations.Nullable;

/// The parameters in a request's query.
final class QueryHttp {
    private static final int MAX_DIGITS = 18;

    private QueryHttp() {}

    static @Nullable String text(ServerRequest request, String name) {
        String value = request.query().first(name).orElse(null);
        if (value != null && value.chars().anyMatch(c -> c == 0 || Character.isSurrogate((char) c) && !paired(value))) {
            throw Refused.invalid(name, name + " holds characters no text may hold");
        }
        return value;
    }

    /// A whole number; one beyond int comes as the nearest int.
    static @Nullable Integer integer(ServerRequest request, String name) {
        String value = text(request, name);
        if (value == null || value.isEmpty()) {
            return null;
        }
        if (!value.matches("[+-]?[0-9]{1,100}")) {
            throw new Refused(new Refusal.BadRequest(name + " must be a whole number"));
        }
        if (value.length() > MAX_DIGITS) {
            return value.charAt(0) == '-' ? Integer.MIN_VALUE : Integer.MAX_VALUE;
        }
        return Math.clamp(Long.parseLong(value), Integer.MIN_VALUE, Integer.MAX_VALUE);
    }

    private static boolean paired(String value) {
        return java.nio.charset.StandardCharsets.UTF_8.newEncoder().canEncode(value);
    }
}
