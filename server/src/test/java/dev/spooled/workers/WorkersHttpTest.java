package dev.spooled.workers;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spooled.support.TestServer;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.UUID;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;

/// Workers over HTTP, against a real server and database. Each test has an organization of its own.
final class WorkersHttpTest {
    private static final TestServer server = new TestServer();

    @AfterAll
    static void stop() {
        server.close();
    }

    private final String key = server.otherOrganization();
    private final String worker = "w-" + UUID.randomUUID();

    private HttpResponse<String> call(String method, String path, String json) {
        return server.call(key, method, path, json);
    }

    private HttpResponse<String> register(String rest) {
        return call(
                "POST",
                "/workers/register",
                "{\"worker_id\":\"" + worker + "\",\"queue_name\":\"mail\",\"hostname\":\"host-1\"" + rest + "}");
    }

    private String read() {
        return call("GET", "/workers/" + worker, "").body();
    }

    private int heartbeat(String json) {
        return call("POST", "/workers/" + worker + "/heartbeat", json).statusCode();
    }

    private static String text(String json, String name) {
        Matcher found = Pattern.compile("\"" + name + "\":\"([^\"]*)\"").matcher(json);
        assertThat(found.find()).as(name + " in " + json).isTrue();
        return found.group(1);
    }

    @Test
    void aWorkerRegistersReportsAndLeaves() {
        var registered = register(
                ",\"worker_type\":\"node\",\"max_concurrency\":8,\"metadata\":{\"zone\":\"a\"},\"version\":\"1.2\"");
        assertThat(registered.statusCode()).as(registered.body()).isEqualTo(201);
        assertThat(registered.body())
                .isEqualTo("{\"id\":\"" + worker + "\",\"queue_name\":\"mail\",\"lease_duration_secs\":30,"
                        + "\"heartbeat_interval_secs\":10}");
        String read = read();
        assertThat(read)
                .contains("\"queue_name\":\"mail\",\"queue_names\":[\"mail\"],\"hostname\":\"host-1\"")
                .contains("\"worker_type\":\"node\",\"status\":\"healthy\"")
                .contains("\"max_concurrency\":8,\"max_concurrent_jobs\":8,\"current_jobs\":0,\"current_job_count\":0")
                .contains("\"metadata\":{\"zone\": \"a\"},\"version\":\"1.2\"", "\"organization_id\":\"");
        assertThat(text(read, "registered_at")).isEqualTo(text(read, "created_at"));
        server.clock.advance(Duration.ofSeconds(10));
        var beat = call("POST", "/workers/" + worker + "/heartbeat", "{\"current_jobs\":3,\"status\":\"degraded\"}");
        assertThat(beat.statusCode()).isEqualTo(200);
        assertThat(beat.body()).isEmpty();
        assertThat(read())
                .contains("\"status\":\"degraded\"", "\"current_jobs\":3,\"current_job_count\":3")
                .contains("\"metadata\":{\"zone\": \"a\"}");
        assertThat(text(read(), "last_heartbeat")).isGreaterThan(text(read, "last_heartbeat"));
        assertThat(heartbeat("{\"metadata\":{\"zone\":\"b\"}}")).isEqualTo(200);
        assertThat(read()).contains("\"current_jobs\":3", "\"metadata\":{\"zone\": \"b\"}", "degraded");
        assertThat(call("POST", "/workers/" + worker + "/deregister", "").statusCode())
                .isEqualTo(204);
        assertThat(read()).contains("\"status\":\"offline\"", "\"current_jobs\":0");
        assertThat(call("DELETE", "/workers/" + worker, "").statusCode()).isEqualTo(204);
        assertThat(register("").statusCode()).isEqualTo(201);
        assertThat(read()).contains("\"status\":\"healthy\"", "\"max_concurrency\":5", "\"version\":null");
        assertThat(text(read(), "registered_at")).isEqualTo(text(read, "registered_at"));
    }

    @Test
    void aWorkerMayLeaveOutItsIdAndItsFigures() {
        String body = "{\"queue_name\":\"mail\",\"hostname\":\"h\"}";
        String id = text(call("POST", "/workers/register", body).body(), "id");
        assertThat(call("GET", "/workers/" + id, "").statusCode()).isEqualTo(200);
        register("");
        for (String sign : new String[] {"", "{}", "null", "[]", "{\"current_jobs\":null,\"status\":null}"}) {
            assertThat(heartbeat(sign)).as(sign).isEqualTo(200);
        }
        for (String leave : new String[] {"", "{}", "null", "[]"}) {
            assertThat(call("POST", "/workers/" + worker + "/deregister", leave).statusCode())
                    .isEqualTo(204);
        }
    }

