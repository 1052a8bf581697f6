package dev.spooled.live;

import dev.spooled.support.TestServer;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// Reads an SSE stream over a real socket, block by block.
final class EventStream implements AutoCloseable {
    private static final JsonMapper JSON = new JsonMapper();
    private static final HttpClient CLIENT =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    private static final long PATIENCE = TimeUnit.SECONDS.toNanos(15);
    private static final Frame END = new Frame("", "", "", "");

    private final HttpResponse<InputStream> response;
    private final LinkedBlockingQueue<Frame> frames = new LinkedBlockingQueue<>();

    /// One block: its comment, id, name and data, each empty if it has none.
    record Frame(String comment, String id, String name, String data) {
        JsonNode json() {
            return JSON.readTree(data);
        }

        String type() {
            return json().get("type").asString();
        }

        JsonNode inside(String member) {
            return json().get("data").get(member);
        }

        /// Types in the Go client's way are checked where they are sent in the usual one.
        void check() {
            List<String> faults = type().contains(".") ? List.of() : EventTable.faults(json());
            if (!faults.isEmpty()) {
                throw new AssertionError(data + " against contract/events.md: " + faults);
            }
        }
    }

    private EventStream(HttpResponse<InputStream> response) {
        this.response = response;
        Thread.ofVirtual().start(this::read);
    }

    static EventStream open(TestServer server, String by, String path, String... headers) {
        return open(server.to("/api/v1" + path), by, headers);
    }

    static EventStream open(HttpRequest.Builder request, String by, String... headers) {
        if (!by.isEmpty()) {
            request.header("Authorization", "Bearer " + by);
        }
        if (headers.length > 0) {
            request.headers(headers);
        }
        try {
            return new EventStream(CLIENT.send(request.build(), HttpResponse.BodyHandlers.ofInputStream()));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    HttpResponse<InputStream> response() {
        return response;
    }

    private void read() {
        try (var lines = new BufferedReader(new InputStreamReader(response.body(), StandardCharsets.UTF_8))) {
            List<String> block = new ArrayList<>();
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                if (line.isEmpty()) {
                    frames.add(frame(block));
                    block.clear();
                } else {
                    block.add(line);
                }
            }
        } catch (IOException e) {
            // The stream was cut: that is an end, too.
        }
        frames.add(END);
    }

    private static Frame frame(List<String> block) {
        return new Frame(field(block, ":"), field(block, "id:"), field(block, "event:"), field(block, "data:"));
    }

    private static String field(List<String> block, String name) {
        return block.stream()
                .filter(line -> line.startsWith(name))
                .map(line -> line.substring(name.length()).strip())
                .findFirst()
                .orElse("");
    }

    /// The next block; null at the end of the stream.
    @Nullable
    Frame next() {
        try {
            Frame next = frames.poll(PATIENCE, TimeUnit.NANOSECONDS);
            if (next == null) {
                throw new AssertionError("nothing came for 15 seconds");
            }
            return next == END ? null : next;
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    /// Null also when nothing comes for that long.
    @Nullable
    Frame nextWithin(long nanos) {
        try {
            Frame next = frames.poll(nanos, TimeUnit.NANOSECONDS);
            return next == END ? null : next;
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    /// The next block with an event.
    Frame event() {
        return event(frame -> true);
    }

    /// The next event that is as wanted; others are passed over.
    Frame event(Predicate<Frame> wanted) {
        long end = System.nanoTime() + PATIENCE;
        for (Frame next = next(); next != null; next = next()) {
            if (!next.data().isEmpty()) {
                next.check();
                if (wanted.test(next)) {
                    return next;
                }
            }
            if (System.nanoTime() - end > 0) {
                throw new AssertionError("only others came, the last was " + next);
            }
        }
        throw new AssertionError("the stream ended");
    }

    Frame event(String type) {
        return event(frame -> frame.type().equals(type));
    }

    /// Whether the stream ends without one more event.
    boolean endsNow() {
        for (Frame next = next(); next != null; next = next()) {
            if (!next.data().isEmpty()) {
                throw new AssertionError("one more event: " + next);
            }
        }
        return true;
    }

    @Override
    public void close() {
        try {
            response.body().close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
