package dev.spooled.orgs;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spooled.json.Json;
import dev.spooled.json.JsonObject;
import dev.spooled.support.TestServer;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.IntFunction;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/// The plan table over HTTP: forty callers at once make exactly as many of each kind as the plan allows, the
/// refusals have the form clients know, and the usage tells the truth.
class LimitsHttpTest {
    /// Rates do not stand in the way of the storms; the caps are those of the free plan unless a test has its own.
    private static final String FAST = "\"rate_limit_requests_per_second\":100000,\"rate_limit_burst\":100000";

    private static final int CALLERS = 40;

    private static TestServer server;

    @BeforeAll
    static void open() {
        server = TestServer.withPlans();
    }

    @AfterAll
    static void close() {
        server.close();
    }

    private static String key(String caps) {
        String limits = "{" + FAST + (caps.isEmpty() ? "" : "," + caps) + "}";
        return server.organizationOf("free", limits).key().key();
    }

    private static JsonObject body(HttpResponse<String> answer) {
        return Json.object(answer.body().getBytes(StandardCharsets.UTF_8));
    }

    /// Calls at once; how many were granted. All others were refused for that resource.
    private static int storm(String resource, IntFunction<HttpResponse<String>> call) throws Exception {
        List<Callable<HttpResponse<String>>> calls = new ArrayList<>();
        for (int i = 0; i < CALLERS; i++) {
            int number = i;
            calls.add(() -> call.apply(number));
        }
        int granted = 0;
        try (var callers = Executors.newVirtualThreadPerTaskExecutor()) {
            for (Future<HttpResponse<String>> each : callers.invokeAll(calls)) {
                HttpResponse<String> answer = each.get();
                if (answer.statusCode() < 300) {
                    granted++;
                } else {
                    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(429);
                    assertThat(body(answer).text("resource")).isEqualTo(resource);
                    assertThat(body(answer).text("code")).isEqualTo("QUOTA_EXCEEDED");
                    assertThat(answer.headers().firstValue("Retry-After")).hasValue("1");
                }
            }
        }
        return granted;
    }

    @Test
    void activeJobs() throws Exception {
        String key = key("");
        String job = "{\"queue_name\":\"q\",\"payload\":{}}";
        assertThat(storm("active_jobs", i -> server.post(key, "/jobs", job))).isEqualTo(10);
        JsonObject refused = body(server.post(key, "/jobs", job));
        assertThat(refused.text("error")).isEqualTo("limit_exceeded");
        assertThat(refused.text("message"))
                .isEqualTo("active_jobs limit reached (10 of 10) on plan free; starter allows more");
        assertThat(refused.integerOrNull("current")).isEqualTo(10);
        assertThat(refused.integerOrNull("limit")).isEqualTo(10);
        assertThat(refused.text("plan")).isEqualTo("free");
        assertThat(refused.text("upgrade_to")).isEqualTo("starter");
    }

    @Test
    void jobsOfADayAndTheirReset() throws Exception {
        var made = server.organizationOf("free", "{" + FAST + ",\"max_active_jobs\":null,\"max_jobs_per_day\":7}");
        String key = made.key().key();
        String job = "{\"queue_name\":\"q\",\"payload\":{}}";
        assertThat(storm("jobs_per_day", i -> server.post(key, "/jobs", job))).isEqualTo(7);
        JsonObject usage = body(server.get(key, "/organizations/usage"));
        assertThat(usage.objectOrNull("usage"))
                .contains("\"jobs_today\":{\"current\":7,\"limit\":7,\"percentage\":100");
        assertThat(server.get(key, "/organizations/usage").body())
                .contains("\"severity\":\"critical\"", "jobs_today limit reached");
        var reset = server.send(
                server.to("/api/v1/admin/organizations/" + made.organization().id() + "/reset-usage")
                        .header("X-Admin-Key", TestServer.ADMIN_KEY)
                        .POST(java.net.http.HttpRequest.BodyPublishers.noBody()));
        assertThat(reset.statusCode()).isEqualTo(204);
        assertThat(storm("jobs_per_day", i -> server.post(key, "/jobs", job))).isEqualTo(7);
    }

    @Test
    void aBulkIsAllOrNothingAndAKnownKeyIsFree() {
        String key = key("");
        String one = "{\"queue_name\":\"q\",\"payload\":{},\"idempotency_key\":\"k\"}";
        assertThat(server.post(key, "/jobs", one).statusCode()).isEqualTo(201);
        String item = "{\"payload\":{}}";
        String ten = "{\"queue_name\":\"q\",\"jobs\":[" + (item + ",").repeat(9) + item + "]}";
        assertThat(server.post(key, "/jobs/bulk", ten).statusCode()).isEqualTo(429);
        String nine = "{\"queue_name\":\"q\",\"jobs\":[" + (item + ",").repeat(8) + item + "]}";
        assertThat(server.post(key, "/jobs/bulk", nine).statusCode()).isEqualTo(200);
        HttpResponse<String> again = server.post(key, "/jobs", one);
        assertThat(again.statusCode()).isEqualTo(200);
        assertThat(again.body()).contains("\"created\":false");
        assertThat(server.get(key, "/organizations/usage").body())
                .contains(
                        "\"jobs_today\":{\"current\":10,\"limit\":1000",
                        "\"active_jobs\":{\"current\":10,\"limit\":10");
    }

