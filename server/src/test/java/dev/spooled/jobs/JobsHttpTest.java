package dev.spooled.jobs;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spooled.support.TestServer;
import java.net.Socket;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/// The job's life over HTTP, against a real server and database.
final class JobsHttpTest {
    private static TestServer server;

    @BeforeAll
    static void start() {
        server = new TestServer();
    }

    @AfterAll
    static void stop() {
        server.close();
    }

    private final String queue = "q-" + UUID.randomUUID();

    private String enqueue(String rest) {
        var response = server.post("/jobs", "{\"queue_name\":\"" + queue + "\"," + rest + "}");
        assertThat(response.statusCode()).as(response.body()).isEqualTo(201);
        assertThat(response.body()).endsWith("\"created\":true}");
        return text(response.body(), "id");
    }

    private String claim(String rest) {
        var response =
                server.post("/jobs/claim", "{\"queue_name\":\"" + queue + "\",\"worker_id\":\"w1\"" + rest + "}");
        assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
        return response.body();
    }

    private static String text(String json, String name) {
        Matcher found = Pattern.compile("\"" + name + "\":\"([^\"]*)\"").matcher(json);
        assertThat(found.find()).as(name + " in " + json).isTrue();
        return found.group(1);
    }

    private static String job(String id) {
        return server.get("/jobs/" + id).body();
    }

    private static HttpResponse<String> acknowledge(String id, String verb, String worker, String lease, String more) {
        String withLease = lease.isEmpty() ? "" : ",\"lease_id\":\"" + lease + "\"";
        return server.post("/jobs/" + id + "/" + verb, "{\"worker_id\":\"" + worker + "\"" + withLease + more + "}");
    }

    @Test
    void aJobIsCreatedClaimedAndCompleted() {
        String payload = "{\"n\":1e400,\"d\":0.10,\"b\":123456789012345678901234567890,\"b\":[ ]}";
        String id = enqueue("\"payload\":" + payload + ",\"priority\":5,\"tags\":{\"env\":\"prod\"}");
        String waiting = job(id);
        assertThat(waiting)
                .contains("\"status\":\"pending\"")
                .contains("\"payload\":" + payload.replace("[ ]", "[]"))
                .contains("\"priority\":5")
                .contains("\"max_retries\":3")
                .contains("\"timeout_seconds\":300")
                .contains("\"created_at\":\"2026-11-25T")
                .contains("\"lease_id\":null");
        String claimed = claim(",\"limit\":5");
        assertThat(claimed)
                .contains(payload.replace("[ ]", "[]"))
                .contains("\"status\":\"processing\"")
                .contains("\"tags\":{\"env\":\"prod\"}");
        String lease = text(claimed, "lease_id");
        assertThat(job(id)).contains("\"status\":\"processing\"").contains("\"lease_id\":\"" + lease + "\"");
        var beat = acknowledge(id, "heartbeat", "w1", lease, ",\"lease_duration_secs\":60");
        assertThat(beat.body()).startsWith("{\"success\":true,\"lease_expires_at\":\"");
        var done = acknowledge(id, "complete", "w1", lease, ",\"result\":{\"ok\":true}");
        assertThat(done.body()).isEqualTo("{\"success\":true}");
        var again = acknowledge(id, "complete", "w1", lease, ",\"result\":{\"ok\":false}");
        assertThat(again.statusCode()).isEqualTo(200);
        assertThat(job(id)).contains("\"status\":\"completed\"").contains("\"result\":{\"ok\":true}");
        assertThat(acknowledge(id, "fail", "w1", lease, ",\"error\":\"x\"").statusCode())
                .isEqualTo(409);
        assertThat(acknowledge(id, "heartbeat", "w1", lease, "").body()).contains("LEASE_EXPIRED");
        assertThat(acknowledge(id, "complete", "w1", "", "").body()).contains("CONFLICT");
        assertThat(server.get("/jobs/" + id + "/attempts").body())
                .startsWith("[{\"attempt\":1,\"worker_id\":\"w1\"")
                .contains("\"outcome\":\"completed\"");
    }

