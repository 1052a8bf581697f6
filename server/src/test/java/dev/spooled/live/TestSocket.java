package dev.spooled.live;

import dev.spooled.support.TestServer;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// A client of `/api/v1/ws`.
final class TestSocket implements WebSocket.Listener, AutoCloseable {
    private static final JsonMapper JSON = new JsonMapper();
    private static final HttpClient CLIENT = HttpClient.newHttpClient();
    private static final long PATIENCE = TimeUnit.SECONDS.toNanos(15);

    private final LinkedBlockingQueue<JsonNode> messages = new LinkedBlockingQueue<>();
    private final StringBuilder part = new StringBuilder();
    final CompletableFuture<Integer> closedWith = new CompletableFuture<>();
    final LinkedBlockingQueue<String> pings = new LinkedBlockingQueue<>();
    private @Nullable WebSocket socket;
    private volatile boolean deaf;

    static TestSocket open(TestServer server, String by, String query) {
        var client = new TestSocket();
        var builder = CLIENT.newWebSocketBuilder();
        if (!by.isEmpty()) {
            builder.header("Authorization", "Bearer " + by);
        }
        client.socket = builder.buildAsync(URI.create("ws://127.0.0.1:" + server.port() + "/api/v1/ws" + query), client)
                .join();
        return client;
    }

    @Override
    public @Nullable CompletionStage<?> onText(WebSocket from, CharSequence data, boolean last) {
        part.append(data);
        if (last) {
            messages.add(JSON.readTree(part.toString()));
            part.setLength(0);
        }
        if (!deaf) {
            from.request(1);
        }
        return null;
    }

    @Override
    public @Nullable CompletionStage<?> onPing(WebSocket from, java.nio.ByteBuffer message) {
        pings.add("ping");
        from.request(1);
        return null;
    }

    @Override
    public @Nullable CompletionStage<?> onClose(WebSocket from, int code, String reason) {
        closedWith.complete(code);
        return null;
    }

    @Override
    public void onError(WebSocket from, Throwable error) {
        closedWith.completeExceptionally(error);
    }

    void say(String text) {
        java.util.Objects.requireNonNull(socket).sendText(text, true).join();
    }

    /// After the next message it reads no more, until it listens again.
    void stopReading() {
        deaf = true;
    }

    void readAgain() {
        deaf = false;
        socket().request(1);
    }

    WebSocket socket() {
        return java.util.Objects.requireNonNull(socket);
    }

    JsonNode next() {
        try {
            JsonNode next = messages.poll(PATIENCE, TimeUnit.NANOSECONDS);
            if (next == null) {
                throw new AssertionError("nothing came for 15 seconds");
            }
            return next;
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    /// The next that is as wanted; others are passed over.
    JsonNode next(Predicate<JsonNode> wanted) {
        long end = System.nanoTime() + PATIENCE;
        for (JsonNode next = next(); System.nanoTime() - end < 0; next = next()) {
            if (wanted.test(next)) {
                return next;
            }
        }
        throw new AssertionError("only others came");
    }

    /// The next event of a job, which has to be of that kind.
    JsonNode job(String type) {
        JsonNode next = next(it ->
                it.get("type").asString().toLowerCase(java.util.Locale.ROOT).startsWith("job"));
        if (!next.get("type").asString().equals(type)) {
            throw new AssertionError("not " + type + " but " + next);
        }
        return next;
    }

    @Override
    public void close() {
        socket().abort();
    }
}
