package dev.spooled.web;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.helidon.common.socket.PlainSocket;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// The server over real sockets, with a door of the test's own.
final class WebTest {
    private final CountDownLatch parked = new CountDownLatch(1);
    private final AtomicReference<BooleanSupplier> watched = new AtomicReference<>();
    private final LinkedBlockingQueue<String> routes = new LinkedBlockingQueue<>();
    private final Web web = new Web(
                    new Web.Options(
                            "127.0.0.1",
                            0,
                            new Web.Address("127.0.0.1", 0),
                            100,
                            Duration.ofSeconds(5),
                            Set.of("https://app.example"),
                            false,
                            true,
                            TrustedProxies.NONE),
                    List.of(this::open),
                    List.of(to -> to.get(
                            "/metrics",
                            (request, response) -> Answer.text(request, response, "text/plain", "metrics"))),
                    (method, route, status, took) -> routes.add(method + " " + route + " " + status))
            .start();
    private final HttpClient client = HttpClient.newHttpClient();

    @AfterEach
    void stop() {
        web.close();
    }

    private void open(Routes to) {
        to.get(
                        "/things/{id}",
                        (request, response) -> Answer.json(
                                request,
                                response,
                                200,
                                ("{\"id\":\"" + request.path().pathParameters().get("id") + "\"}")
                                        .getBytes(StandardCharsets.UTF_8)))
                .post("/things", WebTest::echo)
                .get("/big", (request, response) -> Answer.text(request, response, "text/plain", "x".repeat(10_000)))
                .get("/boom", (request, response) -> {
                    throw new IllegalStateException("secret");
                })
                .get("/slow", (request, response) -> {
                    parked.countDown();
                    sleep();
                    Answer.text(request, response, "text/plain", "slow");
                })
                .post("/park", (request, response) -> {
                    watched.set(Connection.watchClient());
                    parked.countDown();
                    if (request.query().contains("once")) {
                        Answer.text(request, response, "text/plain", "parked");
                    }
                });
    }

    private static void sleep() {
        try {
            TimeUnit.MILLISECONDS.sleep(500);
        } catch (InterruptedException e) {
            throw new IllegalStateException("interrupted while draining", e);
        }
    }

    private static void echo(ServerRequest request, ServerResponse response) {
        var body = Body.json(request, 1_000);
        Answer.json(request, response, 201, ("{\"n\":" + body.raw("n") + "}").getBytes(StandardCharsets.UTF_8));
    }

