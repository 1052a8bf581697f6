package dev.spooled.queues;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spooled.support.TestServer;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;

/// Queues over HTTP, against a real server and database. Each test has an organization of its own.
final class QueuesHttpTest {
    private static final TestServer server = new TestServer();

    @AfterAll
    static void stop() {
        server.close();
    }

    private final String key = server.otherOrganization();
    private final String queue = "q-" + UUID.randomUUID();

    private HttpResponse<String> call(String method, String path, String json) {
        return server.call(key, method, path, json);
    }

    private String ok(String method, String path, String json) {
        var answer = call(method, path, json);
        assertThat(answer.statusCode()).as(answer.body()).isIn(200, 201);
        return answer.body();
    }

    private String enqueue(String rest) {
        return text(ok("POST", "/jobs", "{\"queue_name\":\"" + queue + "\",\"payload\":{}" + rest + "}"), "id");
    }

    private String claim(String rest) {
        return ok("POST", "/jobs/claim", "{\"queue_name\":\"" + queue + "\",\"worker_id\":\"w\"" + rest + "}");
    }

    private String stats() {
        return ok("GET", "/queues/" + queue + "/stats", "");
    }

    private static String text(String json, String name) {
        Matcher found = Pattern.compile("\"" + name + "\":\"([^\"]*)\"").matcher(json);
        assertThat(found.find()).as(name + " in " + json).isTrue();
        return found.group(1);
    }

    @Test
    void aQueueIsConfiguredInPartsAndListed() {
        enqueue("");
        assertThat(ok("GET", "/queues", "")).isEqualTo("[]");
        assertThat(call("GET", "/queues/" + queue, "").statusCode()).isEqualTo(404);
        String first = ok(
                "PUT",
                "/queues/" + queue + "/config",
                "{\"queue_name\":\"" + queue + "\",\"max_retries\":7,\"rate_limit\":50,"
                        + "\"settings\":{\"description\":\"mail\",\"concurrency\":3,\"paused\":true}}");
        assertThat(first)
                .contains("\"queue_name\":\"" + queue + "\"", "\"name\":\"" + queue + "\"", "\"max_retries\":7")
                .contains("\"default_timeout\":300", "\"timeout\":300", "\"rate_limit\":50", "\"enabled\":true")
                .contains("\"paused\":false,\"settings\":{\"concurrency\": 3, \"description\": \"mail\"}")
                .contains("\"created_at\":\"20", "\"updated_at\":\"20");
        String second = ok(
                "PUT",
                "/queues/" + queue,
                "{\"default_timeout\":60,\"settings\":{\"concurrency\":null,\"retry_delay_ms\":1e3}}");
        assertThat(second)
                .contains("\"max_retries\":7", "\"default_timeout\":60", "\"rate_limit\":50")
                .contains("\"settings\":{\"description\": \"mail\", \"retry_delay_ms\": 1000}");
        assertThat(ok("PATCH", "/queues/" + queue, "{\"rate_limit\":null}"))
                .contains("\"rate_limit\":null", "\"max_retries\":7");
        assertThat(ok("GET", "/queues/" + queue, "")).contains("\"rate_limit\":null", "\"id\":\"" + text(first, "id"));
        var made = call("POST", "/queues", "{\"queue_name\":\"größe.1\",\"enabled\":false}");
        assertThat(made.statusCode()).isEqualTo(201);
        assertThat(made.body()).contains("\"enabled\":false", "\"paused\":true,\"settings\":{\"paused\":true");
        assertThat(ok("GET", "/queues/gr%C3%B6%C3%9Fe.1", "")).contains("\"queue_name\":\"größe.1\"");
        assertThat(ok("GET", "/queues", ""))
                .isEqualTo(
                        "[{\"queue_name\":\"größe.1\",\"name\":\"größe.1\",\"max_retries\":3,\"default_timeout\":300,"
                                + "\"timeout\":300,\"rate_limit\":null,\"enabled\":false,\"paused\":true},{\"queue_name\":\""
                                + queue + "\",\"name\":\"" + queue + "\",\"max_retries\":7,\"default_timeout\":60,"
                                + "\"timeout\":60,\"rate_limit\":null,\"enabled\":true,\"paused\":false}]");
        assertThat(ok("GET", "/queues?limit=1&offset=1", "")).contains(queue).doesNotContain("größe");
        assertThat(ok("GET", "/queues?limit=-1&offset=-1", ""))
                .contains("größe")
                .doesNotContain(queue);
        assertThat(call("GET", "/queues?offset=x", "").statusCode()).isEqualTo(400);
    }

