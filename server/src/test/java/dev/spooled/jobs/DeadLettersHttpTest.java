package dev.spooled.jobs;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spooled.db.Args;
import dev.spooled.db.Sql;
import dev.spooled.support.TestServer;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// Dead letters over HTTP.
final class DeadLettersHttpTest {
    private static TestServer server;
    private JobCalls us;
    private final String queue = "q-" + UUID.randomUUID();

    @BeforeAll
    static void start() {
        server = new TestServer();
    }

    @AfterAll
    static void stop() {
        server.close();
    }

    @BeforeEach
    void anOrganizationOfItsOwn() {
        us = JobCalls.of(server).stranger();
    }

    @Test
    void theListHoldsWholeJobsNewestFirst() {
        List<String> dead = List.of(us.dead(queue, ""), us.dead(queue + "2", ""), us.dead(queue, ""));
        us.enqueue(queue, "");
        assertThat(JobCalls.ids(us.get("/jobs/dlq"))).isEqualTo(dead.reversed());
        assertThat(JobCalls.ids(us.get("/jobs/dlq?limit=1&offset=1"))).containsExactly(dead.get(1));
        String ofQueue = us.get("/jobs/dlq?queue_name=" + queue);
        assertThat(JobCalls.ids(ofQueue)).containsExactly(dead.get(2), dead.get(0));
        assertThat(ofQueue).contains("\"payload\":{}", "\"last_error\":\"boom\"", "\"status\":\"deadletter\"");
        assertThat(JobCalls.ids(us.only(queue + "2").get("/jobs/dlq"))).containsExactly(dead.get(1));
        assertThat(us.stranger().get("/jobs/dlq")).isEqualTo("[]");
        us.get("/jobs/dlq?limit=x", 400);
    }

    @Test
    void retriedOldestFirstByQueueOrAll() {
        List<String> dead =
                List.of(us.dead(queue, ""), us.dead(queue, ""), us.dead(queue + "2", ""), us.dead(queue, ""));
        assertThat(us.post("/jobs/dlq/retry", 200, "{\"queue_name\":\"" + queue + "\",\"limit\":2}"))
                .isEqualTo("{\"retried_count\":2,\"retried_jobs\":[\"" + dead.get(0) + "\",\"" + dead.get(1) + "\"]}");
        assertThat(us.get("/jobs/" + dead.get(0)))
                .contains(
                        "\"status\":\"pending\"", "\"retry_count\":0", "\"last_error\":null", "\"completed_at\":null");
        assertThat(us.post("/jobs/dlq/retry", 200, "")).contains("\"retried_count\":2", dead.get(2), dead.get(3));
        assertThat(us.post("/jobs/dlq/retry", 200, "null")).isEqualTo("{\"retried_count\":0,\"retried_jobs\":[]}");
        assertThat(us.get("/jobs/stats")).contains("\"pending\":4", "\"deadletter\":0");
    }

    @Test
    void retriedByIdsOnlyIfDead() {
        String dead = us.dead(queue, "");
        String alive = us.enqueue(queue, "");
        String ids = "{\"job_ids\":[\"" + alive + "\",\"" + dead + "\",\"nope\",\"" + dead + "\"],\"queue_name\":null}";
        assertThat(us.stranger().post("/jobs/dlq/retry", 200, ids)).contains("\"retried_count\":0");
        assertThat(us.only("other").post("/jobs/dlq/retry", 200, ids)).contains("\"retried_count\":0");
        assertThat(us.post("/jobs/dlq/retry", 200, ids))
                .isEqualTo("{\"retried_count\":1,\"retried_jobs\":[\"" + dead + "\"]}");
        us.post("/jobs/dlq/retry", 400, "{\"limit\":0}");
        us.post("/jobs/dlq/retry", 400, "{\"limit\":101}");
        us.post("/jobs/dlq/retry", 400, "{\"job_ids\":{}}");
        us.post("/jobs/dlq/retry", 400, "{\"job_ids\":[" + "\"x\",".repeat(100) + "\"x\"]}");
        assertThat(us.only("other").post("/jobs/dlq/retry", 403, "{\"queue_name\":\"" + queue + "\"}"))
                .contains("ACCESS_DENIED");
    }

    @Test
    void aPurgeNeedsToBeMeant() {
        us.dead(queue, "");
        assertThat(us.post("/jobs/dlq/purge", 400, "{}")).contains("BAD_REQUEST");
        us.post("/jobs/dlq/purge", 400, "");
        us.post("/jobs/dlq/purge", 400, "{\"confirm\":false,\"queue_name\":\"" + queue + "\"}");
        us.post("/jobs/dlq/purge", 400, "{\"confirm\":true,\"limit\":10001}");
        us.post("/jobs/dlq/purge", 400, "{\"confirm\":true,\"older_than\":\"yesterday\"}");
        us.post("/jobs/dlq/purge", 400, "{\"confirm\":true,\"older_than_days\":-1}");
        assertThat(us.post("/jobs/dlq/purge", 200, "{\"queue_name\":\"" + queue + "\"}"))
                .isEqualTo("{\"purged_count\":1}");
        assertThat(us.post("/jobs/dlq/purge", 200, "{\"confirm\":true}")).isEqualTo("{\"purged_count\":0}");
    }

    @Test
    void aPurgedJobLeavesNothing() {
        String more = ",\"idempotency_key\":\"k\",\"tags\":{\"env\":\"prod\",\"n\":1}";
        String dead = us.dead(queue, more);
        server.clock.advance(Duration.ofSeconds(3));
        server.chores.list().runOnce();
        String ids = "{\"job_ids\":[\"" + dead + "\"]}";
        assertThat(us.stranger().post("/jobs/dlq/purge", 200, ids)).contains(":0}");
        assertThat(us.only("other").post("/jobs/dlq/purge", 200, ids)).contains(":0}");
        assertThat(us.post("/jobs/dlq/purge", 200, ids)).contains(":1}");
        us.get("/jobs/" + dead, 404);
        assertThat(us.list("tag=env")).isEmpty();
        for (String table : List.of("job", "done", "attempt where job", "job_tag", "job_by_queue")) {
            String column = table.contains("where") ? table : table + " where id";
            var query = new Sql("test", "select 1 from " + column + " = '" + dead + "'", List.of());
            boolean left = server.database
                    .db()
                    .asEngine(tx -> tx.first(query, Args.NONE, row -> true).isPresent());
            assertThat(left).as(table).isFalse();
        }
        assertThat(us.enqueue(queue, more)).isNotEqualTo(dead);
    }

    @Test
    void purgedByAge() {
        String old = us.dead(queue, "");
        server.clock.advance(Duration.ofDays(2));
        String young = us.dead(queue, "");
        assertThat(us.post("/jobs/dlq/purge", 200, "{\"older_than_days\":3}")).contains(":0}");
        assertThat(us.post("/jobs/dlq/purge", 200, "{\"older_than_days\":1}")).contains(":1}");
        us.get("/jobs/" + old, 404);
        us.get("/jobs/" + young);
        assertThat(us.post("/jobs/dlq/purge", 200, "{\"older_than\":\"2027-01-01T00:00:00Z\",\"confirm\":true}"))
                .contains(":1}");
    }
}