    /// However far the job has come meanwhile.
    @Test
    void aFailureThatIsSentAgainIsAnsweredAsTheFirstTime() {
        String id = enqueue("\"payload\":{}");
        String first = text(claim(""), "lease_id");
        String told =
                acknowledge(id, "fail", "w1", first, ",\"error\":\"boom\"").body();
        assertThat(told).contains("\"will_retry\":true", "\"next_retry_at\":\"2026-11-25T");
        server.clock.advance(Duration.ofSeconds(70));
        server.chores.promote().runOnce();
        assertThat(acknowledge(id, "fail", "w1", first, ",\"error\":\"boom\"").body())
                .isEqualTo(told);
        String second = text(claim(""), "lease_id");
        assertThat(acknowledge(id, "fail", "w1", first, ",\"error\":\"boom\"").body())
                .isEqualTo(told);
        String dead = acknowledge(id, "fail", "w1", second, ",\"error\":\"off\",\"no_retry\":true")
                .body();
        assertThat(dead).contains("\"will_retry\":false", "\"next_retry_at\":null");
        assertThat(server.post("/jobs/" + id + "/retry", "").statusCode()).isEqualTo(200);
        assertThat(acknowledge(id, "fail", "w1", second, ",\"error\":\"off\"").body())
                .isEqualTo(dead);
        assertThat(acknowledge(id, "fail", "w1", first, ",\"error\":\"boom\"").body())
                .isEqualTo(told);
    }

    @Test
    void aFailedJobWaitsAndIsTriedAgain() {
        String id = enqueue("\"payload\":{}");
        String first = text(claim(""), "lease_id");
        var failed = acknowledge(id, "fail", "w1", first, ",\"error\":\"boom\",\"retry_after_seconds\":7");
        assertThat(failed.body())
                .contains("\"will_retry\":true")
                .contains("\"next_retry_at\":\"2026-11-25T")
                .contains("\"status\":\"pending\"");
        assertThat(acknowledge(id, "fail", "w1", first, ",\"error\":\"other\"").body())
                .isEqualTo(failed.body());
        assertThat(acknowledge(id, "complete", "w1", first, "").statusCode()).isEqualTo(409);
        assertThat(acknowledge(id, "complete", "w1", "", "").body()).contains("CONFLICT");
        assertThat(job(id))
                .contains("\"status\":\"pending\"")
                .contains("\"last_error\":\"boom\"")
                .contains("\"retry_count\":1")
                .doesNotContain("\"scheduled_at\":null");
        assertThat(claim("")).isEqualTo("{\"jobs\":[]}");
        server.clock.advance(Duration.ofSeconds(8));
        server.chores.promote().runOnce();
        String second = text(claim(""), "lease_id");
        assertThat(acknowledge(id, "fail", "w1", "", ",\"error\":\"off\",\"no_retry\":true")
                        .body())
                .contains("\"will_retry\":false")
                .contains("\"status\":\"deadletter\"");
        assertThat(acknowledge(id, "fail", "w1", second, ",\"error\":\"off\"").body())
                .contains("\"status\":\"deadletter\"");
        assertThat(server.get("/jobs/" + id + "/attempts").body())
                .contains("\"attempt\":1")
                .contains("\"error\":\"boom\"")
                .contains("\"attempt\":2")
                .contains("\"error\":\"off\"");
        assertThat(server.delete("/jobs/" + id).statusCode()).isEqualTo(409);
    }

