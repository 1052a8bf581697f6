package dev.spooled.web;

import io.helidon.http.HeaderName;
import io.helidon.http.HeaderNames;
import io.helidon.webserver.http.ServerRequest;
import java.util.UUID;

/// The id a request goes by in answers and logs: the caller's own if it is short and printable, else a fresh one.
public final class RequestId {
    static final HeaderName HEADER = HeaderNames.create("X-Request-Id");

    private static final ScopedValue<String> CURRENT = ScopedValue.newInstance();
    private static final int MAX_LENGTH = 128;

    private RequestId() {}

    /// The id of the request this thread serves.
    public static String current() {
        return CURRENT.isBound() ? CURRENT.get() : "none";
    }

    static void with(String id, Runnable work) {
        ScopedValue.where(CURRENT, id).run(work);
    }

    static String of(ServerRequest request) {
        return request.headers().first(HEADER).filter(RequestId::printable).orElseGet(RequestId::fresh);
    }

    static String fresh() {
        return UUID.randomUUID().toString();
    }

    private static boolean printable(String id) {
        return !id.isEmpty() && id.length() <= MAX_LENGTH && id.chars().allMatch(c -> c > ' ' && c < 0x7F);
    }
}
