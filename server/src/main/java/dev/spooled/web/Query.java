package dev.spooled.web;

import dev.spooled.refusal.Refused;
import io.helidon.common.uri.UriQuery;
import io.helidon.webserver.http.ServerRequest;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/// The parameters in a request's query, as text that the database can hold.
public final class Query {
    private Query() {}

    public static @Nullable String text(ServerRequest request, String name) {
        return text(request.query(), name);
    }

    private static @Nullable String text(UriQuery query, String name) {
        String value = query.first(name).orElse(null);
        if (value != null
                && (value.indexOf('\0') >= 0
                        || !StandardCharsets.UTF_8.newEncoder().canEncode(value))) {
            throw Refused.invalid(name, name + " holds characters no text may hold");
        }
        return value;
    }

    /// As `text`, stripped; what is empty is absent.
    public static @Nullable String wordOrNull(ServerRequest request, String name) {
        return wordOrNull(request.query(), name);
    }

    public static @Nullable String wordOrNull(UriQuery query, String name) {
        String value = text(query, name);
        return value == null || value.isBlank() ? null : value.strip();
    }
}