    @Test
    void aLeaseThatRanOutIsLost() {
        String id = enqueue("\"payload\":{}");
        String lease = text(claim(",\"lease_duration_secs\":5"), "lease_id");
        server.clock.advance(Duration.ofSeconds(6));
        assertThat(acknowledge(id, "complete", "w1", lease, "").body()).contains("LEASE_EXPIRED");
        server.chores.reap().runOnce();
        assertThat(acknowledge(id, "complete", "w1", lease, "").body()).contains("LEASE_EXPIRED");
        assertThat(acknowledge(id, "complete", "w1", "", "").body()).contains("LEASE_EXPIRED");
        assertThat(acknowledge(id, "complete", "other", "", "").body()).contains("CONFLICT");
        assertThat(job(id)).contains("\"status\":\"pending\"").contains("\"retry_count\":1");
        claim("");
        assertThat(acknowledge(id, "complete", "other", "", "").body()).contains("CONFLICT");
        assertThat(acknowledge(id, "complete", "w1", "not-an-id", "").body()).contains("LEASE_EXPIRED");
        assertThat(server.get("/jobs/" + id + "/attempts").body()).contains("lease_expired");
    }

    /// It is a dead letter because its lease ran out; whoever reports a failure too late must not believe it is theirs.
    @Test
    void aLeaseThatRanOutForTheLastTimeIsLostToo() {
        String id = enqueue("\"payload\":{},\"max_retries\":0");
        String lease = text(claim(",\"lease_duration_secs\":5"), "lease_id");
        server.clock.advance(Duration.ofSeconds(6));
        server.chores.reap().runOnce();
        assertThat(job(id)).contains("\"status\":\"deadletter\"");
        for (String verb : List.of("fail", "complete", "heartbeat")) {
            var answer = acknowledge(id, verb, "w1", lease, verb.equals("fail") ? ",\"error\":\"boom\"" : "");
            assertThat(answer.statusCode()).as(verb).isEqualTo(409);
            assertThat(answer.body()).as(verb).contains("LEASE_");
        }
        assertThat(job(id)).contains("\"last_error\":\"lease expired\"");
    }

    @Test
    void aKnownIdempotencyKeyLeadsToTheFirstJob() {
        String id = enqueue("\"payload\":{\"a\":1},\"idempotency_key\":\"" + queue + "\"");
        String body = "{\"queue_name\":\"" + queue + "\",\"payload\":{\"a\": 1}}";
        var same = server.send(server.to("/api/v1/jobs")
                .header("X-API-Key", server.key)
                .header("Idempotency-Key", queue)
                .POST(BodyPublishers.ofString(body)));
        assertThat(same.statusCode()).isEqualTo(200);
        assertThat(same.body()).isEqualTo("{\"id\":\"" + id + "\",\"created\":false}");
        assertThat(same.headers().firstValue("X-Spooled-Idempotency")).isEmpty();
        var other =
                server.post("/jobs", body.replace(" 1", "2").replace("}}", "},\"idempotency_key\":\"" + queue + "\"}"));
        assertThat(other.headers().firstValue("X-Spooled-Idempotency")).hasValue("mismatch");
    }

    @Test
    void scheduledJobsAreCancelledOnce() {
        String id = enqueue("\"payload\":[],\"scheduled_at\":\"2027-01-01T00:00:00+02:00\"");
        assertThat(job(id))
                .contains("\"status\":\"scheduled\"")
                .contains("\"payload\":{}")
                .contains("\"scheduled_at\":\"2026-12-31T22:00:00.000000Z\"");
        assertThat(server.delete("/jobs/" + id).statusCode()).isEqualTo(204);
        assertThat(job(id)).contains("\"status\":\"cancelled\"");
        assertThat(server.delete("/jobs/" + id).body()).contains("CONFLICT");
        assertThat(server.delete("/jobs/" + UUID.randomUUID()).statusCode()).isEqualTo(404);
    }

