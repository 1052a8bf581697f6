package dev.spooled.workflows;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spooled.support.TestServer;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Workflows, dependencies and signals over HTTP.
class WorkflowsHttpTest {
    private static TestServer server;

    @BeforeAll
    static void open() {
        server = new TestServer();
    }

    @AfterAll
    static void close() {
        server.close();
    }

    private static String step(String key, String queue, String more) {
        return "{\"key\":\"" + key + "\",\"queue_name\":\"" + queue + "\",\"payload\":{\"k\":\"" + key + "\"}" + more
                + "}";
    }

    private static String workflow(String... steps) {
        return "{\"name\":\"Flow (1)\",\"description\":\"d\",\"metadata\":{\"a\":1},\"jobs\":["
                + String.join(",", steps) + "]}";
    }

    private static String diamond(String queue) {
        return workflow(
                step("a", queue, ""),
                step("b", queue, ",\"depends_on\":[\"a\"]"),
                step("c", queue, ",\"depends_on\":[\"a\"],\"job_type\":\"mail\""),
                step("d", queue, ",\"depends_on\":[\"b\",\"c\"],\"dependency_mode\":\"all\""));
    }

    private static String create(String body) {
        HttpResponse<String> made = server.post("/workflows", body);
        assertThat(made.statusCode()).as(made.body()).isEqualTo(201);
        assertThat(made.body()).contains("\"status\":\"pending\"");
        return text(made.body(), "workflow_id");
    }

    private static String text(String json, String name) {
        var found = Pattern.compile("\"" + name + "\":\"([^\"]*)\"").matcher(json);
        assertThat(found.find()).as(name + " in " + json).isTrue();
        return found.group(1);
    }

    private static String get(String path) {
        HttpResponse<String> answer = server.get(path);
        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
        return answer.body();
    }

    /// The answer to the claim of one job of the queue.
    private static String claim(String queue) {
        HttpResponse<String> answer =
                server.post("/jobs/claim", "{\"queue_name\":\"" + queue + "\",\"worker_id\":\"w\"}");
        assertThat(answer.statusCode()).isEqualTo(200);
        return answer.body();
    }

    private static void complete(String claimed, String result) {
        var answer = server.post(
                "/jobs/" + text(claimed, "id") + "/complete",
                "{\"worker_id\":\"w\",\"lease_id\":\"" + text(claimed, "lease_id") + "\",\"result\":" + result + "}");
        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
    }

    private static void kill(String claimed) {
        var answer = server.post(
                "/jobs/" + text(claimed, "id") + "/fail",
                "{\"worker_id\":\"w\",\"error\":\"broken\",\"no_retry\":true}");
        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
    }

