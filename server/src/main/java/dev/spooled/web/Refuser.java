package dev.spooled.web;

import dev.spooled.refusal.Refusal;
import io.helidon.http.HeaderNames;
import io.helidon.http.HttpException;
import io.helidon.http.RequestException;
import io.helidon.http.Status;
import io.helidon.webserver.CloseConnectionException;
import io.helidon.webserver.http.Handler;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import java.util.List;
import java.util.function.Function;

/// Answers what went wrong, wherever it did: in a handler, before one was found, or in the server library.
final class Refuser {
    /// Handlers are wrapped rather than left to the library's error handling, which would take back the headers that
    /// the answer already has.
    Handler guarding(Handler handler) {
        return (request, response) -> {
            try {
                handler.handle(request, response);
            } catch (CloseConnectionException e) {
                throw e;
            } catch (RuntimeException e) {
                refuse(request, response, e);
            }
        };
    }

    void refuse(ServerRequest request, ServerResponse response, RuntimeException failure) {
        if (response.isSent()) {
            throw failure;
        }
        refuse(request, response, refusalOf(failure));
    }

    void refuse(ServerRequest request, ServerResponse response, Refusal refusal) {
        Problem problem = Problem.of(refusal);
        if (problem.retryAfterSeconds() != null) {
            response.header(HeaderNames.RETRY_AFTER, Integer.toString(problem.retryAfterSeconds()));
        }
        if (refusal instanceof Refusal.MethodNotAllowed wrong) {
            response.header(HeaderNames.ALLOW, String.join(", ", wrong.allowed()));
        }
        Answer.json(request, response, problem.status(), problem.body(RequestId.current()));
    }

    /// A failure of the library, or of ours before a handler was reached. `methodsOf` knows what a path answers to.
    Refusal unrouted(ServerRequest request, Throwable failure, Function<ServerRequest, List<String>> methodsOf) {
        if (!(failure instanceof HttpException http && http.status().code() == 404)) {
            return failure instanceof RuntimeException known
                    ? refusalOf(known)
                    : refusalOf(new IllegalStateException(failure));
        }
        String path = request.path().absolute().path();
        List<String> allowed = methodsOf.apply(request);
        String method = request.prologue().method().text();
        return allowed.isEmpty()
                ? new Refusal.NotFound("There is nothing at " + path)
                : new Refusal.MethodNotAllowed(allowed, method + " is not possible at " + path);
    }

    private static Refusal refusalOf(RuntimeException failure) {
        return switch (failure) {
            case HttpException e -> refusalOf(e.status(), e);
            case RequestException e -> refusalOf(e.status(), e);
            default -> Problem.refusalOf(failure, RequestId.current());
        };
    }

    private static Refusal refusalOf(Status status, RuntimeException failure) {
        return switch (status.code()) {
            case 404 -> new Refusal.NotFound("There is nothing here");
            case 413 -> new Refusal.TooLarge("The request body is too large");
            case 408 -> new Refusal.Timeout("The request did not arrive in time");
            case 503 -> new Refusal.Unavailable(1, "The server is stopping or overloaded");
            default ->
                status.family() == Status.Family.CLIENT_ERROR
                        ? new Refusal.BadRequest("The request is not valid HTTP")
                        : Problem.refusalOf(failure, RequestId.current());
        };
    }
}
