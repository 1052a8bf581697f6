package dev.spooled.live;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spooled.support.TestServer;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.http.HttpClient;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// Part 4 of grpc-realtime.md, numbers 8 to 11: what clients of live events trip over. 1 to 7 are
/// `GrpcTrapsTest`, 12 is `WebhookTrapsTest`.
final class LiveTrapsTest {
    private static final TestServer SERVER = new TestServer();

    private String key = "";

    @BeforeEach
    void organization() {
        key = SERVER.otherOrganization();
    }

    @AfterAll
    static void close() {
        SERVER.close();
    }

    private String enqueue(String queue) {
        return text(
                SERVER.post(key, "/jobs", "{\"queue_name\":\"" + queue + "\",\"payload\":{}}")
                        .body(),
                "id");
    }

    private static String text(String json, String name) {
        var found = Pattern.compile("\"" + name + "\":\"([^\"]*)\"").matcher(json);
        assertThat(found.find()).as(name + " in " + json).isTrue();
        return found.group(1);
    }

    /// `cmd` in any case and without an answer; `type` with one.
    @Test
    void trap8CommandsOfBothDialects() {
        try (var socket = TestSocket.open(SERVER, key, "")) {
            assertThat(socket.next().get("type").asString()).isEqualTo("Ping");
            socket.say("{\"cmd\":\"Subscribe\",\"queue\":\"a\",\"job_id\":null}");
            socket.say("{\"cmd\":\"subscribe\",\"queue\":\"b\"}");
            socket.say("{\"cmd\":\"Unsubscribe\",\"queue\":\"a\",\"job_id\":null}");
            socket.say("{\"cmd\":\"SUBSCRIBE\",\"queue\":\"c\"}");
            socket.say("{\"cmd\":\"unsubscribe\",\"queue\":\"c\"}");
            // Were anything acknowledged, it would come before this.
            socket.say("{\"cmd\":\"ping\"}");
            assertThat(socket.next().get("type").asString()).isEqualTo("Ping");
            socket.say("{\"cmd\":\"Ping\"}");
            assertThat(socket.next().get("type").asString()).isEqualTo("Ping");
            enqueue("a");
            enqueue("c");
            String heard = enqueue("b");
            JsonNode event = socket.next();
            assertThat(event.get("type").asString()).isEqualTo("JobCreated");
            assertThat(event.get("data").get("job_id").asString()).isEqualTo(heard);
            socket.say("{\"type\":\"subscribe\",\"request_id\":\"sub-1\",\"filter\":{\"queue_name\":\"a\"}}");
            JsonNode answer = socket.next();
            assertThat(answer.get("type").asString()).isEqualTo("subscribed");
            assertThat(answer.get("request_id").asString()).isEqualTo("sub-1");
            socket.say("{\"type\":\"unsubscribe\",\"request_id\":\"sub-2\",\"filter\":{\"queue_name\":\"a\"}}");
            assertThat(socket.next().get("type").asString()).isEqualTo("unsubscribed");
        }
    }

    /// Unnamed frames, bare line ends, one line of data, a first byte at once, and nothing that ends the stream by
    /// itself.
    @Test
    void trap9FramesOfSse() throws Exception {
        long asked = System.nanoTime();
        try (var client =
                HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build()) {
            HttpResponse<InputStream> stream = client.send(
                    SERVER.to("/api/v1/events?queue=sse")
                            .header("Authorization", "Bearer " + key)
                            .header("Accept-Encoding", "gzip")
                            .build(),
                    BodyHandlers.ofInputStream());
            try (InputStream in = stream.body()) {
                assertThat(stream.headers().firstValue("content-type")).contains("text/event-stream");
                assertThat(stream.headers().firstValue("cache-control")).contains("no-cache");
                assertThat(stream.headers().firstValue("x-accel-buffering")).contains("no");
                assertThat(stream.headers().firstValue("content-encoding")).isEmpty();
                assertThat(stream.headers().firstValue("content-length")).isEmpty();
                assertThat(block(in)).startsWith(":").doesNotContain("\r");
                assertThat(Duration.ofNanos(System.nanoTime() - asked)).isLessThan(Duration.ofSeconds(5));
                String job = enqueue("sse");
                String frame = block(in);
                while (!frame.contains("JobCreated")) {
                    frame = block(in);
                }
                assertThat(frame).contains(job).doesNotContain("\r");
                List<String> lines = frame.strip().lines().toList();
                assertThat(lines).noneMatch(line -> line.startsWith("event:"));
                assertThat(lines.stream().filter(line -> line.startsWith("data:")))
                        .hasSize(1);
                // Clients' time-outs for requests do not end it: nothing in the answer says that it ends.
                assertThat(stream.headers().firstValue("keep-alive")).isEmpty();
            }
        }
    }

