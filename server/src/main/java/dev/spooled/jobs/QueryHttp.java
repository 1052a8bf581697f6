package dev.spooled.jobs;

import dev.spooled.refusal.Refusal;
import dev.spooled.refusal.Refused;
import dev.spooled.web.Query;
import io.helidon.webserver.http.ServerRequest;
import org.jspecify.annotations.Nullable;

/// The parameters in a request's query.
final class QueryHttp {
    private static final int MAX_DIGITS = 18;

    private QueryHttp() {}

    static @Nullable String text(ServerRequest request, String name) {
        return Query.text(request, name);
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
}