    @Test
    void newDefaultsAreUsedAtOnce() {
        String before = enqueue("");
        ok("PUT", "/queues/" + queue + "/config", "{\"max_retries\":9,\"default_timeout\":33}");
        String after = enqueue("");
        assertThat(ok("GET", "/jobs/" + before, "")).contains("\"max_retries\":3", "\"timeout_seconds\":300");
        assertThat(ok("GET", "/jobs/" + after, "")).contains("\"max_retries\":9", "\"timeout_seconds\":33");
        assertThat(call("DELETE", "/queues/" + queue + "?delete_jobs=true", "").statusCode())
                .isEqualTo(204);
        assertThat(ok("GET", "/jobs/" + enqueue(""), "")).contains("\"max_retries\":3");
    }

    @Test
    void bodiesMayBeLeftOut() {
        for (String body : new String[] {"", "{}", "null", "[]"}) {
            String name = "/queues/" + queue + body.length();
            assertThat(call("PUT", name + "/config", body).statusCode()).isEqualTo(200);
            assertThat(ok("POST", name + "/pause", body)).contains("\"paused\":true", "\"reason\":null");
            assertThat(ok("POST", name + "/resume", body)).contains("\"resumed\":true", "\"paused\":false");
            assertThat(ok("POST", name + "/purge", body)).contains("\"purged_count\":0");
        }
        assertThat(ok("POST", "/queues/" + queue + "/pause", "{\"reason\":null}"))
                .contains("\"reason\":null");
        assertThat(call("POST", "/queues", "").statusCode()).isEqualTo(400);
    }

    @Test
    void pausedQueuesHandOutNothingUntilResumed() throws Exception {
        String id = enqueue("");
        String paused = ok("POST", "/queues/" + queue + "/pause", "{\"reason\":\"repair\"}");
        assertThat(paused)
                .contains("\"queue_name\":\"" + queue + "\",\"name\":\"" + queue
                        + "\",\"paused\":true,\"paused_at\":\"20")
                .endsWith("\"reason\":\"repair\"}");
        assertThat(claim("")).isEqualTo("{\"jobs\":[]}");
        assertThat(ok("GET", "/queues/" + queue, ""))
                .contains(
                        "\"enabled\":false",
                        "\"settings\":{\"paused\":true,\"paused_at\":\"" + text(paused, "paused_at"))
                .contains("\"paused_reason\":\"repair\"}");
        server.clock.advance(Duration.ofSeconds(90));
        assertThat(ok("POST", "/queues/" + queue + "/pause", ""))
                .contains("\"paused_at\":\"" + text(paused, "paused_at") + "\"", "\"reason\":\"repair\"");
        var waiting = CompletableFuture.supplyAsync(() -> claim(",\"wait_seconds\":20"));
        TimeUnit.MILLISECONDS.sleep(300);
        assertThat(waiting).isNotDone();
        assertThat(ok("POST", "/queues/" + queue + "/resume", "")).contains("\"paused_duration_secs\":90");
        assertThat(waiting.get(5, TimeUnit.SECONDS)).contains(id);
        assertThat(ok("POST", "/queues/" + queue + "/resume", "")).contains("\"paused_duration_secs\":0");
        assertThat(ok("GET", "/queues/" + queue, "")).contains("\"enabled\":true", "\"settings\":{}");
    }

    @Test
    void statsCountWhatIsRolledUpAndWhatIsNot() {
        assertThat(stats())
                .contains("\"pending_jobs\":0,\"processing_jobs\":0,\"completed_jobs_24h\":0,\"failed_jobs_24h\":0")
                .contains("\"avg_processing_time_ms\":null,\"max_job_age_seconds\":null,\"active_workers\":0");
        for (int priority : new int[] {-5, 0, 5, 7}) {
            enqueue(",\"priority\":" + priority);
        }
        enqueue(",\"scheduled_at\":\"2030-01-01T00:00:00Z\"");
        server.clock.advance(Duration.ofSeconds(10));
        for (String verb : new String[] {"complete\",\"result\":1", "fail\",\"error\":\"x\",\"no_retry\":true"}) {
            String job = claim("");
            server.clock.advance(Duration.ofSeconds(2));
            String path = "/jobs/" + text(job, "id") + "/" + verb.substring(0, verb.indexOf('"'));
            ok("POST", path, "{\"worker_id\":\"w\"" + verb.substring(verb.indexOf(',')) + "}");
        }
        claim("");
        String fresh = stats();
        assertThat(fresh)
                .contains("\"pending_jobs\":1,\"processing_jobs\":1,\"completed_jobs_24h\":1,\"failed_jobs_24h\":1")
                .contains("\"avg_processing_time_ms\":2000,\"max_job_age_seconds\":14")
                .contains(
                        "\"pending\":1,\"scheduled\":1,\"claimed\":1,\"completed\":1,\"failed\":1,\"cancelled\":0,\"total\":5")
                .contains("\"wait_p50_ms\":12000,\"wait_p95_ms\":14000");
        server.chores.rollUp().runOnce();
        assertThat(stats()).isEqualTo(fresh);
        server.clock.advance(Duration.ofMinutes(1));
        assertThat(stats())
                .contains("\"enqueued_per_minute\":1.0,\"completed_per_minute\":0.2,\"failed_per_minute\":0.2");
        server.clock.advance(Duration.ofHours(25));
        assertThat(stats()).contains("\"completed_jobs_24h\":0,\"failed_jobs_24h\":0", "\"completed\":1,\"failed\":1");
    }

