package dev.spooled.web;

import dev.spooled.refusal.Refused;
import io.helidon.http.HeaderName;
import io.helidon.http.HeaderNames;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/// Where a list goes on: the id after which the next page begins. An answer tells it in `X-Next-Cursor`, the next
/// request gives it back as `cursor`.
public final class Cursor {
    private static final HeaderName NEXT = HeaderNames.create("X-Next-Cursor");

    private Cursor() {}

    /// Null when the request asks for the first page.
    public static @Nullable UUID of(ServerRequest request) {
        String text = Query.wordOrNull(request, "cursor");
        try {
            return text == null ? null : UUID.fromString(text);
        } catch (IllegalArgumentException e) {
            throw Refused.invalid("cursor", "cursor must be what X-Next-Cursor said");
        }
    }

    /// Null when there is nothing more.
    public static void tell(ServerResponse response, @Nullable UUID next) {
        if (next != null) {
            response.header(NEXT, next.toString());
        }
    }
}
