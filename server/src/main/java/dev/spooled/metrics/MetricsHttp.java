package dev.spooled.metrics;

import dev.spooled.refusal.Refusal;
import dev.spooled.refusal.Refused;
import dev.spooled.web.Answer;
import dev.spooled.web.Door;
import dev.spooled.web.Routes;
import io.helidon.http.HeaderNames;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import org.jspecify.annotations.Nullable;

/// The metrics page, open unless the operator has set a token for it.
public final class MetricsHttp implements Door {
    private static final String TYPE = "text/plain; version=0.0.4; charset=utf-8";

    private final Metrics metrics;
    private final @Nullable String token;

    public MetricsHttp(Metrics metrics, @Nullable String token) {
        this.metrics = metrics;
        this.token = token == null || token.isBlank() ? null : token.strip();
    }

    @Override
    public void open(Routes routes) {
        routes.get("/metrics", this::page);
    }

    private void page(ServerRequest request, ServerResponse response) {
        if (token != null && !isToken(token, request)) {
            throw new Refused(new Refusal.Unauthenticated("The metrics token is required: Authorization: Bearer"));
        }
        Answer.text(request, response, TYPE, metrics.text());
    }

    /// The page for a caller who has shown a key, unless the operator keeps it for who has the token.
    public void show(ServerRequest request, ServerResponse response) {
        if (token != null) {
            throw new Refused(new Refusal.Forbidden("The metrics page needs the metrics token: GET /metrics"));
        }
        Answer.text(request, response, TYPE, metrics.text());
    }

    private static boolean isToken(String token, ServerRequest request) {
        String header = request.headers().first(HeaderNames.AUTHORIZATION).orElse("");
        String presented = header.regionMatches(true, 0, "bearer ", 0, 7)
                ? header.substring(7).strip()
                : "";
        return MessageDigest.isEqual(
                token.getBytes(StandardCharsets.UTF_8), presented.getBytes(StandardCharsets.UTF_8));
    }
}