    @Test
    void workersOfTheQueueAreCounted() {
        enqueue("");
        ok("POST", "/workers/register", "{\"queue_name\":\"" + queue + "\",\"hostname\":\"h\"}");
        assertThat(stats()).contains("\"active_workers\":1");
        server.clock.advance(Duration.ofMinutes(3));
        assertThat(stats()).contains("\"active_workers\":0");
    }

    @Test
    void deletingAsksForNoJobsOrTakesThoseThatWait() {
        assertThat(call("DELETE", "/queues/" + queue, "").statusCode()).isEqualTo(404);
        ok("PUT", "/queues/" + queue, "{\"max_retries\":1,\"enabled\":false,\"settings\":{\"a\":1}}");
        String ready = enqueue("");
        String scheduled = enqueue(",\"scheduled_at\":\"2030-01-01T00:00:00Z\"");
        assertThat(call("DELETE", "/queues/" + queue, "").body()).contains("CONFLICT");
        assertThat(call("DELETE", "/queues/" + queue + "?delete_jobs=false", "").statusCode())
                .isEqualTo(409);
        assertThat(call("DELETE", "/queues/" + queue + "?delete_jobs=true", "").statusCode())
                .isEqualTo(204);
        assertThat(ok("GET", "/jobs/" + ready, "")).contains("\"status\":\"cancelled\"");
        assertThat(ok("GET", "/jobs/" + scheduled, "")).contains("\"status\":\"cancelled\"");
        assertThat(call("GET", "/queues/" + queue, "").statusCode()).isEqualTo(404);
        assertThat(ok("GET", "/queues", "")).isEqualTo("[]");
        assertThat(call("POST", "/queues/" + queue + "/resume", "").statusCode())
                .isEqualTo(404);
        String again = enqueue("");
        assertThat(claim("")).contains(again);
        assertThat(ok("PUT", "/queues/" + queue, "")).contains("\"max_retries\":3", "\"settings\":{}");
        String waits = enqueue("");
        assertThat(call("DELETE", "/queues/" + queue + "?delete_jobs=true", "").statusCode())
                .isEqualTo(409);
        assertThat(ok("GET", "/jobs/" + waits, "")).contains("\"status\":\"pending\"");
        assertThat(ok("GET", "/queues/" + queue, "")).contains("\"enabled\":true");
    }

    @Test
    void purgeCancelsWhatWaits() {
        assertThat(call("POST", "/queues/" + queue + "/purge", "").statusCode()).isEqualTo(404);
        var jobs = "{\"payload\":1},".repeat(99) + "{\"payload\":1,\"scheduled_at\":\"2030-01-01T00:00:00Z\"}";
        for (int i = 0; i < 6; i++) {
            ok("POST", "/jobs/bulk", "{\"queue_name\":\"" + queue + "\",\"jobs\":[" + jobs + "]}");
        }
        ok("POST", "/jobs", "{\"queue_name\":\"other\",\"payload\":1,\"scheduled_at\":\"2030-01-01T00:00:00Z\"}");
        claim(",\"limit\":2");
        assertThat(ok("POST", "/queues/" + queue + "/purge", ""))
                .isEqualTo("{\"queue_name\":\"" + queue + "\",\"purged_count\":598}");
        assertThat(stats())
                .contains("\"pending\":0,\"scheduled\":0,\"claimed\":2,\"completed\":0,\"failed\":0,\"cancelled\":598");
        assertThat(ok("POST", "/queues/" + queue + "/purge", "")).contains("\"purged_count\":0");
        assertThat(ok("GET", "/queues/other/stats", "")).contains("\"scheduled\":1");
    }

