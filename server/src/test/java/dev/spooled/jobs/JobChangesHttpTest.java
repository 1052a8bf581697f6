package dev.spooled.jobs;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spooled.support.TestServer;
import java.time.Duration;
import java.util.UUID;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Retry, priority, progress, parents and waits of single jobs over HTTP.
final class JobChangesHttpTest {
    private static TestServer server;
    private static JobCalls us;
    private final String queue = "q-" + UUID.randomUUID();

    @BeforeAll
    static void start() {
        server = new TestServer();
        us = JobCalls.of(server);
    }

    @AfterAll
    static void stop() {
        server.close();
    }

    @Test
    void aDeadJobIsRetriedAndItsAttemptsAreNumberedOn() {
        String id = us.dead(queue, ",\"max_retries\":0");
        assertThat(us.post("/jobs/" + id + "/retry", 200, ""))
                .contains("\"id\":\"" + id, "\"status\":\"pending\"", "\"retry_count\":0", "\"last_error\":null")
                .contains("\"scheduled_at\":null", "\"completed_at\":null", "\"assigned_worker_id\":null");
        assertThat(us.post("/jobs/" + id + "/retry", 409, "[]")).contains("CONFLICT");
        String lease = us.claim(queue);
        us.post("/jobs/" + id + "/retry", 409, "{}");
        us.complete(id, lease);
        us.post("/jobs/" + id + "/retry", 409, "null");
        assertThat(us.get("/jobs/" + id + "/attempts"))
                .contains("\"attempt\":1", "\"attempt\":2", "\"outcome\":\"completed\"");
        us.post("/jobs/" + UUID.randomUUID() + "/retry", 404, "");
        us.post("/jobs/nope/retry", 404, "");
        String other = us.dead(queue, "");
        us.stranger().post("/jobs/" + other + "/retry", 404, "");
        us.only("other").post("/jobs/" + other + "/retry", 403, "");
    }

    @Test
    void priorityDecidesWhoIsNext() {
        String first = us.enqueue(queue, "");
        String second = us.enqueue(queue, "");
        assertThat(server.put("/jobs/" + second + "/priority", "{\"priority\":9}")
                        .body())
                .isEqualTo("{\"job_id\":\"" + second + "\",\"old_priority\":0,\"new_priority\":9}");
        assertThat(server.put("/jobs/" + second + "/priority", "{\"priority\":8}")
                        .body())
                .contains("\"old_priority\":9");
        assertThat(us.get("/jobs/" + second)).contains("\"priority\":8");
        us.claim(queue);
        assertThat(us.get("/jobs/" + second)).contains("\"status\":\"processing\"");
        assertThat(server.put("/jobs/" + second + "/priority", "{\"priority\":1}")
                        .statusCode())
                .isEqualTo(404);
        assertThat(server.delete("/jobs/" + first).statusCode()).isEqualTo(204);
        assertThat(server.put("/jobs/" + first + "/priority", "{\"priority\":1}")
                        .statusCode())
                .isEqualTo(404);
        String later = us.enqueue(queue, ",\"scheduled_at\":\"2027-01-01T00:00:00Z\"");
        assertThat(server.put("/jobs/" + later + "/priority", "{\"priority\":-100}")
                        .statusCode())
                .isEqualTo(200);
        assertThat(server.put("/jobs/" + later + "/priority", "{\"priority\":101}")
                        .body())
                .contains("VALIDATION_ERROR");
        assertThat(server.put("/jobs/" + later + "/priority", "{}").body()).contains("INVALID_JSON");
        assertThat(server.put("/jobs/" + later + "/priority", "{\"priority\":\"1\"}")
                        .body())
                .contains("INVALID_JSON");
        assertThat(server.put("/jobs/nope/priority", "{\"priority\":1}").statusCode())
                .isEqualTo(404);
    }

