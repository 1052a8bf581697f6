package dev.spooled.web;

import io.helidon.http.HeaderNames;
import io.helidon.http.HeaderValues;
import io.helidon.webserver.CloseConnectionException;
import io.helidon.webserver.http.ErrorHandler;
import io.helidon.webserver.http.Filter;
import io.helidon.webserver.http.FilterChain;
import io.helidon.webserver.http.RoutingRequest;
import io.helidon.webserver.http.RoutingResponse;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import java.time.Duration;

/// What every request passes on its way in and out: it gets an id, passes the gate, is answered with the common
/// headers, and is observed. The only filter; what no handler takes comes here, too.
final class Envelope implements Filter, ErrorHandler<Throwable> {
    /// The route by which WebSockets are observed: they begin with this answer.
    private static final String UPGRADE = "websocket";

    private final Routes routes;
    private final Refuser refuser;
    private final Cors cors;
    private final CommonHeaders headers;
    private final RequestObserver observer;

    Envelope(Routes routes, Refuser refuser, Cors cors, CommonHeaders headers, RequestObserver observer) {
        this.routes = routes;
        this.refuser = refuser;
        this.cors = cors;
        this.headers = headers;
        this.observer = observer;
    }

    @Override
    public void filter(FilterChain chain, RoutingRequest request, RoutingResponse response) {
        RequestId.with(RequestId.of(request), () -> serve(chain, request, response));
    }

    /// What the library could not route. It has taken the headers back by now.
    @Override
    public void handle(ServerRequest request, ServerResponse response, Throwable failure) {
        mark(request, response);
        var refusal = refuser.unrouted(
                request, failure, it -> routes.methodsOf(it.prologue().uriPath()));
        refuser.refuse(request, response, refusal);
    }

    private void serve(FilterChain chain, RoutingRequest request, RoutingResponse response) {
        long begun = System.nanoTime();
        try (var serving = Connection.serving()) {
            mark(request, response);
            answer(chain, request, response);
            closeIfSaid(request, response);
        } finally {
            Duration took = Duration.ofNanos(System.nanoTime() - begun);
            String route = request.matchingPattern().orElse(isUpgrade(response) ? UPGRADE : "unmatched");
            observer.answered(
                    request.prologue().method().text(), route, response.status().code(), took);
        }
    }

    /// The library sends the header and then keeps the connection all the same.
    private static void closeIfSaid(RoutingRequest request, RoutingResponse response) {
        if (response.isSent() && saysClose(response)) {
            if (request.content().hasEntity() && !request.content().consumed()) {
                Connection.leavesUnread();
            }
            throw new CloseConnectionException("the server is about to stop");
        }
    }

    private static boolean saysClose(RoutingResponse response) {
        return response.headers().contains(HeaderNames.CONNECTION)
                && response.headers().containsToken(HeaderValues.CONNECTION_CLOSE);
    }

    private static boolean isUpgrade(RoutingResponse response) {
        return response.status().code() == 101;
    }

    private void mark(ServerRequest request, ServerResponse response) {
        headers.mark(response);
        cors.mark(request, response);
    }

    private void answer(FilterChain chain, RoutingRequest request, RoutingResponse response) {
        try {
            if (cors.isPreflight(request)) {
                cors.answerPreflight(response);
                return;
            }
            Gate.pass(request);
            chain.proceed();
        } catch (CloseConnectionException e) {
            throw e;
        } catch (RuntimeException e) {
            refuser.refuse(request, response, e);
        }
    }
}
