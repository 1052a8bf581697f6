package dev.spooled.web;

import io.helidon.http.HeaderName;
import io.helidon.http.HeaderNames;
import io.helidon.http.Method;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import java.util.Set;

/// Lets browsers of the allowed origins in, or of any origin. There are no cookies, so never with credentials.
final class Cors {
    private static final HeaderName ASKED_METHOD = HeaderNames.create("Access-Control-Request-Method");
    private static final String METHODS = "GET, POST, PUT, PATCH, DELETE, OPTIONS";
    private static final String HEADERS = "authorization, content-type, x-api-key, x-request-id, x-admin-key,"
            + " x-organization-id, x-api-version, idempotency-key, cache-control, last-event-id";
    private static final String EXPOSED = "X-Request-Id, X-RateLimit-Limit, X-RateLimit-Remaining, X-RateLimit-Reset,"
            + " Retry-After, X-API-Version, X-Spooled-Idempotency";

    private final Set<String> origins;
    private final boolean anyOrigin;

    Cors(Set<String> origins, boolean anyOrigin) {
        this.origins = Set.copyOf(origins);
        this.anyOrigin = anyOrigin;
    }

    void mark(ServerRequest request, ServerResponse response) {
        String origin = request.headers().first(HeaderNames.ORIGIN).orElse("");
        if (origin.isEmpty() || !(anyOrigin || origins.contains(origin))) {
            return;
        }
        response.header("Access-Control-Allow-Origin", anyOrigin ? "*" : origin);
        response.header("Access-Control-Expose-Headers", EXPOSED);
        if (!anyOrigin) {
            response.header(HeaderNames.VARY, "Origin");
        }
    }

    boolean isPreflight(ServerRequest request) {
        return request.prologue().method().equals(Method.OPTIONS)
                && request.headers().contains(ASKED_METHOD);
    }

    void answerPreflight(ServerResponse response) {
        response.header("Access-Control-Allow-Methods", METHODS);
        response.header("Access-Control-Allow-Headers", HEADERS);
        response.header("Access-Control-Max-Age", "3600");
        Answer.nothing(response);
    }
}
