package dev.spooled.live;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spooled.support.Await;
import dev.spooled.support.TestServer;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.Socket;
import java.net.http.WebSocket;
import java.net.http.WebSocketHandshakeException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletionException;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// Live events over WebSocket, in the ways of all clients.
final class SocketHttpTest {
    private static final JsonMapper JSON = new JsonMapper();
    private static final TestServer SERVER = new TestServer(new Hub.Limits(3, 3, 50), Rhythm.STANDARD.faster(10));

    private final String key = SERVER.otherOrganization();

    @AfterAll
    static void close() {
        SERVER.close();
    }

    private String enqueue(String queue) {
        return id(SERVER.post(key, "/jobs", "{\"queue_name\":\"" + queue + "\",\"payload\":{}}")
                .body());
    }

    private static String id(String json) {
        return JSON.readTree(json).get("id").asString();
    }

    private static String jobOf(JsonNode event) {
        return event.get("data").get("job_id").asString();
    }

    private String token() {
        return JSON.readTree(SERVER.post("", "/auth/login", "{\"api_key\":\"" + key + "\"}")
                        .body())
                .get("access_token")
                .asString();
    }

    @Test
    void everythingIsHeardUntilSomethingIsAskedFor() {
        try (var socket = TestSocket.open(SERVER, "", "?token=" + token())) {
            JsonNode first = socket.next();
            assertThat(first.get("type").asString()).isEqualTo("Ping");
            assertThat(first.get("data").get("timestamp").asString()).isNotEmpty();
            String job = enqueue("a");
            JsonNode created = socket.job("JobCreated");
            assertThat(jobOf(created)).isEqualTo(job);
            assertThat(created.has("id")).isFalse();
            socket.say("{\"cmd\":\"Subscribe\",\"queue\":\"b\",\"job_id\":null}");
            socket.say("{\"cmd\":\"Ping\"}");
            socket.next(it -> it.get("type").asString().equals("Ping"));
            enqueue("a");
            String b = enqueue("b");
            assertThat(jobOf(socket.job("JobCreated"))).isEqualTo(b);
            socket.say("{\"cmd\":\"subscribe\",\"queue\":\"a\"}");
            socket.say("{\"cmd\":\"ping\"}");
            socket.next(it -> it.get("type").asString().equals("Ping"));
            String a = enqueue("a");
            assertThat(jobOf(socket.job("JobCreated"))).isEqualTo(a);
            assertThat(jobOf(of("b", socket))).isNotEmpty();
            socket.say("{\"cmd\":\"unsubscribe\",\"queue\":\"a\"}");
            socket.say("{\"cmd\":\"unsubscribe\",\"queue\":\"b\"}");
            socket.say("{\"cmd\":\"ping\"}");
            socket.next(it -> it.get("type").asString().equals("Ping"));
            String c = enqueue("c");
            assertThat(jobOf(socket.job("JobCreated"))).isEqualTo(c);
        }
    }

    private JsonNode of(String queue, TestSocket socket) {
        enqueue(queue);
        return socket.job("JobCreated");
    }

    @Test
    void brokenAndUnknownFramesMeanNothing() {
        try (var socket = TestSocket.open(SERVER, key, "?events=job.created")) {
            for (String text :
                    List.of("", "x", "[]", "{\"cmd\":7}", "{\"cmd\":\"Dance\"}", "{\"a\":1}", "{\"type\":[]}")) {
                socket.say(text);
            }
            socket.say("{\"cmd\":\"Subscribe\",\"queue\":\"a b\"}");
            socket.socket().sendBinary(ByteBuffer.wrap(new byte[] {1, 2}), true).join();
            socket.say("{\"cmd\":\"Ping\"}");
            assertThat(socket.next().get("type").asString()).isEqualTo("Ping");
            assertThat(socket.next().get("type").asString()).isEqualTo("Ping");
            String job = enqueue("a");
            assertThat(jobOf(socket.job("JobCreated"))).isEqualTo(job);
        }
    }

