package dev.spooled;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spooled.support.TestServer;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.WebSocket;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;

/// The contract's golden exchanges, one test each, under their numbers.
class GoldenExchangesTest {
    private static final TestServer SERVER = new TestServer();

    private final String queue = "golden-" + UUID.randomUUID();

    @AfterAll
    static void close() {
        SERVER.close();
    }

    private HttpResponse<String> enqueue(String more) {
        return SERVER.post("/jobs", "{\"queue_name\":\"" + queue + "\",\"payload\":{\"to\":\"a@b.c\"}" + more + "}");
    }

    private String claimed() {
        return SERVER.post("/jobs/claim", "{\"queue_name\":\"" + queue + "\",\"worker_id\":\"w\",\"limit\":5}")
                .body();
    }

    private static String text(String json, String member) {
        Matcher found = Pattern.compile("\"" + member + "\":\"([^\"]*)\"").matcher(json);
        assertThat(found.find()).as(json).isTrue();
        return found.group(1);
    }

    @Test
    void one_aKeyMakesOneJob() throws Exception {
        String keyed = ",\"idempotency_key\":\"" + queue + "\",\"tags\":{\"env\":\"prod\"}";
        HttpResponse<String> first = enqueue(keyed);
        assertThat(first.statusCode()).isEqualTo(201);
        String id = text(first.body(), "id");
        HttpResponse<String> second = enqueue(keyed);
        assertThat(second.statusCode()).isEqualTo(200);
        assertThat(second.body()).isEqualTo("{\"id\":\"" + id + "\",\"created\":false}");
        String other = ",\"idempotency_key\":\"both-" + queue + "\"";
        try (var callers = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Future<HttpResponse<String>>> both =
                    List.of(callers.submit(() -> enqueue(other)), callers.submit(() -> enqueue(other)));
            List<Integer> statuses = List.of(
                    both.getFirst().get().statusCode(), both.getLast().get().statusCode());
            assertThat(statuses).containsExactlyInAnyOrder(200, 201);
        }
    }

    @Test
    void two_aWorkerRegisters() {
        HttpResponse<String> answer =
                SERVER.post("/workers/register", "{\"queue_name\":\"" + queue + "\",\"hostname\":\"web-1\"}");
        assertThat(answer.statusCode()).isEqualTo(201);
        assertThat(answer.body())
                .contains(
                        "\"queue_name\":\"" + queue + "\"",
                        "\"lease_duration_secs\":30",
                        "\"heartbeat_interval_secs\":10");
    }

    @Test
    void three_to_five_claimHeartbeatComplete() {
        String id = text(enqueue("").body(), "id");
        String claim = claimed();
        assertThat(claim)
                .startsWith("{\"jobs\":[{\"id\":\"" + id + "\",\"queue_name\":\"" + queue
                        + "\",\"payload\":{\"to\":\"a@b.c\"}")
                .contains(
                        "\"retry_count\":0",
                        "\"max_retries\":3",
                        "\"timeout_seconds\":300",
                        "\"status\":\"processing\"");
        String lease = text(claim, "lease_id");
        String held = "{\"worker_id\":\"w\",\"lease_id\":\"" + lease + "\"";
        assertThat(SERVER.post("/jobs/" + id + "/heartbeat", held + ",\"lease_duration_secs\":30}")
                        .body())
                .startsWith("{\"success\":true,\"lease_expires_at\":\"");
        HttpResponse<String> stale = SERVER.post(
                "/jobs/" + id + "/heartbeat", "{\"worker_id\":\"w\",\"lease_id\":\"" + UUID.randomUUID() + "\"}");
        assertThat(stale.statusCode()).isEqualTo(409);
        assertThat(stale.body()).contains("\"code\":\"LEASE_EXPIRED\"", "\"error\":\"lease_expired\"");
        assertThat(SERVER.post("/jobs/" + id + "/complete", held + ",\"result\":{\"ok\":true}}")
                        .body())
                .isEqualTo("{\"success\":true}");
        assertThat(SERVER.get("/jobs/" + id).body())
                .contains("\"status\":\"completed\"", "\"result\":{\"ok\":true}", "\"completed_at\":\"20");
    }

    @Test
    void six_outOfRetriesIsADeadLetterAndComesBack() {
        String id = text(enqueue(",\"max_retries\":0").body(), "id");
        String lease = text(claimed(), "lease_id");
        String failed = "{\"worker_id\":\"w\",\"lease_id\":\"" + lease + "\",\"error\":\"no\"}";
        assertThat(SERVER.post("/jobs/" + id + "/fail", failed).statusCode()).isEqualTo(200);
        assertThat(SERVER.get("/jobs/" + id).body()).contains("\"status\":\"deadletter\"");
        HttpResponse<String> retried = SERVER.post("/jobs/" + id + "/retry", "");
        assertThat(retried.statusCode()).isEqualTo(200);
        assertThat(retried.body()).contains("\"status\":\"pending\"");
    }

