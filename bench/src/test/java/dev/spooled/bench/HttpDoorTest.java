package dev.spooled.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.UUID;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// What the door sends and understands, against answers as the contract prints them.
class HttpDoorTest {
    private static final UUID JOB = UUID.fromString("01930000-0000-7000-8000-000000000001");
    private static final UUID LEASE = UUID.fromString("77aa0000-0000-7000-8000-000000000002");

    private final BlockingQueue<String> requests = new LinkedBlockingQueue<>();
    private final HttpServer server;
    private final HttpDoor door;
    private int status = 200;
    private String answer = "";

    HttpDoorTest() throws IOException {
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        var address = URI.create("http://127.0.0.1:" + server.getAddress().getPort());
        door = new HttpDoor(address, "sk_test_key", "bench-");
    }

    @BeforeEach
    void start() {
        server.createContext("/", exchange -> {
            var body = new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
            requests.add(exchange.getRequestMethod() + " " + exchange.getRequestURI() + " " + body);
            var bytes = answer.getBytes(StandardCharsets.UTF_8);
            exchange.sendResponseHeaders(status, bytes.length);
            exchange.getResponseBody().write(bytes);
            exchange.close();
        });
        server.start();
    }

    @AfterEach
    void stop() {
        door.close();
        server.stop(0);
    }

    @Test
    void enqueuesOne() throws IOException {
        answer(201, "{\"id\":\"" + JOB + "\",\"created\":true}");
        assertThat(door.enqueue(3, 2, 1)).isEqualTo(1);
        assertThat(requests.remove())
                .startsWith("POST /api/v1/jobs {\"queue_name\":\"bench-3\",\"priority\":2,\"payload\":{\"sent\":");
    }

    @Test
    void countsWhatABulkRequestCreated() throws IOException {
        answer(200, "{\"succeeded\":[],\"failed\":[],\"total\":3,\"success_count\":2,\"failure_count\":1}");
        assertThat(door.enqueue(0, 0, 3)).isEqualTo(2);
        assertThat(JsonScan.numbers(requests.remove(), "sent")).hasSize(3);
    }

    @Test
    void claimsAndCompletes() throws IOException {
        answer(200, """
                {"jobs":[{"id":"%s","queue_name":"bench-1","payload":{"sent":42,"fill":"x"},"retry_count":0,\
                "lease_id":"%s","lease_expires_at":"2026-01-05T10:00:30.123Z","status":"processing"}]}""".formatted(JOB, LEASE));
        var jobs = door.claim(1, "w", 10, Duration.ofSeconds(2));
        assertThat(jobs).containsExactly(new Door.Held(JOB, LEASE, 42));
        assertThat(requests.remove()).contains("/jobs/claim", "\"limit\":10", "\"wait_seconds\":2");

        door.complete(jobs.getFirst(), "w");
        assertThat(requests.remove())
                .isEqualTo(
                        "POST /api/v1/jobs/" + JOB + "/complete {\"worker_id\":\"w\",\"lease_id\":\"" + LEASE + "\"}");
    }

    @Test
    void tellsARefusalFromAnOpenOutcome() {
        answer(429, "{\"code\":\"RATE_LIMIT_EXCEEDED\"}");
        assertThatThrownBy(() -> door.enqueue(0, 0, 1)).isInstanceOf(Door.Declined.class);
        answer(500, "{\"code\":\"INTERNAL_ERROR\"}");
        assertThatThrownBy(() -> door.enqueue(0, 0, 1)).isExactlyInstanceOf(IOException.class);
    }

    private void answer(int nextStatus, String nextAnswer) {
        status = nextStatus;
        answer = nextAnswer;
    }
}