    @Test
    void anEndedJobMakesRoom() {
        String key = key("\"max_active_jobs\":1");
        String job = "{\"queue_name\":\"q\",\"payload\":{}}";
        for (int i = 0; i < 3; i++) {
            String id = body(server.post(key, "/jobs", job)).text("id");
            assertThat(server.post(key, "/jobs", job).statusCode()).isEqualTo(429);
            assertThat(server.call(key, "DELETE", "/jobs/" + id, "").statusCode())
                    .isEqualTo(204);
        }
    }

    @Test
    void queues() throws Exception {
        String key = key("");
        assertThat(storm("queues", i -> server.call(key, "PUT", "/queues/q" + i + "/config", "{\"max_retries\":1}")))
                .isEqualTo(2);
        assertThat(storm("queues", i -> server.post(key, "/queues/p" + i + "/pause", "")))
                .isZero();
        String other = key("");
        assertThat(storm("queues", i -> server.post(other, "/queues/p" + i % 3 + "/pause", "")))
                .as("pausing again is free")
                .isGreaterThanOrEqualTo(26)
                .isLessThanOrEqualTo(28);
        assertThat(server.get(other, "/queues").body().split("\"queue_name\"", -1))
                .hasSize(3);
    }

    @Test
    void workers() throws Exception {
        String key = key("\"max_workers\":3");
        IntFunction<HttpResponse<String>> register = i -> server.post(
                key,
                "/workers/register",
                "{\"queue_name\":\"q\",\"hostname\":\"h\",\"worker_id\":\"limits-" + i + "\"}");
        assertThat(storm("workers", register)).isEqualTo(3);
        assertThat(storm("workers", i -> register.apply(i % 4 == 0 ? CALLERS + i : CALLERS)))
                .as("all places are taken")
                .isZero();
    }

    @Test
    void apiKeys() throws Exception {
        String key = key("\"max_api_keys\":5");
        String id = body(server.post(key, "/api-keys", "{\"name\":\"one\"}")).text("id");
        assertThat(server.call(key, "DELETE", "/api-keys/" + id, "").statusCode())
                .isEqualTo(204);
        assertThat(storm("api_keys", i -> server.post(key, "/api-keys", "{\"name\":\"k" + i + "\"}")))
                .as("beside the first")
                .isEqualTo(4);
        assertThat(server.call(key, "PUT", "/api-keys/" + id, "{\"is_active\":true}")
                        .statusCode())
                .isEqualTo(429);
    }

    @Test
    void schedules() throws Exception {
        String key = key("\"max_schedules\":2");
        String schedule =
                "{\"name\":\"s\",\"cron_expression\":\"0 0 * * *\",\"queue_name\":\"q\",\"payload_template\":{}}";
        assertThat(storm("schedules", i -> server.post(key, "/schedules", schedule)))
                .isEqualTo(2);
        String id = server.get(key, "/schedules").body().replaceAll("(?s)^\\[\\{\"id\":\"([^\"]+)\".*", "$1");
        assertThat(server.post(key, "/schedules/" + id + "/pause", "").statusCode())
                .isEqualTo(200);
        assertThat(server.post(key, "/schedules", schedule).statusCode()).isEqualTo(201);
        assertThat(server.post(key, "/schedules/" + id + "/resume", "").statusCode())
                .isEqualTo(429);
    }

    @Test
    void workflows() throws Exception {
        String flow = "{\"name\":\"w\",\"jobs\":[{\"key\":\"a\",\"queue_name\":\"q\",\"payload\":{}}]}";
        HttpResponse<String> refused = server.post(key(""), "/workflows", flow);
        assertThat(refused.statusCode()).isEqualTo(403);
        assertThat(body(refused).text("code")).isEqualTo("FEATURE_DISABLED");
        assertThat(body(refused).text("upgrade_to")).isEqualTo("starter");
        String key = key("\"max_workflows\":3");
        assertThat(storm("workflows", i -> server.post(key, "/workflows", flow)))
                .isEqualTo(3);
        String small = key("\"max_workflows\":null,\"max_active_jobs\":3");
        assertThat(storm("active_jobs", i -> server.post(small, "/workflows", flow)))
                .isEqualTo(3);
    }

