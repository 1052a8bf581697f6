package dev.spooled.orgs;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spooled.db.Args;
import dev.spooled.db.Sql;
import dev.spooled.json.Json;
import dev.spooled.support.TestServer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// What a plan keeps for three days, and history for one, goes then and not before; what has not ended, or others wait
/// for, stays.
class ShorterRetentionTest {
    private static final String LIMITS =
            "{\"job_retention_days\":3,\"history_retention_days\":1,\"max_active_jobs\":null,"
                    + "\"max_jobs_per_day\":null,\"max_workflows\":null,\"max_schedules\":null,"
                    + "\"rate_limit_requests_per_second\":100000,\"rate_limit_burst\":100000}";

    private TestServer server;
    private ShorterRetention retention;
    private String key;

    @BeforeEach
    void open() {
        server = TestServer.withPlans();
        retention = new ShorterRetention(server.database.db(), server.clock, server.limits, 0);
        key = server.organizationOf("free", LIMITS).key().key();
    }

    @AfterEach
    void close() {
        server.close();
    }

    private String text(String json, String member) {
        return Json.object(json.getBytes(StandardCharsets.UTF_8)).text(member);
    }

    private String enqueue(String by, String more) {
        return text(
                server.post(by, "/jobs", "{\"queue_name\":\"q\",\"payload\":{}" + more + "}")
                        .body(),
                "id");
    }

    private void work(String by, String verb, String member) {
        String claimed = server.post(by, "/jobs/claim", "{\"queue_name\":\"q\",\"worker_id\":\"w\"}")
                .body();
        String id = claimed.replaceAll("(?s).*?\"id\":\"([^\"]+)\".*", "$1");
        assertThat(server.post(by, "/jobs/" + id + "/" + verb, "{\"worker_id\":\"w\"" + member + "}")
                        .statusCode())
                .isEqualTo(200);
    }

    private long count(String fromWhere) {
        return server.database
                .db()
                .asEngine(tx -> tx.first(
                        new Sql("test", "select count(*) as n from " + fromWhere, List.of()),
                        Args.NONE,
                        row -> row.bigint("n")))
                .orElseThrow();
    }

    private void pass() {
        while (server.chores.list().runOnce()) {}
        retention.runOnce();
        while (server.chores.rollUp().runOnce()) {}
        assertThat(drift()).isEmpty();
    }

    private List<String> drift() {
        server.chores.recount().runOnce();
        return server.chores.drift();
    }

    private int status(String by, String id) {
        return server.get(by, "/jobs/" + id).statusCode();
    }

    @Test
    void endedJobsGoByTheTimeTheyEnded() {
        String completed = enqueue(key, ",\"idempotency_key\":\"k\",\"tags\":{\"a\":\"b\"}");
        work(key, "complete", "");
        String dead = enqueue(key, ",\"max_retries\":0");
        work(key, "fail", ",\"error\":\"no\"");
        String waiting = enqueue(key, "");
        String other = server.organizationOf("enterprise", null).key().key();
        String others = enqueue(other, "");
        work(other, "complete", "");
        server.clock.advance(Duration.ofHours(71));
        pass();
        assertThat(List.of(status(key, completed), status(key, dead))).containsOnly(200);
        work(key, "complete", "");
        server.clock.advance(Duration.ofHours(2));
        pass();
        assertThat(List.of(status(key, completed), status(key, dead))).containsOnly(404);
        assertThat(status(key, waiting)).as("ended an hour ago").isEqualTo(200);
        assertThat(status(other, others)).as("of another plan").isEqualTo(200);
        for (String table : List.of("job", "done", "job_by_queue")) {
            assertThat(count(table)).as(table).isEqualTo(2);
        }
        assertThat(count("idem") + count("job_tag") + count("attempt")).isZero();
        assertThat(enqueue(key, ",\"idempotency_key\":\"k\"")).isNotEqualTo(completed);
        assertThat(count("count where kind in (3, 5) and n <> 0 and org = (select org from job where id = '" + waiting
                        + "')"))
                .isEqualTo(1);
    }