    @Test
    void goIsAnsweredAndSpokenToInItsOwnWay() {
        try (var socket = TestSocket.open(SERVER, key, "")) {
            socket.say(
                    "{\"type\":\"subscribe\",\"request_id\":\"sub-1\",\"filter\":{\"queue_name\":\"go\","
                            + "\"job_id\":\"\",\"events\":[\"job.created\",\"job.started\",\"job.retrying\",\"worker.joined\"]}}");
            JsonNode answer = socket.next(it -> it.has("request_id"));
            assertThat(answer.toString()).isEqualTo("{\"type\":\"subscribed\",\"request_id\":\"sub-1\"}");
            enqueue("other");
            String job = enqueue("go");
            JsonNode created = socket.job("job.created");
            assertThat(jobOf(created)).isEqualTo(job);
            assertThat(created.get("timestamp").asString()).isNotEmpty();
            SERVER.post(key, "/jobs/claim", "{\"queue_name\":\"go\",\"worker_id\":\"w\"}");
            assertThat(jobOf(socket.job("job.started"))).isEqualTo(job);
            SERVER.post(key, "/jobs/" + job + "/fail", "{\"worker_id\":\"w\",\"error\":\"e\"}");
            assertThat(jobOf(socket.job("job.retrying"))).isEqualTo(job);
            SERVER.post(key, "/workers/register", "{\"queue_name\":\"go\",\"hostname\":\"h\"}");
            socket.next(it -> it.get("type").asString().equals("worker.joined"));
            socket.say("{\"type\":\"subscribe\",\"request_id\":\"sub-2\",\"filter\":{\"queue_name\":\"no queue\"}}");
            JsonNode error = socket.next(it -> it.has("request_id"));
            assertThat(error.get("type").asString()).isEqualTo("error");
            assertThat(error.get("error").asString()).contains("queue");
            socket.say("{\"type\":\"unsubscribe\",\"request_id\":\"sub-3\",\"filter\":{\"queue_name\":\"go\"}}");
            assertThat(socket.next(it -> it.has("request_id")).get("type").asString())
                    .isEqualTo("unsubscribed");
        }
    }

    @Test
    void aKeyForSomeQueuesSubscribesToNoOther() {
        String restricted = JSON.readTree(SERVER.post(key, "/api-keys", "{\"name\":\"r\",\"queues\":[\"mine\"]}")
                        .body())
                .get("key")
                .asString();
        assertThat(refusal(restricted, "?queue=theirs")).isEqualTo(403);
        try (var socket = TestSocket.open(SERVER, restricted, "")) {
            socket.say("{\"type\":\"subscribe\",\"request_id\":\"1\",\"filter\":{\"queue_name\":\"theirs\"}}");
            assertThat(socket.next(it -> it.has("request_id")).get("type").asString())
                    .isEqualTo("error");
            socket.say("{\"type\":\"subscribe\",\"request_id\":\"2\",\"filter\":{\"queue_name\":\"*\"}}");
            socket.next(it -> it.has("request_id"));
            enqueue("theirs");
            String own = enqueue("mine");
            assertThat(jobOf(socket.job("job.created"))).isEqualTo(own);
        }
    }

    @Test
    void refusalsComeBeforeTheUpgrade() {
        assertThat(refusal("", "")).isEqualTo(401);
        assertThat(refusal("sk_live_" + "A".repeat(43), "")).isEqualTo(401);
        assertThat(refusal(key, "?queue=a%20b")).isEqualTo(400);
        assertThat(SERVER.get(key, "/ws").statusCode()).isEqualTo(400);
        var open = new ArrayList<TestSocket>();
        for (int i = 0; i < 3; i++) {
            open.add(TestSocket.open(SERVER, key, ""));
        }
        assertThat(refusal(key, "")).isEqualTo(429);
        open.forEach(TestSocket::close);
        Await.until(() -> SERVER.hub().connections(), left -> left == 0);
        TestSocket.open(SERVER, key, "").close();
    }

    private static int refusal(String by, String query) {
        try (var socket = TestSocket.open(SERVER, by, query)) {
            return socket.closedWith.isDone() ? 0 : 101;
        } catch (CompletionException e) {
            return e.getCause() instanceof WebSocketHandshakeException refused
                    ? refused.getResponse().statusCode()
                    : 0;
        }
    }

    @Test
    void whoComesBackHearsWhatHappenedMeanwhileWithIds() {
        String last;
        try (var socket = TestSocket.open(SERVER, key, "?events=job.created&last_event_id=none-1")) {
            assertThat(socket.next().get("type").asString()).isEqualTo("Ping");
            assertThat(socket.next().get("type").asString()).isEqualTo("Error");
            enqueue("gap");
            last = socket.job("JobCreated").get("id").asString();
        }
        Await.until(() -> SERVER.hub().connections(), open -> open == 0);
        String missed = enqueue("gap");
        try (var socket = TestSocket.open(SERVER, key, "?last_event_id=" + last)) {
            assertThat(jobOf(socket.job("JobCreated"))).isEqualTo(missed);
        }
    }

    @Test
    void bothSidesPing() throws Exception {
        try (var socket = TestSocket.open(SERVER, key, "")) {
            for (int i = 0; i < 2; i++) {
                assertThat(socket.next(it -> it.get("type").asString().equals("Ping")))
                        .isNotNull();
            }
            assertThat(socket.pings.poll(10, java.util.concurrent.TimeUnit.SECONDS))
                    .isNotNull();
            socket.socket().sendPing(ByteBuffer.wrap(new byte[] {7})).join();
            socket.say("{\"cmd\":\"Ping\"}");
            assertThat(socket.next()).isNotNull();
        }
    }