    @Test
    void bulkTakesWhatItCan() {
        var response = server.post(
                "/jobs/bulk",
                "{\"queue_name\":\"" + queue + "\",\"default_priority\":7,\"jobs\":[{\"payload\":{\"i\":0}},"
                        + "{\"payload\":{\"i\":1},\"priority\":1000},{},{\"payload\":1,\"idempotency_key\":\"" + queue
                        + "\"},{\"payload\":1,\"idempotency_key\":\"" + queue + "\"}]}");
        assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
        assertThat(response.body())
                .contains("\"succeeded\":[{\"index\":0,")
                .contains("{\"index\":3,")
                .contains("\"failed\":[{\"index\":1,\"error\":\"priority")
                .contains("{\"index\":2,\"error\":\"The member payload is required\"}")
                .contains("\"total\":5,\"success_count\":3,\"failure_count\":2}");
        assertThat(claim("")).contains("\"priority\":7");
        assertThat(server.post("/jobs/bulk", "{\"queue_name\":\"q\",\"jobs\":[]}")
                        .statusCode())
                .isEqualTo(400);
    }

    @Test
    void badRequestsSayWhatIsWrong() {
        assertThat(server.post("/jobs", "{\"queue_name\":\"\",\"payload\":{}}").body())
                .contains("VALIDATION_ERROR")
                .contains("\"fields\":{\"queue_name\":[");
        assertThat(server.post("/jobs", "{\"queue_name\":\"q\"}").body()).contains("INVALID_JSON");
        assertThat(server.post("/jobs", "{\"queueName\":\"q\",\"payload\":{}}").statusCode())
                .isEqualTo(400);
        assertThat(server.post("/jobs", "{\"queue_name\":\"q\",\"payload\":{},\"expires_at\":\"2020-01-01T00:00:00Z\"}")
                        .body())
                .contains("expires_at");
        assertThat(server.post("/jobs", "{\"queue_name\":\"q\",\"payload\":\"" + "x".repeat(1_000) + "\"}")
                        .statusCode())
                .isEqualTo(413);
        assertThat(server.get("/jobs/nope").statusCode()).isEqualTo(404);
        assertThat(server.get("/jobs/" + UUID.randomUUID() + "/attempts").statusCode())
                .isEqualTo(404);
        assertThat(acknowledge(UUID.randomUUID().toString(), "complete", "w", "", "")
                        .statusCode())
                .isEqualTo(404);
        assertThat(server.post("/jobs/claim", "{\"queue_name\":\"never-seen\",\"worker_id\":\"w\"}")
                        .body())
                .isEqualTo("{\"jobs\":[]}");
    }

    @Test
    void keysAreNeededAndScopesHold() {
        assertThat(server.post("sk_live_unknown", "/jobs", "{}").body()).contains("AUTHENTICATION_FAILED");
        assertThat(server.send(server.to("/api/v1/jobs/x")).statusCode()).isEqualTo(401);
        String id = enqueue("\"payload\":{}");
        String scoped = newKey("{\"name\":\"scoped\",\"queues\":[\"other\"]}");
        assertThat(server.post(scoped, "/jobs", "{\"queue_name\":\"" + queue + "\",\"payload\":1}")
                        .body())
                .contains("ACCESS_DENIED");
        assertThat(server.post(scoped, "/jobs", "{\"queue_name\":\"other\",\"payload\":1}")
                        .statusCode())
                .isEqualTo(201);
        assertThat(server.post(scoped, "/jobs/" + id + "/complete", "{\"worker_id\":\"w1\"}")
                        .statusCode())
                .isEqualTo(403);
        var limits = server.get("/jobs/" + id).headers();
        assertThat(limits.firstValue("X-RateLimit-Limit")).hasValue("2000000");
        assertThat(server.get("/jobs/nope").headers().firstValue("X-RateLimit-Reset"))
                .isPresent();
    }

    private static String newKey(String json) {
        String organization = text(job(firstJob()), "organization_id");
        var made = server.send(server.to("/api/v1/admin/organizations/" + organization + "/api-keys")
                .header("X-Admin-Key", TestServer.ADMIN_KEY)
                .POST(BodyPublishers.ofString(json)));
        assertThat(made.statusCode()).as(made.body()).isEqualTo(201);
        return text(made.body(), "key");
    }

    private static String firstJob() {
        return text(
                server.post("/jobs", "{\"queue_name\":\"any\",\"payload\":{}}").body(), "id");
    }