    private HttpRequest.Builder to(String path) {
        return HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + web.port() + path));
    }

    private HttpResponse<String> send(HttpRequest.Builder request) throws Exception {
        return client.send(request.build(), BodyHandlers.ofString());
    }

    private static String header(HttpResponse<?> response, String name) {
        return response.headers().firstValue(name).orElse("");
    }

    @Test
    void answersWithTheCommonHeaders() throws Exception {
        var response = send(to("/things/7").header("X-Request-Id", "mine"));
        assertThat(response.statusCode()).isEqualTo(200);
        assertThat(response.body()).isEqualTo("{\"id\":\"7\"}");
        assertThat(header(response, "X-Request-Id")).isEqualTo("mine");
        assertThat(header(response, "X-API-Version")).isEqualTo("1");
        assertThat(header(response, "X-Frame-Options")).isEqualTo("DENY");
        assertThat(header(response, "Strict-Transport-Security")).contains("31536000");
        assertThat(routes.poll(5, TimeUnit.SECONDS)).isEqualTo("GET /things/{id} 200");
    }

    /// Also the answer of a request that had begun before.
    @Test
    void aServerThatWillStopSaysThatAnswersAreTheLast() throws Exception {
        try (var socket = new Socket("127.0.0.1", web.port())) {
            socket.setSoTimeout(5_000);
            socket.getOutputStream().write("GET /slow HTTP/1.1\r\nHost: x\r\n\r\n".getBytes(StandardCharsets.UTF_8));
            assertThat(parked.await(5, TimeUnit.SECONDS)).isTrue();
            web.announceClose();
            String answer = new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            assertThat(answer).startsWith("HTTP/1.1 200").endsWith("slow").containsIgnoringCase("connection: close");
        }
        var created = send(to("/things").POST(BodyPublishers.ofString("{\"n\":1}")));
        assertThat(created.statusCode()).isEqualTo(201);
        assertThat(header(created, "Connection")).isEqualTo("close");
    }

    @Test
    void headsCarryNoBody() throws Exception {
        for (int i = 0; i < 2; i++) {
            var response = send(to("/things/7").HEAD());
            assertThat(response.statusCode()).isEqualTo(200);
            assertThat(response.body()).isEmpty();
        }
        assertThat(send(to("/things/7")).body()).isEqualTo("{\"id\":\"7\"}");
    }

    @Test
    void oddAddressesAreNoFaultOfOurs() throws Exception {
        for (String path :
                new String[] {"/things/7?%zz=1", "/things/%zz", "/things/7?a=%", "/%00", "/things/a%2Fb?="}) {
            String answer = raw("GET " + path + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
            assertThat(answer).as(path).doesNotContain("INTERNAL_ERROR").containsIgnoringCase("x-request-id");
        }
    }

    @Test
    void mintsAnIdWhenTheCallersIsUnfit() throws Exception {
        var response = send(to("/things/7").header("X-Request-Id", "x".repeat(129)));
        assertThat(header(response, "X-Request-Id")).hasSize(36);
    }

    @Test
    void unknownPathsAndWrongMethodsAreProblems() throws Exception {
        var unknown = send(to("/nope"));
        assertThat(unknown.statusCode()).isEqualTo(404);
        assertThat(unknown.body())
                .contains("\"code\":\"NOT_FOUND\"")
                .contains("\"request_id\":\"" + header(unknown, "X-Request-Id") + "\"");
        assertThat(routes.poll(5, TimeUnit.SECONDS)).isEqualTo("GET unmatched 404");
        assertThat(send(to("//things/7")).statusCode()).isEqualTo(404);
        assertThat(send(to("/things//7")).statusCode()).isEqualTo(404);
        assertThat(routes.poll(5, TimeUnit.SECONDS)).contains(" 404");
        assertThat(routes.poll(5, TimeUnit.SECONDS)).contains(" 404");
        var wrong = send(to("/things/7").DELETE());
        assertThat(wrong.statusCode()).isEqualTo(405);
        assertThat(wrong.body()).contains("METHOD_NOT_ALLOWED");
        assertThat(header(wrong, "Allow")).isEqualTo("GET, HEAD");
    }

    /// Two threads may find that a connection has to go.
    @Test
    void aConnectionMayBeCutTwice() throws Exception {
        var channel = SocketChannel.open(new InetSocketAddress("127.0.0.1", web.port()));
        var socket = PlainSocket.server(channel.socket(), "a", "b");
        channel.close();
        assertThatThrownBy(socket::close).isInstanceOf(UncheckedIOException.class);
        Connection.close(socket);
    }

    @Test
    void bodiesHaveTypeSizeAndForm() throws Exception {
        assertThat(send(to("/things").POST(BodyPublishers.ofString("{\"n\":1e400}")))
                        .body())
                .isEqualTo("{\"n\":1e400}");
        var media = send(to("/things").header("Content-Type", "text/plain").POST(BodyPublishers.ofString("{}")));
        assertThat(media.statusCode()).isEqualTo(415);
        var large = send(to("/things").POST(BodyPublishers.ofString("{\"n\":\"" + "x".repeat(2_000) + "\"}")));
        assertThat(large.statusCode()).isEqualTo(413);
        assertThat(large.body()).contains("PAYLOAD_TOO_LARGE");
        var chunked = send(to("/things")
                .POST(BodyPublishers.ofInputStream(() -> new java.io.ByteArrayInputStream(new byte[40_000]))));
        assertThat(chunked.statusCode()).isEqualTo(413);
        var huge = send(to("/things").POST(BodyPublishers.ofByteArray(new byte[17 * 1024 * 1024])));
        assertThat(huge.statusCode()).isEqualTo(413);
        assertThat(huge.body()).contains("PAYLOAD_TOO_LARGE");
        var empty = send(to("/things").POST(BodyPublishers.noBody()));
        assertThat(empty.statusCode()).isEqualTo(400);
        assertThat(empty.body()).contains("INVALID_JSON");
    }

    /// A client that listens only when it has sent all: closing on it at once would take the answer away.
    @Test
    void aRefusalReachesAClientThatStillSends() throws Exception {
        String post = "POST /things HTTP/1.1\r\nHost: x\r\nContent-Type: text/plain\r\nContent-Length: ";
        assertThat(sentWhole(post + "17825792\r\n\r\n", 17 * 1024 * 1024)).contains("PAYLOAD_TOO_LARGE");
        assertThat(sentWhole(post + "8388608\r\nConnection: close\r\n\r\n", 8 * 1024 * 1024))
                .contains("UNSUPPORTED_MEDIA_TYPE");
        assertThat(sentWhole("GET /" + "x".repeat(100_000) + " HTTP/1.1\r\n\r\n", 8 * 1024 * 1024))
                .contains("HTTP/1.1 4");
    }

    private String sentWhole(String head, int bytes) throws IOException {
        try (var socket = new Socket("127.0.0.1", web.port())) {
            socket.setSoTimeout(5_000);
            socket.getOutputStream().write(head.getBytes(StandardCharsets.US_ASCII));
            socket.getOutputStream().write(new byte[bytes]);
            socket.shutdownOutput();
            return new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    @Test
    void unpacksGzipWithinTheBound() throws Exception {
        var small = send(to("/things").header("Content-Encoding", "gzip").POST(gzipped("{\"n\":[2]}")));
        assertThat(small.body()).isEqualTo("{\"n\":[2]}");
        var bomb = send(to("/things").header("Content-Encoding", "gzip").POST(gzipped(" ".repeat(1_000_000))));
        assertThat(bomb.statusCode()).isEqualTo(413);
        var broken = send(to("/things").header("Content-Encoding", "gzip").POST(BodyPublishers.ofString("not gzip")));
        assertThat(broken.statusCode()).isEqualTo(400);
        var unknown = send(to("/things").header("Content-Encoding", "br").POST(BodyPublishers.ofString("x")));
        assertThat(unknown.statusCode()).isEqualTo(415);
    }

    private static HttpRequest.BodyPublisher gzipped(String text) throws IOException {
        var bytes = new java.io.ByteArrayOutputStream();
        try (var gzip = new java.util.zip.GZIPOutputStream(bytes)) {
            gzip.write(text.getBytes(StandardCharsets.UTF_8));
        }
        return BodyPublishers.ofByteArray(bytes.toByteArray());
    }

    @Test
    void aBugTellsNothingButItsRequestId() throws Exception {
        var response = send(to("/boom"));
        assertThat(response.statusCode()).isEqualTo(500);
        assertThat(response.body()).contains("INTERNAL_ERROR").doesNotContain("secret");
    }

    @Test
    void refusesOtherVersionsAndCredentialsInTheQuery() throws Exception {
        assertThat(send(to("/things/7").header("X-API-Version", "2")).body()).contains("UNSUPPORTED_API_VERSION");
        assertThat(send(to("/things/7").header("X-API-Version", "no version at all"))
                        .statusCode())
                .isEqualTo(200);
        assertThat(send(to("/things/7?token=x")).statusCode()).isEqualTo(401);
        assertThat(send(to("/things/7?api_key=x")).statusCode()).isEqualTo(401);
    }

    @Test
    void letsAllowedOriginsInAndNoOthers() throws Exception {
        var allowed = send(to("/things/7").header("Origin", "https://app.example"));
        assertThat(header(allowed, "Access-Control-Allow-Origin")).isEqualTo("https://app.example");
        assertThat(header(allowed, "Access-Control-Expose-Headers")).contains("Retry-After");
        var other = send(to("/things/7").header("Origin", "https://evil.example"));
        assertThat(header(other, "Access-Control-Allow-Origin")).isEmpty();
        var preflight = send(to("/things/7")
                .method("OPTIONS", BodyPublishers.noBody())
                .header("Origin", "https://app.example")
                .header("Access-Control-Request-Method", "PATCH"));
        assertThat(preflight.statusCode()).isEqualTo(204);
        assertThat(header(preflight, "Access-Control-Allow-Methods")).contains("PATCH");
    }

    @Test
    void gzipsOnlyWhatIsWorthIt() throws Exception {
        assertThat(header(send(to("/big").header("Accept-Encoding", "gzip")), "Content-Encoding"))
                .isEqualTo("gzip");
        assertThat(header(send(to("/things/7").header("Accept-Encoding", "gzip")), "Content-Encoding"))
                .isEmpty();
        assertThat(send(to("/big")).body()).hasSize(10_000);
    }

    @Test
    void theMetricsListenerHasItsOwnPortAndRoutes() throws Exception {
        assertThat(web.metricsPort()).isPositive().isNotEqualTo(web.port());
        var request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + web.metricsPort() + "/metrics"));
        assertThat(send(request).body()).isEqualTo("metrics");
        assertThat(send(to("/metrics")).statusCode()).isEqualTo(404);
    }

    @Test
    void whatIsNoHttpIsAProblemToo() throws Exception {
        assertThat(raw("GARBAGE\r\n\r\n"))
                .contains("400")
                .contains("BAD_REQUEST")
                .containsIgnoringCase("x-request-id");
        assertThat(raw("GET /things/7 HTTP/1.1\r\nHost: x\r\nA: " + "b".repeat(40_000) + "\r\n\r\n"))
                .contains("\"code\":\"");
    }

    private String raw(String text) throws Exception {
        try (var socket = new Socket("127.0.0.1", web.port())) {
            socket.setSoTimeout(5_000);
            socket.getOutputStream().write(text.getBytes(StandardCharsets.US_ASCII));
            InputStream in = socket.getInputStream();
            var seen = new StringBuilder();
            byte[] buffer = new byte[4_096];
            for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
                seen.append(new String(buffer, 0, n, StandardCharsets.UTF_8));
                if (seen.indexOf("\"request_id\"") >= 0) {
                    break;
                }
            }
            return seen.toString();
        }
    }

    @Test
    void aRequestThatTricklesInIsCutAndOneBeingServedIsNot() throws Exception {
        try (var slow = new Socket("127.0.0.1", web.port());
                var idle = new Socket("127.0.0.1", web.port())) {
            slow.setSoTimeout(5_000);
            slow.getOutputStream().write("GET /things/7 HTTP/1.1\r\nHo".getBytes(StandardCharsets.US_ASCII));
            var served = client.sendAsync(to("/slow").build(), BodyHandlers.ofString());
            assertThat(parked.await(5, TimeUnit.SECONDS)).isTrue();
            long now = System.nanoTime();
            web.connections().cutOverdue(now + TimeUnit.SECONDS.toNanos(9));
            slow.getOutputStream().write("st: x\r\n".getBytes(StandardCharsets.US_ASCII));
            web.connections().cutOverdue(now + TimeUnit.SECONDS.toNanos(11));
            assertThat(slow.getInputStream().read()).isEqualTo(-1);
            assertThat(idle.getInputStream().read()).isEqualTo(-1);
            assertThat(served.get(5, TimeUnit.SECONDS).body()).isEqualTo("slow");
        }
    }

    @Test
    void stopsIdleConnectionsAtOnceAndLetsRequestsFinish() throws Exception {
        assertThat(send(to("/things/7")).statusCode()).isEqualTo(200);
        var served = client.sendAsync(to("/slow").build(), BodyHandlers.ofString());
        assertThat(parked.await(5, TimeUnit.SECONDS)).isTrue();
        long begun = System.nanoTime();
        web.close();
        assertThat(Duration.ofNanos(System.nanoTime() - begun)).isLessThan(Duration.ofSeconds(4));
        assertThat(served.get(5, TimeUnit.SECONDS).body()).isEqualTo("slow");
    }

    @Test
    void noticesThatAWaitingClientHasLeft() throws Exception {
        try (var socket = new Socket("127.0.0.1", web.port())) {
            String head = "POST /park HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n";
            socket.getOutputStream().write(head.getBytes(StandardCharsets.US_ASCII));
            assertThat(parked.await(5, TimeUnit.SECONDS)).isTrue();
            TimeUnit.MILLISECONDS.sleep(400);
            assertThat(watched.get().getAsBoolean()).isTrue();
        }
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(5);
        while (watched.get().getAsBoolean() && System.nanoTime() < deadline) {
            Thread.onSpinWait();
        }
        assertThat(watched.get().getAsBoolean()).isFalse();
    }

    @Test
    void aWatchedConnectionServesFurtherRequests() throws Exception {
        for (int i = 0; i < 3; i++) {
            assertThat(send(to("/park?once").POST(BodyPublishers.noBody())).body())
                    .isEqualTo("parked");
            assertThat(send(to("/things/" + i)).statusCode()).isEqualTo(200);
        }
    }
}
