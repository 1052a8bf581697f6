package dev.spooled.access;

import dev.spooled.refusal.Refusal;
import dev.spooled.refusal.Refused;
import dev.spooled.web.Peer;
import io.helidon.http.HeaderName;
import io.helidon.http.HeaderNames;
import io.helidon.http.Method;
import io.helidon.webserver.http.Handler;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import java.util.Optional;

/// Stands before every route that needs a credential: finds the caller, takes the request from its bucket, says on the
/// answer what is left, holds the caller to its scope, and has changes written into the audit log. The `Authorization`
/// header counts first, then `X-API-Key`.
public final class Authenticate {
    private static final HeaderName API_KEY = HeaderNames.create("X-API-Key");
    private static final HeaderName LIMIT = HeaderNames.create("X-RateLimit-Limit");
    private static final HeaderName REMAINING = HeaderNames.create("X-RateLimit-Remaining");
    private static final HeaderName RESET = HeaderNames.create("X-RateLimit-Reset");
    private static final String BEARER = "bearer ";

    private final Credentials credentials;
    private final RateGate rate;
    private final Trail trail;

    public Authenticate(Credentials credentials, RateGate rate, Trail trail) {
        this.credentials = credentials;
        this.rate = rate;
        this.trail = trail;
    }

    /// A route's work once the caller is known.
    public interface Work {
        void handle(ServerRequest request, ServerResponse response, Caller caller);
    }

    /// For most routes: a GET needs the scope read, a change the scope operate; changes are audited.
    public Handler then(Work work) {
        return (request, response) -> {
            boolean reads = isReading(request);
            serve(request, response, reads ? Scope.READ : Scope.OPERATE, !reads, work);
        };
    }

    /// For reading that is asked for by another method than GET.
    public Handler read(Work work) {
        return (request, response) -> serve(request, response, Scope.READ, false, work);
    }

    /// For the daily traffic of jobs and workers: the scope operate, and too much of it to audit.
    public Handler daily(Work work) {
        return (request, response) -> serve(request, response, Scope.OPERATE, false, work);
    }

    /// For keys, the organization, webhooks and settings: the scope admin; changes are audited.
    public Handler admin(Work work) {
        return (request, response) -> serve(request, response, Scope.ADMIN, !isReading(request), work);
    }

    private void serve(ServerRequest request, ServerResponse response, Scope needed, boolean audited, Work work) {
        Caller caller = caller(request);
        if (audited) {
            response.beforeSend(() -> trail.keep(entry(
                    request,
                    response,
                    caller.cell(),
                    caller.org(),
                    caller.actor().toString())));
        }
        pass(response, caller);
        caller.check(needed);
        work.handle(request, response, caller);
    }

    private void pass(ServerResponse response, Caller caller) {
        try {
            tell(response, rate.pass(caller));
        } catch (Refused refused) {
            if (refused.refusal() instanceof Refusal.RateLimited limited) {
                tell(response, new RateGate.Allowance(limited.limit(), limited.remaining(), limited.resetAtSeconds()));
            }
            throw refused;
        }
    }

    /// What a request comes to in the audit log, once the status of its answer is known.
    static Trail.Entry entry(ServerRequest request, ServerResponse response, int cell, int org, String actor) {
        String method = request.prologue().method().text();
        return new Trail.Entry(
                cell,
                org,
                actor,
                method + " " + request.matchingPattern().orElse("unmatched"),
                request.path().absolute().path(),
                Peer.addressOf(request),
                response.status().code());
    }

    private static boolean isReading(ServerRequest request) {
        Method method = request.prologue().method();
        return method.equals(Method.GET) || method.equals(Method.HEAD);
    }

    private Caller caller(ServerRequest request) {
        return credentials.caller(presented(request)
                .orElseThrow(
                        () -> unauthenticated("An API key or access token is required: Authorization: Bearer <key>")));
    }

    static Optional<String> presented(ServerRequest request) {
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
