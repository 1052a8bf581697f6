package dev.spooled.conformance.load;

import dev.spooled.conformance.fleet.Fleet;
import dev.spooled.conformance.history.History;
import dev.spooled.conformance.history.Outcome;
import java.io.IOException;
import java.net.ConnectException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpConnectTimeoutException;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.JsonNodeFactory;

/// HTTP to the servers of a run. Now and then it cuts a connection after the request went out, so that nobody hears
/// the answer.
final class Wire {
    static final JsonMapper JSON = JsonMapper.builder().build();
    private static final Duration PATIENCE = Duration.ofSeconds(40);
    private static final int CUT_WITHIN_MILLIS = 20;
    private static final int UNREACHABLE_MILLIS = 20;

    /// How many requests lose their answer.
    private final double cuts;

    private final List<URI> urls;
    private final AtomicLong unreachable = new AtomicLong();
    private final AtomicLong longestMicros = new AtomicLong();
    private final AtomicLong broken = new AtomicLong();
    private final AtomicLong streamFaults = new AtomicLong();
    private final HttpClient client = HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(Duration.ofSeconds(2))
            .executor(Executors.newVirtualThreadPerTaskExecutor())
            .build();
    private volatile boolean cutting = true;

    Wire(List<URI> urls, double cuts) {
        this.urls = urls;
        this.cuts = cuts;
    }

    /// What came back; `status` is 0 without an answer, and then `sent` 0 means that the request never went out.
    record Reply(
            long sent,
            long heard,
            int status,
            JsonNode body,
            @Nullable String retryAfter,
            @Nullable String cursor) {
        Outcome outcome() {
            return status >= 200 && status < 300
                    ? Outcome.OK
                    : status >= 400 && status < 500 ? Outcome.FAIL : Outcome.UNKNOWN;
        }

        boolean isOk() {
            return outcome() == Outcome.OK;
        }

        boolean wasSent() {
            return sent > 0;
        }
    }

    void stopCutting() {
        cutting = false;
    }

    List<URI> urls() {
        return urls;
    }

    /// Requests that found nobody to take them.
    long unreachable() {
        return unreachable.get();
    }

    /// Connections that broke before the answer, not counting those cut here.
    long broken() {
        return broken.get();
    }

    long longestMicros() {
        return longestMicros.get();
    }

    Reply ask(Actor actor, String method, String path, String body) {
        return ask(actor, actor.one(urls), actor.org().key(), method, path, body);
    }

    Reply ask(Actor actor, URI node, String key, String method, String path, String body) {
        boolean admin = path.startsWith("/api/v1/admin/");
        var request = HttpRequest.newBuilder(URI.create(node + path))
                .timeout(PATIENCE)
                .header(admin ? "X-Admin-Key" : "Authorization", admin ? Fleet.ADMIN_KEY : "Bearer " + key)
                .header("Content-Type", "application/json")
                .method(method, body.isEmpty() ? BodyPublishers.noBody() : BodyPublishers.ofString(body))
                .build();
        boolean cut = cutting && cuts > 0 && actor.chance(cuts);
        long patience = cut ? actor.dice().nextInt(CUT_WITHIN_MILLIS) : PATIENCE.toMillis() + 5_000;
        long sent = History.now();
        CompletableFuture<HttpResponse<String>> answer = client.sendAsync(request, BodyHandlers.ofString());
        try {
            HttpResponse<String> heard = answer.get(patience, TimeUnit.MILLISECONDS);
            long now = History.now();
            if (!path.contains("/claim")) {
                longestMicros.accumulateAndGet(now - sent, Math::max);
            }
            return new Reply(
                    sent,
                    now,
                    heard.statusCode(),
                    parsed(heard.body()),
                    heard.headers().firstValue("Retry-After").orElse(null),
                    heard.headers().firstValue("X-Next-Cursor").orElse(null));
        } catch (TimeoutException e) {
            answer.cancel(true);
            return lost(sent);
        } catch (ExecutionException e) {
            return failed(sent, e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return lost(sent);
        }
    }

    /// The lines of a stream, until it ends.
    Stream<String> lines(Actor actor, String path, String lastEvent) throws IOException {
        var request = HttpRequest.newBuilder(URI.create(actor.one(urls) + path))
                .header("Authorization", "Bearer " + actor.org().key());
        if (!lastEvent.isEmpty()) {
            request.header("Last-Event-ID", lastEvent);
        }
        try {
            HttpResponse<Stream<String>> answer = client.send(request.build(), BodyHandlers.ofLines());
            if (answer.statusCode() >= 500) {
                streamFaults.incrementAndGet();
            }
            if (answer.statusCode() != 200) {
                answer.body().close();
                throw new IOException("answered " + answer.statusCode());
            }
            return answer.body();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException(e);
        }
    }

    /// Streams that were answered 5xx.
    long streamFaults() {
        return streamFaults.get();
    }

    private Reply failed(long sent, ExecutionException failure) {
        Throwable cause = failure.getCause();
        if (cause instanceof ConnectException || cause instanceof HttpConnectTimeoutException) {
            unreachable.incrementAndGet();
            Stage.pause(UNREACHABLE_MILLIS);
            return lost(0);
        }
        if (cause instanceof IOException) {
            broken.incrementAndGet();
            return lost(sent);
        }
        throw new IllegalStateException(cause);
    }

    private static Reply lost(long sent) {
        return new Reply(sent, History.now(), 0, JsonNodeFactory.instance.objectNode(), null, null);
    }

    private static JsonNode parsed(String body) {
        if (body.isBlank()) {
            return JsonNodeFactory.instance.objectNode();
        }
        try {
            return JSON.readTree(body);
        } catch (JacksonException e) {
            return JsonNodeFactory.instance.objectNode().put("text", body);
        }
    }
}
