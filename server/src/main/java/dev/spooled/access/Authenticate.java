package dev.spooled.access;

import dev.spooled.refusal.Refusal;
import dev.spooled.refusal.Refused;
import dev.spooled.web.Peer;
import io.helidon.common.uri.UriQuery;
import io.helidon.http.HeaderName;
import io.helidon.http.HeaderNames;
import io.helidon.http.Headers;
import io.helidon.http.Method;
import io.helidon.http.ServerResponseHeaders;
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
    private static final String ASK = "An API key or access token is required: Authorization: Bearer <key>";

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

    /// What a route of live events does once the caller is known; the credential is looked at again while it goes on.
    public interface Listening {
        void handle(ServerRequest request, ServerResponse response, Caller caller, String credential);
    }

    /// For live events: browsers cannot give these requests headers, so the credential may stand in the query.
    public Handler listening(Listening work) {
        return (request, response) -> {
            String credential = presentedToListen(request.headers(), request.query());
            Caller caller = admit(credential, response.headers());
            work.handle(request, response, caller, credential);
        };
    }

    /// The caller of a request for live events, with what is left of its rate told in `answer`.
    public Caller admit(String credential, ServerResponseHeaders answer) {
        Caller caller = credentials.caller(credential);
        pass(answer, caller);
        caller.check(Scope.READ);
        return caller;
    }

    /// A credential from the headers, else from the query: `token` or `api_key`.
    public static String presentedToListen(Headers headers, UriQuery query) {
        return presented(headers)
                .or(() -> query.first("token").asOptional())
                .or(() -> query.first("api_key").asOptional())
                .map(String::strip)
                .filter(credential -> !credential.isEmpty())
                .orElseThrow(() -> unauthenticated(ASK));
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
            response.beforeSend(() -> trail.keep(
                    entry(request, response, caller.org(), caller.actor().toString())));
        }
        pass(response.headers(), caller);
        caller.check(needed);
        work.handle(request, response, caller);
    }

    /// Takes a request from its caller's bucket and says on the answer what is left. For routes that find their caller
    /// by other means than a credential of ours.
    public void pass(ServerResponse response, Caller caller) {
        pass(response.headers(), caller);
    }

    private void pass(ServerResponseHeaders answer, Caller caller) {
        try {
            tell(answer, rate.pass(caller));
        } catch (Refused refused) {
            if (refused.refusal() instanceof Refusal.RateLimited limited) {
                tell(answer, new RateGate.Allowance(limited.limit(), limited.remaining(), limited.resetAtSeconds()));
            }
            throw refused;
        }
    }

    /// What a request comes to in the audit log, once the status of its answer is known.
    static Trail.Entry entry(ServerRequest request, ServerResponse response, int org, String actor) {
        String method = request.prologue().method().text();
        return new Trail.Entry(
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
        return credentials.caller(presented(request.headers()).orElseThrow(() -> unauthenticated(ASK)));
    }

    static Optional<String> presented(Headers headers) {
        return headers.first(HeaderNames.AUTHORIZATION)
                .map(Authenticate::bearer)
                .or(() -> headers.first(API_KEY).map(String::strip))
                .filter(key -> !key.isEmpty());
    }

    static String bearer(String header) {
        if (!header.regionMatches(true, 0, BEARER, 0, BEARER.length())) {
            throw unauthenticated("The Authorization header must be: Bearer <key>");
        }
        return header.substring(BEARER.length()).strip();
    }

    private static void tell(ServerResponseHeaders answer, RateGate.Allowance left) {
        answer.set(LIMIT, Integer.toString(left.limit()));
        answer.set(REMAINING, Integer.toString(left.remaining()));
        answer.set(RESET, Long.toString(left.resetAtSeconds()));
    }

    private static Refused unauthenticated(String message) {
        return new Refused(new Refusal.Unauthenticated(message));
    }
}