    @Test
    void schedulesTriggeredAndDue() {
        String key = key("\"max_active_jobs\":1");
        String schedule =
                "{\"name\":\"s\",\"cron_expression\":\"* * * * *\",\"queue_name\":\"q\",\"payload_template\":{}}";
        String id = body(server.post(key, "/schedules", schedule)).text("id");
        assertThat(server.post(key, "/schedules/" + id + "/trigger", "").statusCode())
                .isEqualTo(200);
        assertThat(server.post(key, "/schedules/" + id + "/trigger", "").statusCode())
                .isEqualTo(429);
        server.clock.advance(java.time.Duration.ofMinutes(1));
        server.fireSchedules.runOnce();
        assertThat(server.get(key, "/schedules/" + id + "/history").body())
                .contains("\"status\":\"failed\"", "active_jobs limit reached (1 of 1)");
        assertThat(server.get(key, "/organizations/usage").body()).contains("\"jobs_today\":{\"current\":1,");
    }

    @Test
    void payloads() {
        String key = key("\"max_payload_size_bytes\":100,\"max_schedules\":null");
        String large = "{\"text\":\"" + "x".repeat(100) + "\"}";
        assertThat(server.post(key, "/jobs", "{\"queue_name\":\"q\",\"payload\":" + large + "}")
                        .statusCode())
                .isEqualTo(413);
        assertThat(server.post(
                                key,
                                "/schedules",
                                "{\"name\":\"s\",\"cron_expression\":\"0 0 * * *\",\"queue_name\":\"q\",\"payload_template\":"
                                        + large + "}")
                        .statusCode())
                .isEqualTo(413);
    }

    @Test
    void requests() {
        String key = server.organizationOf("free", null).key().key();
        HttpResponse<String> first = server.get(key, "/queues");
        assertThat(first.headers().firstValue("X-RateLimit-Limit")).hasValue("10");
        assertThat(first.headers().firstValue("X-RateLimit-Remaining")).hasValue("9");
        for (int i = 0; i < 9; i++) {
            assertThat(server.get(key, "/queues").statusCode()).isEqualTo(200);
        }
        HttpResponse<String> refused = server.get(key, "/queues");
        assertThat(refused.statusCode()).isEqualTo(429);
        assertThat(body(refused).text("code")).isEqualTo("RATE_LIMIT_EXCEEDED");
        assertThat(body(refused).integerOrNull("retry_after_secs")).isEqualTo(1);
        assertThat(refused.headers().firstValue("Retry-After")).hasValue("1");
        assertThat(refused.headers().firstValue("X-RateLimit-Limit")).hasValue("10");
        assertThat(refused.headers().firstValue("X-RateLimit-Remaining")).hasValue("0");
        assertThat(refused.headers().firstValue("X-RateLimit-Reset")).isPresent();
        server.clock.advance(java.time.Duration.ofSeconds(1));
        assertThat(server.get(key, "/queues").statusCode()).isEqualTo(200);
    }

    @Test
    void anotherPlanHoldsAtOnce() {
        var made = server.organizationOf("free", "{" + FAST + ",\"max_active_jobs\":1}");
        String key = made.key().key();
        String job = "{\"queue_name\":\"q\",\"payload\":{}}";
        assertThat(server.post(key, "/jobs", job).statusCode()).isEqualTo(201);
        assertThat(server.post(key, "/jobs", job).statusCode()).isEqualTo(429);
        change(made, "{\"plan_tier\":\"enterprise\",\"custom_limits\":{}}");
        for (int i = 0; i < 5; i++) {
            assertThat(server.post(key, "/jobs", job).statusCode()).isEqualTo(201);
        }
        change(made, "{\"custom_limits\":{\"max_active_jobs\":8,\"max_jobs_per_day\":7}}");
        assertThat(server.post(key, "/jobs", job).statusCode())
                .as("the seventh of today")
                .isEqualTo(201);
        assertThat(body(server.post(key, "/jobs", job)).text("resource")).isEqualTo("jobs_per_day");
    }

    /// What a start does: the plans of this server may be others than those of the last.
    @Test
    void plansOfAnotherStart() {
        var made = server.organizationOf("free", "{" + FAST + "}");
        String key = made.key().key();
        String job = "{\"queue_name\":\"q\",\"payload\":{}}";
        var db = server.database.db();
        var unlimited = new Limits(db, server.clock, new Plans(true), new Usage(db, server.clock));
        unlimited.applyAll();
        for (int i = 0; i < 12; i++) {
            assertThat(server.post(key, "/jobs", job).statusCode()).isEqualTo(201);
        }
        server.limits.applyAll();
        assertThat(body(server.post(key, "/jobs", job)).integerOrNull("current"))
                .isEqualTo(12);
        assertThat(server.get(key, "/organizations/usage").body())
                .contains("\"jobs_today\":{\"current\":12,", "\"active_jobs\":{\"current\":12,\"limit\":10,");
    }

    private static void change(Organizations.Created made, String change) {
        var answer = server.send(
                server.to("/api/v1/admin/organizations/" + made.organization().id())
                        .header("X-Admin-Key", TestServer.ADMIN_KEY)
                        .header("Content-Type", "application/json")
                        .method("PATCH", java.net.http.HttpRequest.BodyPublishers.ofString(change)));
        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
    }
}
