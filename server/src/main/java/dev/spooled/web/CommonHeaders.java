package dev.spooled.web;

import io.helidon.http.Header;
import io.helidon.http.HeaderValues;
import io.helidon.webserver.http.ServerResponse;
import java.util.ArrayList;
import java.util.List;

/// The headers of every answer: request id, API version, and what keeps a browser from doing more with it than it
/// should.
final class CommonHeaders {
    private final List<Header> fixed = new ArrayList<>();
    private volatile boolean closing;

    CommonHeaders(boolean hsts) {
        fix("X-API-Version", "1");
        fix("X-Frame-Options", "DENY");
        fix("X-Content-Type-Options", "nosniff");
        fix("X-XSS-Protection", "1; mode=block");
        fix("Referrer-Policy", "strict-origin-when-cross-origin");
        fix("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'");
        fix("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()");
        if (hsts) {
            fix("Strict-Transport-Security", "max-age=31536000; includeSubDomains; preload");
        }
    }

    void announceClose() {
        closing = true;
    }

    /// Whether the connection ends with an answer is decided when it is sent: a claim may have waited long for it.
    void mark(ServerResponse response) {
        fixed.forEach(response::header);
        response.beforeSend(() -> {
            if (closing) {
                response.header(HeaderValues.CONNECTION_CLOSE);
            }
        });
        response.header(RequestId.HEADER, RequestId.current());
    }

    List<Header> fixed() {
        return fixed;
    }

    private void fix(String name, String value) {
        fixed.add(HeaderValues.createCached(name, value));
    }
}