    @Test
    void wordsOfAllClientsAreUnderstood() {
        register("");
        for (String word : new String[] {
            "active=healthy",
            "stopping=draining",
            "draining=draining",
            "DEGRADED=degraded",
            "offline=offline",
            "busy=healthy",
            "=healthy"
        }) {
            String[] parts = word.split("=");
            assertThat(heartbeat("{\"status\":\"" + parts[0] + "\"}")).isEqualTo(200);
            assertThat(read()).contains("\"status\":\"" + parts[1] + "\"");
        }
    }

    @Test
    void silenceIsOfflineAndAHeartbeatEndsIt() {
        var chore = new SilentWorkers(server.database.db(), server.clock, 0, server.hub());
        register("");
        server.clock.advance(Duration.ofSeconds(119));
        chore.runOnce();
        assertThat(read()).contains("\"status\":\"healthy\"");
        server.clock.advance(Duration.ofSeconds(1));
        assertThat(read()).contains("\"status\":\"offline\"");
        assertThat(chore.runOnce()).isFalse();
        assertThat(read()).contains("\"status\":\"offline\"");
        assertThat(heartbeat("")).isEqualTo(200);
        assertThat(read()).contains("\"status\":\"healthy\"");
        server.clock.advance(Duration.ofDays(7));
        chore.runOnce();
        assertThat(call("GET", "/workers/" + worker, "").statusCode()).isEqualTo(404);
        assertThat(heartbeat("{}")).isEqualTo(404);
    }

    @Test
    void aWorkerThatLeavesOrFallsSilentKeepsItsLeases() {
        register("");
        call("POST", "/jobs", "{\"queue_name\":\"mail\",\"payload\":1}");
        String claimed = call(
                        "POST",
                        "/jobs/claim",
                        "{\"queue_name\":\"mail\",\"worker_id\":\"" + worker + "\",\"lease_duration_secs\":250}")
                .body();
        String job = "/jobs/" + text(claimed, "id");
        call("DELETE", "/workers/" + worker, "");
        server.clock.advance(Duration.ofMinutes(3));
        new SilentWorkers(server.database.db(), server.clock, 0, server.hub()).runOnce();
        server.chores.reap().runOnce();
        assertThat(call("GET", job, "").body()).contains("\"status\":\"processing\"");
        assertThat(call("POST", job + "/complete", "{\"worker_id\":\"" + worker + "\"}")
                        .statusCode())
                .isEqualTo(200);
    }

    @Test
    void thoseHeardOfLastComeFirst() {
        register("");
        server.clock.advance(Duration.ofSeconds(1));
        String body = "{\"queue_name\":\"mail\",\"hostname\":\"h\",\"worker_id\":\"" + worker + ".2\"}";
        call("POST", "/workers/register", body);
        String list = call("GET", "/workers?status=healthy&queue=none", "").body();
        assertThat(list.indexOf(worker + ".2")).isBetween(0, list.lastIndexOf(worker + "\""));
        server.clock.advance(Duration.ofSeconds(1));
        heartbeat("");
        assertThat(call("GET", "/workers?limit=0", "").body())
                .contains(worker + "\"")
                .doesNotContain(worker + ".2");
        assertThat(call("GET", "/workers?limit=many", "").statusCode()).isEqualTo(400);
    }