    /// Before any chore ran: by id, in lists and batches, as a dead letter.
    @Test
    void whatIsLetGoIsHiddenAtOnce() {
        String completed = enqueue(key, "");
        work(key, "complete", "");
        String dead = enqueue(key, ",\"max_retries\":0");
        work(key, "fail", ",\"error\":\"no\"");
        String open = enqueue(key, "");
        String other = server.organizationOf("enterprise", null).key().key();
        String others = enqueue(other, "");
        work(other, "complete", "");
        server.clock.advance(Duration.ofHours(71));
        assertThat(server.get(key, "/jobs/" + dead + "/attempts").body())
                .as("history is kept for a day")
                .isEqualTo("[]");
        assertThat(List.of(status(key, completed), status(key, dead))).containsOnly(200);
        server.clock.advance(Duration.ofHours(2));
        assertThat(List.of(status(key, completed), status(key, dead))).containsOnly(404);
        assertThat(server.get(key, "/jobs/" + dead + "/attempts").statusCode()).isEqualTo(404);
        String statuses = server.get(key, "/jobs/status?ids=" + completed + "," + dead + "," + open)
                .body();
        assertThat(statuses).contains(open).doesNotContain(completed, dead);
        for (String list :
                List.of("/jobs", "/jobs?queue_name=q", "/jobs?status=completed", "/jobs?order_by=priority")) {
            assertThat(server.get(key, list).body()).as(list).doesNotContain(completed, dead);
        }
        assertThat(server.get(key, "/jobs").body()).contains(open);
        assertThat(server.get(key, "/jobs/dlq").body()).isEqualTo("[]");
        assertThat(status(other, others)).as("of another plan").isEqualTo(200);
        assertThat(count("done")).as("nothing has left").isEqualTo(3);
    }

    @Test
    void webhooksThatCameInGoWithHistory() {
        String told = server.get(key, "/organizations/webhook-token").body();
        String path = text(told, "webhook_url").replaceAll(".*(/api/v1/webhooks/.*)", "$1");
        var sent = server.send(server.to(path)
                .header("X-Webhook-Token", text(told, "token"))
                .POST(java.net.http.HttpRequest.BodyPublishers.ofString("{\"queue_name\":\"in\",\"payload\":{}}")));
        assertThat(sent.statusCode()).as(sent.body()).isEqualTo(200);
        server.clock.advance(Duration.ofHours(23));
        assertThat(server.get(key, "/incoming-webhooks").body()).contains("\"provider\":\"custom\"");
        server.clock.advance(Duration.ofHours(2));
        assertThat(server.get(key, "/incoming-webhooks").body()).isEqualTo("[]");
        assertThat(count("webhook_in")).as("hidden, not gone").isEqualTo(1);
        pass();
        assertThat(count("webhook_in")).isZero();
    }

    @Test
    void historyGoesSooner() {
        String id = enqueue(key, ",\"max_retries\":0");
        work(key, "fail", ",\"error\":\"no\"");
        assertThat(count("attempt")).isEqualTo(1);
        server.clock.advance(Duration.ofHours(23));
        pass();
        assertThat(count("attempt")).isEqualTo(1);
        server.clock.advance(Duration.ofHours(2));
        pass();
        assertThat(count("attempt")).isZero();
        assertThat(status(key, id)).isEqualTo(200);
    }

    @Test
    void whatIsStillNeededStays() {
        String flow = "{\"name\":\"w\",\"jobs\":[{\"key\":\"a\",\"queue_name\":\"q\",\"payload\":{}},"
                + "{\"key\":\"b\",\"queue_name\":\"other\",\"payload\":{},\"depends_on\":[\"a\"]}]}";
        assertThat(server.post(key, "/workflows", flow).statusCode()).isEqualTo(201);
        work(key, "complete", "");
        server.clock.advance(Duration.ofDays(5));
        pass();
        assertThat(count("done")).as("its workflow is open").isEqualTo(1);
    }

    @Test
    void morePagesThanOne() {
        List<String> ids = new ArrayList<>();
        String jobs = "{\"payload\":{}},".repeat(99) + "{\"payload\":{}}";
        for (int i = 0; i < 6; i++) {
            ids.add(server.post(key, "/jobs/bulk", "{\"queue_name\":\"q\",\"jobs\":[" + jobs + "]}")
                    .body());
        }
        assertThat(count("ready")).isEqualTo(600);
        for (int i = 0; i < 6; i++) {
            String claimed = server.post(key, "/jobs/claim", "{\"queue_name\":\"q\",\"worker_id\":\"w\",\"limit\":100}")
                    .body();
            for (String part : claimed.split("\"id\":\"", -1)) {
                if (!part.startsWith("{")) {
                    server.post(key, "/jobs/" + part.substring(0, 36) + "/complete", "{\"worker_id\":\"w\"}");
                }
            }
        }
        assertThat(count("done")).isEqualTo(600);
        server.clock.advance(Duration.ofDays(4));
        pass();
        assertThat(count("done") + count("job")).isZero();
    }
}