    @Test
    void seven_cancelOnce() {
        String id = text(enqueue("").body(), "id");
        assertThat(SERVER.delete("/jobs/" + id).statusCode()).isEqualTo(204);
        assertThat(SERVER.get("/jobs/" + id).body()).contains("\"status\":\"cancelled\"");
        assertThat(SERVER.delete("/jobs/" + id).statusCode()).isEqualTo(409);
    }

    @Test
    void eight_aPausedQueueHandsOutNothing() {
        enqueue("");
        HttpResponse<String> paused = SERVER.post("/queues/" + queue + "/pause", "");
        assertThat(paused.statusCode()).isEqualTo(200);
        assertThat(paused.body()).contains("\"queue_name\":\"" + queue + "\"", "\"paused\":true", "\"reason\":null");
        assertThat(claimed()).isEqualTo("{\"jobs\":[]}");
        assertThat(SERVER.post("/queues/" + queue + "/resume", "").body())
                .contains("\"resumed\":true", "\"paused_duration_secs\":");
        assertThat(claimed()).contains("\"lease_id\"");
    }

    @Test
    void nine_whatIsWrongIsSaid() {
        HttpResponse<String> unknown = SERVER.get("/jobs/nope");
        assertThat(unknown.statusCode()).isEqualTo(404);
        assertThat(unknown.body()).contains("\"code\":\"NOT_FOUND\"");
        HttpResponse<String> empty = SERVER.post("/jobs", "{\"queue_name\":\"\",\"payload\":{}}");
        assertThat(empty.statusCode()).isEqualTo(400);
        assertThat(empty.body()).contains("\"code\":\"VALIDATION_ERROR\"");
        var stranger = SERVER.send(SERVER.to("/api/v1/jobs")
                .header("Authorization", "Bearer sk_live_unknown")
                .POST(BodyPublishers.ofString("{}")));
        assertThat(stranger.statusCode()).isEqualTo(401);
    }

    @Test
    void ten_aTokenEndsWithItsLogout() {
        var login = SERVER.send(SERVER.to("/api/v1/auth/login")
                .header("Content-Type", "application/json")
                .POST(BodyPublishers.ofString("{\"api_key\":\"" + SERVER.key + "\"}")));
        assertThat(login.statusCode()).isEqualTo(200);
        String token = text(login.body(), "access_token");
        assertThat(SERVER.get(token, "/jobs/stats").statusCode()).isEqualTo(200);
        assertThat(SERVER.call(token, "POST", "/auth/logout", "").statusCode()).isEqualTo(204);
        assertThat(SERVER.get(token, "/jobs/stats").statusCode()).isEqualTo(401);
    }

    @Test
    void eleven_theEleventhActiveJobOfAFreeOrganization() {
        try (var server = TestServer.withPlans()) {
            String key = server.organizationOf("free", null).key().key();
            String job = "{\"queue_name\":\"emails\",\"payload\":{}}";
            server.clock.advance(Duration.ofSeconds(10));
            for (int i = 0; i < 10; i++) {
                assertThat(server.post(key, "/jobs", job).statusCode()).isEqualTo(201);
                server.clock.advance(Duration.ofSeconds(1));
            }
            HttpResponse<String> refused = server.post(key, "/jobs", job);
            assertThat(refused.statusCode()).isEqualTo(429);
            assertThat(refused.body()).contains("\"code\":\"QUOTA_EXCEEDED\"", "\"resource\":\"active_jobs\"");
        }
    }

    @Test
    void twelve_aSocketHearsPingsAndNewJobs() throws Exception {
        var heard = new LinkedBlockingQueue<String>();
        var listener = new WebSocket.Listener() {
            @Override
            public CompletionStage<?> onText(WebSocket from, CharSequence text, boolean last) {
                heard.add(text.toString());
                from.request(1);
                return CompletableFuture.completedFuture(null);
            }
        };
        try (var client = HttpClient.newHttpClient()) {
            var address = URI.create("ws://127.0.0.1:" + SERVER.port() + "/api/v1/ws?token=" + SERVER.key);
            WebSocket socket =
                    client.newWebSocketBuilder().buildAsync(address, listener).get(10, TimeUnit.SECONDS);
            assertThat(heard.poll(10, TimeUnit.SECONDS)).startsWith("{\"type\":\"Ping\",\"data\":{\"timestamp\":\"20");
            String id = text(enqueue("").body(), "id");
            String event = heard.poll(10, TimeUnit.SECONDS);
            assertThat(event)
                    .startsWith("{\"type\":\"JobCreated\",\"data\":{\"job_id\":\"" + id + "\",\"queue_name\":\"" + queue
                            + "\",\"priority\":0,")
                    .contains("},\"timestamp\":\"20", ",\"job_id\":\"" + id + "\",\"queue_name\":\"" + queue + "\"");
            socket.abort();
        }
    }
}