    @Test
    void progressIsOfTheAttemptThatRuns() {
        String id = us.enqueue(queue, "");
        us.post("/jobs/" + id + "/progress", 409, "{\"progress\":1}");
        String lease = us.claim(queue);
        String with = ",\"worker_id\":\"w1\",\"lease_id\":\"" + lease + "\"}";
        us.post("/jobs/" + id + "/progress", 200, "{\"progress\":12.5,\"message\":\"half of a quarter\"" + with);
        assertThat(us.get("/jobs/" + id)).contains("\"progress\":12.5", "\"progress_message\":\"half of a quarter\"");
        us.post("/jobs/" + id + "/progress", 200, "{\"progress\":40,\"worker_id\":\"w1\"}");
        assertThat(us.post("/jobs/" + id + "/progress", 200, "{\"progress\":41}"))
                .isEqualTo("{\"success\":true}");
        assertThat(us.get("/jobs/" + id)).contains("\"progress\":41.0", "\"progress_message\":null");
        us.post("/jobs/" + id + "/progress", 409, "{\"progress\":1,\"worker_id\":\"w2\"}");
        assertThat(us.post("/jobs/" + id + "/progress", 409, "{\"progress\":1,\"lease_id\":\"nope\"}"))
                .contains("LEASE_EXPIRED");
        us.stranger().post("/jobs/" + id + "/progress", 404, "{\"progress\":1}");
        us.only("other").post("/jobs/" + id + "/progress", 403, "{\"progress\":1}");
        us.post("/jobs/" + id + "/fail", 200, "{\"error\":\"x\",\"retry_after_seconds\":0" + with);
        assertThat(us.get("/jobs/" + id)).contains("\"progress\":null");
        us.post("/jobs/" + UUID.randomUUID() + "/progress", 404, "{\"progress\":1}");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{}",
                "{\"progress\":-1}",
                "{\"progress\":100.5}",
                "{\"progress\":1e999}",
                "{\"progress\":\"1\"}",
                ""
            })
    void progressIsANumberOfPerCent(String body) {
        String id = us.enqueue(queue, "");
        us.claim(queue);
        us.post("/jobs/" + id + "/progress", 400, body);
    }

    @Test
    void aChildWaitsForItsParent() {
        String parent = us.enqueue(queue, "");
        String child = us.enqueue(queue, ",\"parent_job_id\":\"" + parent + "\"");
        assertThat(us.get("/jobs/" + child))
                .contains("\"status\":\"pending\"", "\"dependencies_met\":false", "\"parent_job_id\":\"" + parent);
        String lease = us.claim(queue);
        assertThat(us.post("/jobs/claim", 200, "{\"queue_name\":\"" + queue + "\",\"worker_id\":\"w1\"}"))
                .isEqualTo("{\"jobs\":[]}");
        us.complete(parent, lease);
        assertThat(us.get("/jobs/" + child)).contains("\"dependencies_met\":true");
        us.complete(child, us.claim(queue));
        String late = us.enqueue(queue, ",\"parent_job_id\":\"" + parent + "\"");
        assertThat(us.get("/jobs/" + late)).contains("\"dependencies_met\":true");
    }

    @Test
    void aChildIsCancelledWithItsParent() {
        String parent = us.enqueue(queue, "");
        String child = us.enqueue(queue, ",\"parent_job_id\":\"" + parent + "\"");
        String grandchild = us.enqueue(queue, ",\"parent_job_id\":\"" + child + "\"");
        assertThat(server.delete("/jobs/" + parent).statusCode()).isEqualTo(204);
        assertThat(us.get("/jobs/" + child)).contains("\"status\":\"cancelled\"", "the parent job " + parent);
        server.chores.settle().runOnce();
        assertThat(us.get("/jobs/" + grandchild)).contains("\"status\":\"cancelled\"", "the parent job " + child);
        String body = "{\"queue_name\":\"" + queue + "\",\"payload\":{},\"parent_job_id\":\"";
        assertThat(us.post("/jobs", 409, body + child + "\"}")).contains("CONFLICT");
        us.post("/jobs", 404, body + UUID.randomUUID() + "\"}");
        us.post("/jobs", 404, body + "nope\"}");
        us.stranger().post("/jobs", 404, body + child + "\"}");
        us.only("other").post("/jobs", 403, body.replace(queue, "other") + child + "\"}");
    }

    @Test
    void aJobMaySayHowLongItWaits() {
        String id = us.enqueue(queue, ",\"backoff\":{\"kind\":\"list\",\"delays_seconds\":[5,60]}");
        for (String wait : new String[] {"T12:00:05", "T12:01:05", "T12:02:05"}) {
            us.claim(queue);
            assertThat(us.post("/jobs/" + id + "/fail", 200, "{\"worker_id\":\"w1\",\"error\":\"x\"}"))
                    .contains("\"will_retry\":true")
                    .contains(expected(wait));
            // A little more: batches under a clock that stands still are a microsecond apart.
            server.clock.advance(
                    Duration.ofSeconds(wait.endsWith("00:05") ? 5 : 60).plusMillis(1));
            server.chores.promote().runOnce();
        }
    }

    @Test
    void aQueueMaySayHowLongItsJobsWait() {
        String path = "/queues/" + queue + "/config";
        assertThat(server.put(path, "{\"backoff\":{\"kind\":\"fixed\",\"base_seconds\":5}}")
                        .body())
                .contains("\"kind\": \"fixed\"");
        String id = us.enqueue(queue, "");
        us.claim(queue);
        assertThat(us.post("/jobs/" + id + "/fail", 200, "{\"worker_id\":\"w1\",\"error\":\"x\"}"))
                .contains(expected("00:05"));
        assertThat(server.put(path, "{\"max_retries\":2}").body()).contains("\"kind\": \"fixed\"");
        assertThat(server.put(path, "{\"backoff\":null}").body()).contains("\"backoff\":null");
        assertThat(server.put(path, "{\"backoff\":{\"kind\":\"none\"}}").statusCode())
                .isEqualTo(400);
    }

    /// The clock may have moved for other tests: only the distance is known.
    private static String expected(String wait) {
        var next = server.clock.now().plusSeconds(wait.endsWith("00:05") ? 5 : 60);
        return next.toString().substring(0, 19);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{}",
                "{\"kind\":\"quadratic\"}",
                "{\"kind\":\"fixed\"}",
                "{\"kind\":\"fixed\",\"base_seconds\":-1}",
                "{\"kind\":\"fixed\",\"base_seconds\":604801}",
                "{\"kind\":\"exponential\",\"base_seconds\":10,\"cap_seconds\":5}",
                "{\"kind\":\"list\",\"delays_seconds\":[]}",
                "{\"kind\":\"list\",\"delays_seconds\":[1.5]}",
                "{\"kind\":\"list\",\"delays_seconds\":[1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1]}",
                "{\"kind\":\"fixed\",\"base_seconds\":1,\"jitter\":\"yes\"}",
                "[1]",
                "\"fixed\"",
            })
    void aPolicyNobodyUnderstandsIsRefused(String policy) {
        us.post("/jobs", 400, "{\"queue_name\":\"q\",\"payload\":{},\"backoff\":" + policy + "}");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{\"kind\":\"fixed\",\"base_seconds\":0}",
                "{\"kind\":\"exponential\",\"base_seconds\":10}",
                "{\"kind\":\"exponential\",\"base_seconds\":7200,\"jitter\":true}",
                "null",
            })
    void otherPoliciesAreTaken(String policy) {
        us.enqueue(queue, ",\"backoff\":" + policy);
    }
}