    @Test
    void badRequestsSayWhatIsWrong() {
        String path = "/queues/" + queue + "/config";
        for (String body : new String[] {
            "{\"max_retries\":-1}",
            "{\"max_retries\":101}",
            "{\"max_retries\":99999999999999999999}",
            "{\"default_timeout\":0}",
            "{\"default_timeout\":86401}",
            "{\"rate_limit\":0}",
            "{\"rate_limit\":100001}",
            "{\"settings\":{\"a\":1e100000}}",
            "{\"settings\":{\"a\":\"" + "x".repeat(65_536) + "\"}}",
            "{\"queue_name\":\"other\"}"
        }) {
            assertThat(call("PUT", path, body).body()).as(body).contains("VALIDATION_ERROR");
        }
        for (String body : new String[] {"{", "{\"max_retries\":\"3\"}", "{\"enabled\":1}", "{\"settings\":[1]}"}) {
            assertThat(call("PUT", path, body).body()).as(body).contains("INVALID_JSON");
        }
        for (String name : new String[] {"-x", ".x", "a%20b", "a%00", "x".repeat(101)}) {
            assertThat(call("GET", "/queues/" + name, "").statusCode()).as(name).isEqualTo(400);
            assertThat(call("PUT", "/queues/" + name, "{}").statusCode())
                    .as(name)
                    .isEqualTo(400);
        }
        assertThat(call("GET", "/queues/" + queue, "").statusCode()).isEqualTo(404);
        assertThat(call("POST", "/queues/" + queue + "/pause", "{\"reason\":\"" + "x".repeat(501) + "\"}")
                        .statusCode())
                .isEqualTo(400);
        String half = "{\"settings\":{\"%s\":\"" + "x".repeat(40_000) + "\"}}";
        ok("PUT", path, half.formatted("a"));
        assertThat(call("PUT", path, half.formatted("b")).body()).contains("64 KiB");
        assertThat(ok("GET", "/queues/" + queue, "")).doesNotContain("\"b\"");
    }

    @Test
    void queuesOfOthersAreUnknown() {
        ok("PUT", "/queues/" + queue, "{\"max_retries\":1}");
        enqueue("");
        String other = server.otherOrganization();
        String unknown = "q-" + UUID.randomUUID();
        for (String call : new String[] {"GET ", "GET /stats", "POST /resume", "POST /purge", "DELETE "}) {
            String[] parts = call.split(" ", 2);
            var foreign = server.call(other, parts[0], "/queues/" + queue + parts[1], "");
            var nobodys = server.call(other, parts[0], "/queues/" + unknown + parts[1], "");
            assertThat(foreign.statusCode()).as(call).isEqualTo(nobodys.statusCode());
            assertThat(foreign.body().replace(queue, unknown).replaceAll("\"request_id\":\"[^\"]*\"", ""))
                    .isEqualTo(nobodys.body().replaceAll("\"request_id\":\"[^\"]*\"", ""));
        }
        assertThat(server.call(other, "GET", "/queues", "").body()).isEqualTo("[]");
        assertThat(server.call(other, "POST", "/queues/" + queue + "/pause", "").statusCode())
                .isEqualTo(200);
        assertThat(server.call(other, "PUT", "/queues/" + queue, "{}").body()).contains("\"max_retries\":3");
        assertThat(ok("GET", "/queues/" + queue, "")).contains("\"max_retries\":1", "\"enabled\":true");
        assertThat(stats()).contains("\"pending_jobs\":1");
    }

    @Test
    void aRestrictedKeySeesAndSteersItsQueuesOnly() {
        ok("PUT", "/queues/" + queue, "{}");
        ok("PUT", "/queues/allowed", "{}");
        String scoped = text(ok("POST", "/api-keys", "{\"name\":\"s\",\"queues\":[\"allowed\"]}"), "key");
        assertThat(server.call(scoped, "GET", "/queues", "").body())
                .contains("allowed")
                .doesNotContain(queue);
        for (String call : new String[] {
            "GET ",
            "PUT ",
            "PUT /config",
            "PATCH ",
            "GET /stats",
            "POST /pause",
            "POST /resume",
            "POST /purge",
            "DELETE "
        }) {
            String[] parts = call.split(" ", 2);
            assertThat(server.call(scoped, parts[0], "/queues/" + queue + parts[1], "")
                            .body())
                    .as(call)
                    .contains("ACCESS_DENIED");
            assertThat(server.call(scoped, parts[0], "/queues/allowed" + parts[1], "")
                            .statusCode())
                    .as(call)
                    .isIn(200, 204);
        }
        assertThat(server.call(scoped, "POST", "/queues", "{\"queue_name\":\"new\"}")
                        .statusCode())
                .isEqualTo(403);
        assertThat(server.call("sk_live_unknown", "GET", "/queues", "").statusCode())
                .isEqualTo(401);
    }
}
