package dev.spooled.access;

import dev.spooled.refusal.Refusal;
import dev.spooled.refusal.Refused;
import io.helidon.http.HeaderName;
import io.helidon.http.HeaderNames;
import io.helidon.webserver.http.Handler;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import java.util.Optional;

/// Stands before every route that needs a key: finds the caller, takes the request from its bucket, and says on the
/// answer what is left. The `Authorization` header counts first, then `X-API-Key`.
public final class Authenticate {
    private static final HeaderName API_KEY = HeaderNames.create("X-API-Key");
    private static final HeaderName LIMIT = HeaderNames.create("X-RateLimit-Limit");
    private static final HeaderName REMAINING = HeaderNames.create("X-RateLimit-Remaining");
    private static final HeaderName RESET = HeaderNames.create("X-RateLimit-Reset");
    private static final String BEARER = "bearer ";
    private static final int MAX_KEY_LENGTH = 512;

    private final ApiKeys keys;
    private final RateGate rate;

    public Authenticate(ApiKeys keys, RateGate rate) {
        this.keys = keys;
        this.rate = rate;
    }

    /// A route's work once the caller is known.
    public interface Work {
        void handle(ServerRequest request, ServerResponse response, Caller caller);
    }

    /// The handler that lets only known callers through to `work`.
    public Handler then(Work work) {
        return (request, response) -> {
            Caller caller = caller(request);
            try {
                tell(response, rate.pass(caller));
            } catch (Refused refused) {
                if (refused.refusal() instanceof Refusal.RateLimited limited) {
                    tell(
                            response,
                            new RateGate.Allowance(limited.limit(), limited.remaining(), limited.resetAtSeconds()));
                }
                throw refused;
            }
            work.handle(request, response, caller);
        };
    }

    private Caller caller(ServerRequest request) {
        String presented = presented(request)
                .orElseThrow(() -> unauthenticated("An API key is required: Authorization: Bearer <key>"));
        if (presented.length() > MAX_KEY_LENGTH) {
            throw unauthenticated("The API key is not valid");
        }
        return keys.caller(presented).orElseThrow(() -> unauthenticated("The API key is not valid"));
    }

    private static Optional<String> presented(ServerRequest request) {
        return request.headers()
                .first(HeaderNames.AUTHORIZATION)
                .map(Authenticate::bearer)
                .or(() -> request.headers().first(API_KEY).map(String::strip))
                .filter(key -> !key.isEmpty());
    }

    static String bearer(String header) {
        if (!header.regionMatches(true, 0, BEARER, 0, BEARER.length())) {
            throw unauthenticated("The Authorization header must be: Bearer <key>");
        }
        return header.substring(BEARER.length()).strip();
    }

    private static void tell(ServerResponse response, RateGate.Allowance left) {
        response.header(LIMIT, Integer.toString(left.limit()));
        response.header(REMAINING, Integer.toString(left.remaining()));
        response.header(RESET, Long.toString(left.resetAtSeconds()));
    }

    private static Refused unauthenticated(String message) {
        return new Refused(new Refusal.Unauthenticated(message));
    }
}