    @Test
    void organizationsAreMadeByTheOperatorAndSeeOnlyTheirOwn() {
        String body = "{\"name\":\"Acme\",\"slug\":\"acme\"}";
        assertThat(server.send(server.to("/api/v1/organizations").POST(BodyPublishers.ofString(body)))
                        .statusCode())
                .isEqualTo(403);
        assertThat(server.send(server.to("/api/v1/admin/organizations").POST(BodyPublishers.ofString(body)))
                        .body())
                .contains("missing_admin_key");
        var made = server.send(server.to("/api/v1/organizations")
                .header("X-Admin-Key", TestServer.ADMIN_KEY)
                .POST(BodyPublishers.ofString(body)));
        assertThat(made.statusCode()).as(made.body()).isEqualTo(201);
        assertThat(made.body()).contains("\"name\":\"Initial Admin Key\"").contains("\"plan_tier\":\"enterprise\"");
        assertThat(server.send(server.to("/api/v1/admin/organizations")
                                .header("X-Admin-Key", TestServer.ADMIN_KEY)
                                .POST(BodyPublishers.ofString(body)))
                        .statusCode())
                .isEqualTo(409);
        String theirs = text(made.body(), "key");
        String ours = enqueue("\"payload\":{}");
        assertThat(server.send(server.to("/api/v1/jobs/" + ours).header("Authorization", "bearer " + theirs))
                        .statusCode())
                .isEqualTo(404);
        assertThat(server.post(theirs, "/jobs/" + ours + "/complete", "{\"worker_id\":\"w1\"}")
                        .statusCode())
                .isEqualTo(404);
    }

    @Test
    void aWaitingClaimIsAnsweredByTheNextJobAndALostOneIsNot() throws Exception {
        String ask = "{\"queue_name\":\"" + queue + "\",\"worker_id\":\"gone\",\"wait_seconds\":20}";
        try (var left = new Socket("127.0.0.1", server.port())) {
            String head = "POST /api/v1/jobs/claim HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " + server.key
                    + "\r\nContent-Type: application/json\r\nContent-Length: " + ask.length() + "\r\n\r\n";
            left.getOutputStream().write((head + ask).getBytes(StandardCharsets.US_ASCII));
            TimeUnit.MILLISECONDS.sleep(300);
        }
        TimeUnit.MILLISECONDS.sleep(300);
        var claim = java.util.concurrent.CompletableFuture.supplyAsync(() -> claim(",\"wait_seconds\":20"));
        TimeUnit.MILLISECONDS.sleep(300);
        String id = enqueue("\"payload\":{\"x\":1}");
        assertThat(text(claim.get(10, TimeUnit.SECONDS), "id")).isEqualTo(id);
    }

    @Test
    void healthMetricsAndTheDescriptionAreOpen() {
        assertThat(server.send(server.to("/health")).body())
                .isEqualTo("{\"status\":\"healthy\",\"database\":true,\"cache\":true,\"bus\":\"ok\"}");
        server.together = false;
        assertThat(server.send(server.to("/health")).body())
                .isEqualTo("{\"status\":\"degraded\",\"database\":true,\"cache\":true,\"bus\":\"degraded\"}");
        assertThat(server.send(server.to("/health/ready")).statusCode()).isEqualTo(200);
        server.together = true;
        assertThat(server.send(server.to("/health/live")).body()).isEqualTo("{\"status\":\"healthy\"}");
        assertThat(server.send(server.to("/health/ready")).statusCode()).isEqualTo(200);
        enqueue("\"payload\":{}");
        assertThat(server.send(server.to("/metrics")).body())
                .contains("spooled_jobs_enqueued_total")
                .contains("spooled_api_request_duration_seconds_bucket")
                .contains("route=\"/api/v1/jobs\"");
        assertThat(server.send(server.to("/openapi.yaml")).body()).startsWith("openapi: 3.1.0");
    }
}
