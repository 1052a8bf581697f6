package dev.spooled.web;

import dev.spooled.refusal.Refusal;
import io.helidon.http.HeaderNames;
import io.helidon.http.HttpException;
import io.helidon.http.RequestException;
import io.helidon.http.Status;
import io.helidon.webserver.CloseConnectionException;
import io.helidon.webserver.http.Filter;
import io.helidon.webserver.http.FilterChain;
import io.helidon.webserver.http.RoutingRequest;
import io.helidon.webserver.http.RoutingResponse;
import java.time.Duration;
import java.util.List;

/// What every request passes on its way in and out: it gets an id, passes the gate, is answered with the common
/// headers,
/// and whatever goes wrong becomes a `Problem`. The outermost filter, and the only one.
final class Envelope implements Filter {
    private final Routes routes;
    private final Cors cors;
    private final CommonHeaders headers;
    private final RequestObserver observer;

    Envelope(Routes routes, Cors cors, CommonHeaders headers, RequestObserver observer) {
        this.routes = routes;
        this.cors = cors;
        this.headers = headers;
        this.observer = observer;
    }

    @Override
    public void filter(FilterChain chain, RoutingRequest request, RoutingResponse response) {
        RequestId.with(RequestId.of(request), () -> serve(chain, request, response));
    }

    private void serve(FilterChain chain, RoutingRequest request, RoutingResponse response) {
        long begun = System.nanoTime();
        try (var serving = Connection.serving()) {
            headers.mark(response);
            cors.mark(request, response);
            answer(chain, request, response);
        } finally {
            String route = request.matchingPattern().orElse("unmatched");
            observer.answered(
                    request.prologue().method().text(),
                    route,
                    response.status().code(),
                    Duration.ofNanos(System.nanoTime() - begun));
        }
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
            if (response.isSent()) {
                throw e;
            }
            refuse(request, response, refusalOf(request, e));
        }
    }

    private Refusal refusalOf(RoutingRequest request, RuntimeException failure) {
        return switch (failure) {
            case HttpException e -> refusalOf(request, e.status(), e);
            case RequestException e -> refusalOf(request, e.status(), e);
            default -> Problem.refusalOf(failure, RequestId.current());
        };
    }

    /// The server library's own refusals.
    private Refusal refusalOf(RoutingRequest request, Status status, RuntimeException failure) {
        return switch (status.code()) {
            case 404 -> unrouted(request);
            case 413 -> new Refusal.TooLarge("The request body is too large");
            case 408 -> new Refusal.Timeout("The request did not arrive in time");
            case 503 -> new Refusal.Unavailable(1, "The server is stopping or overloaded");
            default ->
                status.family() == Status.Family.CLIENT_ERROR
                        ? new Refusal.BadRequest("The request is not valid HTTP")
                        : Problem.refusalOf(failure, RequestId.current());
        };
    }

    private Refusal unrouted(RoutingRequest request) {
        String path = request.path().path();
        List<String> allowed = routes.methodsOf(request.path());
        if (allowed.isEmpty()) {
            return new Refusal.NotFound("There is nothing at " + path);
        }
        String method = request.prologue().method().text();
        return new Refusal.MethodNotAllowed(allowed, method + " is not possible at " + path);
    }

    private void refuse(RoutingRequest request, RoutingResponse response, Refusal refusal) {
        Problem problem = Problem.of(refusal);
        if (problem.retryAfterSeconds() != null) {
            response.header(HeaderNames.RETRY_AFTER, Integer.toString(problem.retryAfterSeconds()));
        }
        if (refusal instanceof Refusal.MethodNotAllowed wrong) {
            response.header(HeaderNames.ALLOW, String.join(", ", wrong.allowed()));
        }
        Answer.json(request, response, problem.status(), problem.body(RequestId.current()));
    }
}