    @Test
    void aRevokedKeyClosesWith1008AndAStopWith1001() throws Exception {
        JsonNode made = JSON.readTree(
                SERVER.post(key, "/api-keys", "{\"name\":\"brief\"}").body());
        try (var socket = TestSocket.open(SERVER, made.get("key").asString(), "")) {
            SERVER.call(key, "DELETE", "/api-keys/" + made.get("id").asString(), "");
            assertThat(socket.closedWith.get(15, java.util.concurrent.TimeUnit.SECONDS))
                    .isEqualTo(1008);
        }
        var server = new TestServer(Hub.Limits.STANDARD, Rhythm.STANDARD);
        try (var socket = TestSocket.open(server, server.key, "")) {
            assertThat(socket.next()).isNotNull();
            server.close();
            assertThat(socket.closedWith.get(15, java.util.concurrent.TimeUnit.SECONDS))
                    .isEqualTo(1001);
        }
    }

    @Test
    void tooLongATextClosesWith1009() throws Exception {
        try (var socket = TestSocket.open(SERVER, key, "")) {
            socket.say("{\"cmd\":\"Ping\",\"x\":\"" + "x".repeat(60_000) + "\"}");
            socket.next();
            socket.socket().sendText("x".repeat(40_000), false).join();
            try {
                socket.socket().sendText("x".repeat(40_000), true).join();
            } catch (CompletionException closedMeanwhile) {
                // The server need not read on.
            }
            assertThat(socket.closedWith.get(15, java.util.concurrent.TimeUnit.SECONDS))
                    .isEqualTo(1009);
        }
    }

    @Test
    void aCloseIsAnswered() throws Exception {
        try (var socket = TestSocket.open(SERVER, key, "")) {
            socket.socket().sendClose(WebSocket.NORMAL_CLOSURE, "done").join();
            assertThat(socket.closedWith.get(15, java.util.concurrent.TimeUnit.SECONDS))
                    .isEqualTo(1000);
        }
        Await.until(() -> SERVER.hub().connections(), open -> open == 0);
    }

    private byte[] greeting() {
        String request = "GET /api/v1/ws HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer " + key
                + "\r\nUpgrade: websocket\r\nConnection: keep-alive, Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                + "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
        return request.getBytes(StandardCharsets.US_ASCII);
    }

    /// A client that listens only when it has said all that it has to say.
    @Test
    void theGoodbyeReachesAClientThatStillSends() throws IOException {
        try (var chatty = new Socket("127.0.0.1", SERVER.port())) {
            chatty.setSoTimeout(20_000);
            OutputStream out = chatty.getOutputStream();
            out.write(greeting());
            out.write(new byte[] {(byte) 0x81, (byte) 0xFF, 0, 0, 0, 0, 1, 0, 0, 0});
            out.write(new byte[16 * 1024 * 1024]);
            chatty.shutdownOutput();
            String heard = new String(chatty.getInputStream().readAllBytes(), StandardCharsets.ISO_8859_1);
            assertThat(heard).startsWith("HTTP/1.1 101").endsWith("\u0088\u0002\u0003\u00f1");
        }
    }

    @Test
    void oneWithoutASignOfLifeIsClosed() throws IOException {
        try (var silent = new Socket("127.0.0.1", SERVER.port())) {
            silent.getOutputStream().write(greeting());
            silent.setSoTimeout(20_000);
            InputStream in = silent.getInputStream();
            String heard = new String(in.readAllBytes(), StandardCharsets.ISO_8859_1);
            assertThat(heard).startsWith("HTTP/1.1 101").contains("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
            assertThat(heard).contains("\u0088").contains("no sign of life");
        }
    }

    @Test
    void theWrongVersionIsToldTheRightOne() throws IOException {
        try (var old = new Socket("127.0.0.1", SERVER.port())) {
            String request =
                    "GET /api/v1/ws HTTP/1.1\r\nHost: h\r\nConnection: Upgrade, close\r\nUpgrade: websocket\r\n"
                            + "Sec-WebSocket-Version: 8\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
            old.getOutputStream().write(request.getBytes(StandardCharsets.US_ASCII));
            old.setSoTimeout(20_000);
            var answer = new StringBuilder();
            while (answer.indexOf("\r\n\r\n") < 0) {
                answer.append((char) old.getInputStream().read());
            }
            assertThat(answer.toString()).startsWith("HTTP/1.1 400").contains("Sec-WebSocket-Version: 13");
        }
    }
}