    private static String block(InputStream in) throws IOException {
        var read = new ByteArrayOutputStream();
        int last = 0;
        for (int next = in.read(); next >= 0; next = in.read()) {
            read.write(next);
            if (next == '\n' && last == '\n') {
                return read.toString(StandardCharsets.UTF_8);
            }
            last = next;
        }
        throw new AssertionError("the stream ended after " + read);
    }

    /// Over a job's life and a worker's.
    @Test
    void trap10NamesAndTheTimeInside() {
        try (var stream = EventStream.open(SERVER, key, "/events?queue=names")) {
            String job = enqueue("names");
            SERVER.post(key, "/workers/register", "{\"queue_name\":\"names\",\"hostname\":\"h\",\"worker_id\":\"w\"}");
            SERVER.post(key, "/jobs/claim", "{\"queue_name\":\"names\",\"worker_id\":\"w\"}");
            SERVER.post(key, "/jobs/" + job + "/complete", "{\"worker_id\":\"w\",\"result\":{\"ok\":true}}");
            var types = new ArrayList<String>();
            while (!types.contains("JobCompleted")) {
                JsonNode event = stream.event().json();
                types.add(event.get("type").asString());
                assertThat(event.get("type").asString()).matches("([A-Z][a-z]+)+");
                assertThat(event.get("data").propertyNames()).allMatch(name -> name.matches("[a-z]+(_[a-z]+)*"));
                assertThat(Instant.parse(event.get("data").get("timestamp").asString()))
                        .isNotNull();
            }
            assertThat(types).contains("JobCreated", "WorkerRegistered", "JobStatusChange");
        }
    }

    /// The token that opens a stream from the address is a bearer over REST, too, and says when it ends.
    @Test
    void trap11TheTokenInTheAddress() {
        String login = SERVER.send(
                        SERVER.to("/api/v1/auth/login").POST(BodyPublishers.ofString("{\"api_key\":\"" + key + "\"}")))
                .body();
        String access = text(login, "access_token");
        try (var stream = EventStream.open(SERVER, "", "/events?token=" + access + "&events=job.created");
                var socket = TestSocket.open(SERVER, "", "?token=" + access)) {
            assertThat(stream.response().statusCode()).isEqualTo(200);
            assertThat(socket.next().get("type").asString()).isEqualTo("Ping");
        }
        assertThat(SERVER.get(access, "/queues").statusCode()).isEqualTo(200);
        JsonNode claims = new JsonMapper()
                .readTree(new String(Base64.getUrlDecoder().decode(access.split("\\.")[1]), StandardCharsets.UTF_8));
        assertThat(claims.get("exp").isIntegralNumber()).isTrue();
        assertThat(claims.get("exp").asLong())
                .isEqualTo(SERVER.clock.now().getEpochSecond()
                        + Duration.ofHours(24).toSeconds());
        String refresh = text(login, "refresh_token");
        assertThat(SERVER.get("", "/events?token=" + refresh).statusCode()).isEqualTo(401);
        assertThat(SERVER.get("", "/jobs?token=" + access).statusCode()).isEqualTo(401);
    }
}
