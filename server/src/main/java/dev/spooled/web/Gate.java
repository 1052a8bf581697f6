package dev.spooled.web;

import dev.spooled.refusal.Refusal;
import dev.spooled.refusal.Refused;
import io.helidon.http.HeaderName;
import io.helidon.http.HeaderNames;
import io.helidon.webserver.http.ServerRequest;

/// What any request must satisfy before it reaches a door.
final class Gate {
    static final HeaderName VERSION = HeaderNames.create("X-API-Version");

    private static final int MAX_VERSION_LENGTH = 16;

    private Gate() {}

    static void pass(ServerRequest request) {
        checkPath(request);
        checkVersion(request.headers().first(VERSION).orElse("1"));
        checkQuery(request);
    }

    /// An empty name in a path would otherwise be skipped, and the request be for something else.
    private static void checkPath(ServerRequest request) {
        String path = request.path().absolute().rawPath();
        if (path.contains("//")) {
            throw new Refused(new Refusal.NotFound("There is nothing at " + path));
        }
    }

    /// Something that is no version at all counts as none; another version is refused.
    static void checkVersion(String asked) {
        boolean wellFormed = !asked.isEmpty()
                && asked.length() <= MAX_VERSION_LENGTH
                && asked.chars().allMatch(c -> c == '.' || c < 0x80 && Character.isLetterOrDigit(c));
        if (wellFormed && !asked.equals("1")) {
            throw new Refused(new Refusal.UnsupportedVersion(
                    "API version " + asked + " is not supported; the only version is 1"));
        }
    }

    /// Credentials in an address end up in logs. Only the realtime routes, which browsers cannot give headers, take
    /// them there.
    private static void checkQuery(ServerRequest request) {
        if (request.query().isEmpty()) {
            return;
        }
        String path = request.path().path();
        boolean realtime =
                path.equals("/api/v1/ws") || path.equals("/api/v1/events") || path.startsWith("/api/v1/events/");
        if (!realtime && (request.query().contains("token") || request.query().contains("api_key"))) {
            throw new Refused(new Refusal.Unauthenticated(
                    "Credentials are not accepted in the query string; send them in the Authorization header"));
        }
    }
}