    @Test
    void aDiamondRunsInOrderAndHandsItsResultsOn() {
        String id = create(diamond("diamond"));
        assertThat(get("/workflows/" + id))
                .contains("\"status\":\"pending\"", "\"started_at\":null", "\"progress_percent\":0.0")
                .contains("\"progress\":{\"total\":4,\"completed\":0,\"failed\":0,\"pending\":4,\"processing\":0}")
                .contains("\"job_type\":\"mail\"", "\"job_type\":\"a\"", "\"dependency_type\":\"success\"")
                .contains("\"metadata\":{\"a\": 1}", "\"organization_id\":\"" + server.organization + "\"");
        List<String> order = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            String claimed = claim("diamond");
            order.add(text(claimed, "k"));
            assertThat(get("/workflows/" + id)).contains("\"status\":\"running\"", "\"processing\":1");
            if (i == 0) {
                assertThat(claimed).contains("\"parent_results\":{}", "\"workflow_id\":\"" + id + "\"");
            }
            if (i == 3) {
                assertThat(claimed).contains("\"parent_results\":{\"b\":{\"of\":\"b\"},\"c\":{\"of\":\"c\"}}");
            }
            complete(claimed, "{\"of\":\"" + text(claimed, "k") + "\"}");
        }
        assertThat(order).containsExactly("a", "b", "c", "d");
        assertThat(get("/workflows/" + id))
                .contains("\"status\":\"completed\"", "\"progress_percent\":100.0", "\"completed_jobs\":4");
        assertThat(claim("diamond")).isEqualTo("{\"jobs\":[]}");
    }

    @Test
    void jobsOfAWorkflowAreRead() {
        String id = create(diamond("reading"));
        String jobs = get("/workflows/" + id + "/jobs");
        assertThat(jobs)
                .contains("\"depends_on\":[\"b\",\"c\"]", "\"dependency_mode\":\"all\"", "\"payload\":{\"k\":\"a\"}");
        String first = text(jobs, "job_id");
        assertThat(get("/workflows/" + id + "/jobs/" + first)).contains("\"key\":\"a\"");
        assertThat(get("/workflows/" + id + "/jobs/status")).startsWith("[{\"key\":\"a\",\"job_id\":\"" + first);
        assertThat(server.get("/workflows/" + id + "/jobs/" + UUID.randomUUID()).statusCode())
                .isEqualTo(404);
        assertThat(get("/jobs/" + first + "/dependencies"))
                .contains("\"dependencies\":[]", "\"dependencies_met\":true", "\"is_met\":false")
                .contains("\"dependency_type\":\"all\"", "\"job\":{");
    }

    @Test
    void aFailedWorkflowIsRetried() {
        String id = create(diamond("retrying"));
        assertThat(server.post("/workflows/" + id + "/retry", "").statusCode()).isEqualTo(400);
        kill(claim("retrying"));
        // What it brings down comes in the batches after it.
        String flow = get("/workflows/" + id);
        for (long end = System.nanoTime() + 10_000_000_000L; !flow.contains("\"status\":\"failed\""); ) {
            assertThat(System.nanoTime()).isLessThan(end);
            flow = get("/workflows/" + id);
        }
        assertThat(flow).contains("\"status\":\"failed\"", "\"message\":\"broken\"", "the parent job");
        HttpResponse<String> again = server.post("/workflows/" + id + "/retry", "");
        assertThat(again.statusCode()).isEqualTo(200);
        assertThat(again.body()).contains("\"status\":\"running\"", "\"failed_jobs\":0");
        complete(claim("retrying"), "{}");
        kill(claim("retrying"));
        kill(claim("retrying"));
        assertThat(server.post("/workflows/" + id + "/retry", "{\"whole\":true}")
                        .statusCode())
                .isEqualTo(200);
        for (int i = 0; i < 4; i++) {
            complete(claim("retrying"), "{}");
        }
        HttpResponse<String> refused = server.post("/workflows/" + id + "/retry", "");
        assertThat(refused.statusCode()).isEqualTo(400);
        assertThat(refused.body()).contains("failed");
    }

    @Test
    void aWorkflowIsCancelledThenDeleted() {
        String id = create(diamond("cancelling"));
        assertThat(server.delete("/workflows/" + id).statusCode()).isEqualTo(409);
        HttpResponse<String> cancelled = server.post("/workflows/" + id + "/cancel", "");
        assertThat(cancelled.statusCode()).isEqualTo(200);
        assertThat(cancelled.body()).contains("\"status\":\"cancelled\"");
        assertThat(server.post("/workflows/" + id + "/cancel", "").statusCode()).isEqualTo(409);
        assertThat(claim("cancelling")).isEqualTo("{\"jobs\":[]}");
        assertThat(server.delete("/workflows/" + id).statusCode()).isEqualTo(204);
        assertThat(server.get("/workflows/" + id).statusCode()).isEqualTo(404);
    }

    @Test
    void listsAreFilteredAndPaged() {
        String first = create(workflow(step("x", "listing", "")));
        server.clock.advance(java.time.Duration.ofMillis(1));
        String second = create(workflow(step("x", "listing-2", "")));
        assertThat(get("/workflows?limit=1")).contains(second).doesNotContain(first);
        assertThat(get("/workflows?limit=1&offset=1")).contains(first).doesNotContain(second);
        claim("listing");
        assertThat(get("/workflows?status=running")).contains(first).doesNotContain(second);
        assertThat(get("/workflows?status=pending")).contains(second).doesNotContain(first);
        assertThat(get("/workflows?status=completed")).doesNotContain(first, second);
        assertThat(server.get("/workflows?status=odd").statusCode()).isEqualTo(400);
        assertThat(server.get("/workflows?limit=x").statusCode()).isEqualTo(400);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "{}|INVALID_JSON",
                "{\"name\":\"w\",\"jobs\":[]}|VALIDATION_ERROR",
                "{\"name\":\"w/\",\"jobs\":[{\"key\":\"a\",\"queue_name\":\"q\",\"payload\":{}}]}|VALIDATION_ERROR",
                "{\"name\":\"w\",\"jobs\":[{\"key\":\"a/b\",\"queue_name\":\"q\",\"payload\":{}}]}|VALIDATION_ERROR",
                "{\"name\":\"w\",\"jobs\":[{\"key\":\"a\",\"queue_name\":\"\",\"payload\":{}}]}|VALIDATION_ERROR",
                "{\"name\":\"w\",\"jobs\":[{\"key\":\"a\",\"queue_name\":\"q\",\"payload\":{},\"priority\":101}]}|VALIDATION_ERROR",
                "{\"name\":\"w\",\"jobs\":[{\"key\":\"a\",\"queue_name\":\"q\",\"payload\":{},\"dependency_mode\":\"x\"}]}|VALIDATION_ERROR",
                "{\"name\":\"w\",\"jobs\":[{\"key\":\"a\",\"queue_name\":\"q\",\"payload\":{},\"wait_for\":\"x\"}]}|VALIDATION_ERROR",
                "{\"name\":\"w\",\"jobs\":[{\"key\":\"a\",\"queue_name\":\"q\"}]}|INVALID_JSON",
                "{\"name\":\"w\",\"jobs\":[{\"key\":\"a\",\"queue_name\":\"q\",\"payload\":{},\"depends_on\":[\"z\"]}]}|BAD_REQUEST",
                "{\"name\":\"w\",\"jobs\":[{\"key\":\"a\",\"queue_name\":\"q\",\"payload\":{},\"depends_on\":[\"a\"]}]}|BAD_REQUEST",
                "{\"name\":\"w\",\"jobs\":[{\"key\":\"a\",\"queue_name\":\"q\",\"payload\":{}},{\"key\":\"a\",\"queue_name\":\"q\",\"payload\":{}}]}|BAD_REQUEST",
                "{\"name\":\"w\",\"jobs\":[{\"key\":\"a\",\"queue_name\":\"q\",\"payload\":{},\"depends_on\":[\"b\"]},{\"key\":\"b\",\"queue_name\":\"q\",\"payload\":{},\"depends_on\":[\"a\"]}]}|BAD_REQUEST",
            })
    void whatMakesNoSenseIsRefusedWhole(String body, String code) {
        HttpResponse<String> answer = server.post("/workflows", body);
        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(400);
        assertThat(text(answer.body(), "code")).isEqualTo(code);
    }

    @Test
    void tooManyJobsAreRefused() {
        List<String> steps = new ArrayList<>();
        for (int i = 0; i < 101; i++) {
            steps.add(step("s" + i, "many", ""));
        }
        assertThat(server.post("/workflows", workflow(steps.toArray(String[]::new)))
                        .statusCode())
                .isEqualTo(400);
        create(workflow(steps.subList(0, 100).toArray(String[]::new)));
    }

    @Test
    void strangersSeeNothing() {
        String id = create(diamond("private"));
        String job = text(get("/workflows/" + id + "/jobs"), "job_id");
        String stranger = server.otherOrganization();
        assertThat(server.get(stranger, "/workflows").body()).isEqualTo("[]");
        for (String path : List.of("", "/jobs", "/jobs/status", "/jobs/" + job)) {
            assertThat(server.get(stranger, "/workflows/" + id + path).statusCode())
                    .isEqualTo(404);
        }
        for (String path :
                List.of("/workflows/" + id + "/cancel", "/workflows/" + id + "/retry", "/jobs/" + job + "/signal")) {
            assertThat(server.post(stranger, path, "").statusCode()).as(path).isEqualTo(404);
        }
        assertThat(server.call(stranger, "DELETE", "/workflows/" + id, "").statusCode())
                .isEqualTo(404);
        assertThat(server.get(stranger, "/jobs/" + job + "/dependencies").statusCode())
                .isEqualTo(404);
        assertThat(server.post(stranger, "/jobs/" + job + "/dependencies", "{\"depends_on\":[\"" + job + "\"]}")
                        .statusCode())
                .isIn(400, 404);
        for (String path : List.of("/workflows/none", "/workflows/" + UUID.randomUUID())) {
            assertThat(server.get(path).statusCode()).isEqualTo(404);
        }
    }

    private static String restricted(String queue) {
        var made = server.send(server.to("/api/v1/admin/organizations/" + server.organization + "/api-keys")
                .header("X-Admin-Key", TestServer.ADMIN_KEY)
                .POST(BodyPublishers.ofString("{\"name\":\"scoped\",\"queues\":[\"" + queue + "\"]}")));
        return text(made.body(), "key");
    }

    @Test
    void aRestrictedKeySeesWorkflowsOfItsQueuesOnly() {
        String own = create(workflow(step("a", "own", "")));
        String mixed = create(workflow(step("a", "own", ""), step("b", "foreign", "")));
        String key = restricted("own");
        assertThat(server.get(key, "/workflows").body()).contains(own).doesNotContain(mixed);
        assertThat(server.get(key, "/workflows/" + own).statusCode()).isEqualTo(200);
        assertThat(server.get(key, "/workflows/" + mixed).statusCode()).isEqualTo(404);
        assertThat(server.post(key, "/workflows/" + mixed + "/cancel", "").statusCode())
                .isEqualTo(404);
        assertThat(server.post(key, "/workflows", workflow(step("a", "foreign", "")))
                        .statusCode())
                .isEqualTo(403);
        assertThat(server.post(key, "/workflows", workflow(step("a", "own", "")))
                        .statusCode())
                .isEqualTo(201);
        String foreign = job("foreign");
        assertThat(server.get(key, "/jobs/" + foreign + "/dependencies").statusCode())
                .isEqualTo(403);
        assertThat(server.post(key, "/jobs/" + foreign + "/signal", "").statusCode())
                .isEqualTo(403);
    }

    private static String job(String queue) {
        return text(
                server.post("/jobs", "{\"queue_name\":\"" + queue + "\",\"payload\":{}}")
                        .body(),
                "id");
    }

    @ParameterizedTest
    @CsvSource({"depends_on", "depends_on_job_ids", "dependency_job_ids"})
    void jobsAreLinkedUnderAnyName(String name) {
        String queue = "link-" + name;
        String child = job(queue);
        String parent = job(queue + "-p");
        HttpResponse<String> linked =
                server.post("/jobs/" + child + "/dependencies", "{\"" + name + "\":[\"" + parent + "\"]}");
        assertThat(linked.statusCode()).as(linked.body()).isEqualTo(200);
        assertThat(linked.body())
                .contains("\"added\":1", "\"dependencies_met\":false", "\"depends_on_job_id\":\"" + parent + "\"");
        assertThat(claim(queue)).isEqualTo("{\"jobs\":[]}");
        assertThat(server.post("/jobs/" + parent + "/dependencies", "{\"depends_on\":[\"" + child + "\"]}")
                        .statusCode())
                .isEqualTo(400);
        assertThat(get("/jobs/" + parent + "/dependencies")).contains("\"dependents\":[{\"job_id\":\"" + child);
        complete(claim(queue + "-p"), "{}");
        assertThat(get("/jobs/" + child + "/dependencies"))
                .contains("\"dependencies\":[{\"job_id\":\"" + parent, "\"is_met\":true", "\"dependencies_met\":true");
        claim(queue);
        assertThat(server.post("/jobs/" + child + "/dependencies", "{\"depends_on\":[\"" + parent + "\"]}")
                        .statusCode())
                .isEqualTo(409);
    }

    @Test
    void wrongDependenciesAreRefused() {
        String child = job("wrong-links");
        String dead = job("wrong-links-2");
        server.delete("/jobs/" + dead);
        assertThat(link(child, "{}")).isEqualTo(400);
        assertThat(link(child, "{\"depends_on\":[]}")).isEqualTo(400);
        assertThat(link(child, "{\"depends_on\":[\"" + child + "\"]}")).isEqualTo(400);
        assertThat(link(child, "{\"depends_on\":[\"nobody\"]}")).isEqualTo(404);
        assertThat(link(child, "{\"depends_on\":[\"" + UUID.randomUUID() + "\"]}"))
                .isEqualTo(404);
        assertThat(link(child, "{\"depends_on\":[\"" + dead + "\"]}")).isEqualTo(409);
        assertThat(link(child, "{\"depends_on\":[\"" + dead + "\"],\"dependency_mode\":\"some\"}"))
                .isEqualTo(400);
        assertThat(link(UUID.randomUUID().toString(), "{\"depends_on\":[\"" + child + "\"]}"))
                .isEqualTo(404);
    }

    private static int link(String job, String body) {
        return server.post("/jobs/" + job + "/dependencies", body).statusCode();
    }

    @Test
    void aStepWaitsForItsSignal() {
        String id = create(workflow(step("ask", "approval", ",\"wait_for\":\"signal\"")));
        String job = text(get("/workflows/" + id + "/jobs"), "job_id");
        assertThat(claim("approval")).isEqualTo("{\"jobs\":[]}");
        assertThat(get("/workflows/" + id + "/jobs")).contains("\"wait_for\":\"signal\"");
        String large = "{\"data\":\"" + "x".repeat(70_000) + "\"}";
        assertThat(server.post("/jobs/" + job + "/signal", large).statusCode()).isEqualTo(413);
        for (int i = 0; i < 2; i++) {
            assertThat(server.post("/jobs/" + job + "/signal", "{\"data\":{\"by\":\"me\"}}")
                            .statusCode())
                    .isEqualTo(200);
        }
        assertThat(claim("approval")).contains("\"signal\":{\"by\":\"me\"}", "\"parent_results\":{}");
        assertThat(server.post("/jobs/" + job("approval") + "/signal", "").statusCode())
                .isEqualTo(409);
        assertThat(server.post("/jobs/none/signal", "").statusCode()).isEqualTo(404);
    }
}