    @Test
    void badRequestsSayWhatIsWrong() {
        for (String body : new String[] {"", "null", "{}", "{\"queue_name\":\"q\"}", "{\"hostname\":\"h\"}", "{"}) {
            assertThat(call("POST", "/workers/register", body).body()).as(body).contains("INVALID_JSON");
        }
        for (String rest : new String[] {
            ",\"max_concurrency\":0",
            ",\"max_concurrency\":101",
            ",\"worker_type\":\"" + "x".repeat(51) + "\"",
            ",\"version\":\"" + "x".repeat(51) + "\"",
            ",\"metadata\":{\"a\":1e99999}",
            ",\"metadata\":{\"a\":\"" + "x".repeat(65_536) + "\"}"
        }) {
            assertThat(register(rest).body()).as(rest).contains("VALIDATION_ERROR");
        }
        for (String other : new String[] {
            "\"queue_name\":\"\",\"hostname\":\"h\"",
            "\"queue_name\":\"-q\",\"hostname\":\"h\"",
            "\"queue_name\":\"q\",\"hostname\":\"\"",
            "\"queue_name\":\"q\",\"hostname\":\"-h\"",
            "\"queue_name\":\"q\",\"hostname\":\"h.\"",
            "\"queue_name\":\"q\",\"hostname\":\"" + "h".repeat(256) + "\"",
            "\"queue_name\":\"q\",\"hostname\":\"h\",\"worker_id\":\"\"",
            "\"queue_name\":\"q\",\"hostname\":\"h\",\"worker_id\":\"a b\"",
            "\"queue_name\":\"q\",\"hostname\":\"h\",\"worker_id\":\"" + "w".repeat(129) + "\""
        }) {
            assertThat(call("POST", "/workers/register", "{" + other + "}").body())
                    .as(other)
                    .contains("VALIDATION_ERROR");
        }
        register("");
        assertThat(heartbeat("{\"current_jobs\":-1}")).isEqualTo(400);
        assertThat(heartbeat("{\"current_jobs\":1001}")).isEqualTo(400);
        assertThat(heartbeat("{\"current_jobs\":\"1\"}")).isEqualTo(400);
        assertThat(heartbeat("{\"metadata\":1}")).isEqualTo(400);
        for (String id : new String[] {"nobody", "a%20b", "a%00", "x".repeat(200)}) {
            assertThat(call("GET", "/workers/" + id, "").statusCode()).as(id).isEqualTo(404);
            assertThat(call("DELETE", "/workers/" + id, "").statusCode()).as(id).isEqualTo(404);
            assertThat(call("POST", "/workers/" + id + "/heartbeat", "{}").statusCode())
                    .as(id)
                    .isEqualTo(404);
        }
    }

    @Test
    void workersOfOthersAreUnknownAndTheirIdsTaken() {
        register("");
        String other = server.otherOrganization();
        assertThat(server.call(other, "GET", "/workers", "").body()).isEqualTo("[]");
        for (String call : new String[] {"GET ", "DELETE ", "POST /deregister", "POST /heartbeat"}) {
            String[] parts = call.split(" ", 2);
            for (String id : new String[] {worker, "w-unknown"}) {
                var answer = server.call(other, parts[0], "/workers/" + id + parts[1], "");
                assertThat(answer.statusCode()).as(call).isEqualTo(404);
                assertThat(answer.body()).contains("\"message\":\"Worker not found: " + id + "\"");
            }
        }
        String body = "{\"worker_id\":\"" + worker + "\",\"queue_name\":\"mail\",\"hostname\":\"thief\"}";
        assertThat(server.call(other, "POST", "/workers/register", body).body()).contains("CONFLICT");
        assertThat(read()).contains("\"hostname\":\"host-1\"", "\"status\":\"healthy\"");
    }

    @Test
    void aRestrictedKeyDealsWithWorkersOfItsQueuesOnly() {
        register("");
        String scoped = text(
                call("POST", "/api-keys", "{\"name\":\"s\",\"queues\":[\"other\"]}")
                        .body(),
                "key");
        String into = "{\"worker_id\":\"" + worker + "\",\"hostname\":\"h\",\"queue_name\":\"";
        assertThat(server.call(scoped, "POST", "/workers/register", into + "mail\"}")
                        .body())
                .contains("ACCESS_DENIED");
        assertThat(server.call(scoped, "POST", "/workers/register", into + "other\"}")
                        .body())
                .contains("ACCESS_DENIED");
        for (String call : new String[] {"GET ", "DELETE ", "POST /deregister", "POST /heartbeat"}) {
            String[] parts = call.split(" ", 2);
            assertThat(server.call(scoped, parts[0], "/workers/" + worker + parts[1], "")
                            .statusCode())
                    .as(call)
                    .isEqualTo(403);
        }
        assertThat(server.call(scoped, "GET", "/workers", "").body()).isEqualTo("[]");
        String own = into.replace(worker, worker + ".own") + "other\"}";
        assertThat(server.call(scoped, "POST", "/workers/register", own).statusCode())
                .isEqualTo(201);
        assertThat(server.call(scoped, "GET", "/workers", "").body()).contains(worker + ".own");
        assertThat(server.call(scoped, "DELETE", "/workers/" + worker + ".own", "")
                        .statusCode())
                .isEqualTo(204);
    }
}
