package dev.spooled.jobs;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spooled.support.TestServer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Lists, numbers and states of many jobs over HTTP.
final class JobListsHttpTest {
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

    /// One job of each state, oldest first.
    private List<String> oneOfEach(String more) {
        var ids = new ArrayList<String>();
        ids.add(us.enqueue(queue, more));
        us.complete(ids.getFirst(), us.claim(queue));
        ids.add(us.dead(queue, more));
        ids.add(us.enqueue(queue, more));
        assertThat(server.delete("/jobs/" + ids.getLast()).statusCode()).isEqualTo(204);
        ids.add(us.enqueue(queue, more));
        us.claim(queue);
        ids.add(us.enqueue(queue, more + ",\"scheduled_at\":\"2027-01-01T00:00:00Z\""));
        ids.add(us.enqueue(queue, more + ",\"priority\":7"));
        ids.add(us.enqueue(queue, more));
        return ids;
    }

    private void listed() {
        server.clock.advance(Duration.ofSeconds(3));
        server.chores.list().runOnce();
    }

    @Test
    void aListHasTheNewestFirstAndEachStateItsOwn() {
        List<String> ids = oneOfEach("");
        for (boolean listed : new boolean[] {false, true}) {
            if (listed) {
                listed();
            }
            String all = "queue_name=" + queue;
            assertThat(us.list(all)).isEqualTo(ids.reversed());
            assertThat(us.list(all + "&order_dir=asc")).isEqualTo(ids);
            assertThat(us.list(all + "&limit=2&offset=1"))
                    .isEqualTo(ids.reversed().subList(1, 3));
            assertThat(us.list(all + "&status=completed")).containsExactly(ids.get(0));
            assertThat(us.list(all + "&status=deadletter")).containsExactly(ids.get(1));
            assertThat(us.list(all + "&status=cancelled")).containsExactly(ids.get(2));
            assertThat(us.list(all + "&status=processing")).containsExactly(ids.get(3));
            assertThat(us.list(all + "&status=scheduled")).containsExactly(ids.get(4));
            assertThat(us.list(all + "&status=pending")).containsExactly(ids.get(6), ids.get(5));
            assertThat(us.list(all + "&status=pending&order_dir=asc")).containsExactly(ids.get(5), ids.get(6));
            assertThat(us.list(all + "&status=failed")).isEmpty();
            assertThat(us.list("limit=7")).isEqualTo(ids.reversed());
            assertThat(us.list("status=deadletter&limit=1")).containsExactly(ids.get(1));
            assertThat(us.list("status=completed&limit=1")).containsExactly(ids.get(0));
        }
    }

    @Test
    void cursorsLeadThroughAllPages() {
        var ids = new ArrayList<String>();
        for (int i = 0; i < 7; i++) {
            ids.add(us.enqueue(queue, ""));
            if (i == 3) {
                listed();
            }
        }
        var found = new ArrayList<String>();
        String cursor = "";
        for (int page = 0; page < 4; page++) {
            var response = server.get("/jobs?queue_name=" + queue + "&limit=2" + cursor);
            found.addAll(JobCalls.ids(response.body()));
            cursor = response.headers()
                    .firstValue("X-Next-Cursor")
                    .map(next -> "&cursor=" + next)
                    .orElse("");
            assertThat(cursor.isEmpty()).isEqualTo(page == 3);
        }
        assertThat(found).isEqualTo(ids.reversed());
    }

    /// They are looked for among the newest days first.
    @Test
    void deadLettersOfLongAgoFollowThoseOfToday() {
        try (var later = new TestServer()) {
            var calls = JobCalls.of(later);
            String tag = ",\"tags\":[\"t\"]";
            List<String> ids = new ArrayList<>(List.of(calls.dead(queue, tag), calls.dead(queue, tag)));
            later.clock.advance(Duration.ofDays(10));
            later.chores.keepPartitions().runOnce();
            ids.addAll(List.of(calls.dead(queue, tag), calls.dead(queue, tag)));
            for (String query : List.of("status=deadletter", "status=deadletter&tag=t")) {
                assertThat(calls.list(query + "&limit=2")).containsExactly(ids.get(3), ids.get(2));
                assertThat(calls.list(query + "&limit=3")).containsExactly(ids.get(3), ids.get(2), ids.get(1));
                assertThat(calls.list(query + "&limit=2&offset=1")).containsExactly(ids.get(2), ids.get(1));
                assertThat(calls.list(query + "&cursor=" + ids.get(2))).containsExactly(ids.get(1), ids.get(0));
                assertThat(calls.list(query + "&order_dir=asc")).isEqualTo(ids);
            }
            assertThat(JobCalls.ids(calls.get("/jobs/dlq?limit=3")))
                    .containsExactly(ids.get(3), ids.get(2), ids.get(1));
        }
    }

    @Test
    void tagsAreFoundByKeyAndByValue() {
        List<String> ids = oneOfEach(",\"tags\":{\"env\":\"" + queue + "\",\"" + queue + "\":1}");
        us.enqueue(queue, ",\"tags\":{\"env\":\"other\"}");
        String listed = us.enqueue(queue, ",\"tags\":[\"" + queue + "\"]");
        var tagged = new ArrayList<>(ids);
        tagged.add(listed);
        assertThat(us.list("tag=" + queue)).isEqualTo(tagged.reversed());
        assertThat(us.list("tag=" + queue + "&order_dir=asc&limit=3")).isEqualTo(ids.subList(0, 3));
        assertThat(us.list("tag=env:" + queue)).isEqualTo(ids.reversed());
        assertThat(us.list("tag=" + queue + "&status=pending")).containsExactly(listed, ids.get(6), ids.get(5));
        assertThat(us.list("tag=" + queue + "&status=completed&queue_name=" + queue))
                .containsExactly(ids.getFirst());
        assertThat(us.list("tag=" + queue + "&queue_name=never-seen")).isEmpty();
        assertThat(us.list("tag=nobody-has-this")).isEmpty();
        assertThat(us.get("/jobs/stats?by=tag.env"))
                .contains("\"by\":\"tag.env\"")
                .contains("{\"value\":\"" + queue + "\",\"pending\":2,\"scheduled\":1,\"processing\":1,\"completed\":1,"
                        + "\"failed\":0,\"deadletter\":1,\"cancelled\":1,\"claimed\":1,\"total\":7}");
    }

    @Test
    void aTagThatManyCarryIsLookedUpFromTheOtherSide() {
        String rare = us.enqueue(queue, ",\"tags\":{\"bulk\":1}");
        String item = "{\"payload\":1,\"tags\":{\"bulk\":1}}";
        String body = "{\"queue_name\":\"" + queue + "-many\",\"jobs\":["
                + String.join(",", java.util.Collections.nCopies(100, item)) + "]}";
        for (int i = 0; i < 41; i++) {
            us.post("/jobs/bulk", 200, body);
        }
        assertThat(us.list("tag=bulk&queue_name=" + queue)).containsExactly(rare);
        assertThat(us.list("tag=bulk&status=pending")).hasSize(50);
        assertThat(us.list("tag=bulk&status=completed")).isEmpty();
    }

    @Test
    void otherOrdersSayHowFarTheyLook() {
        List<String> ids = oneOfEach("");
        String all = "/jobs?queue_name=" + queue + "&order_by=";
        var byPriority = server.get(all + "priority");
        assertThat(byPriority.headers().firstValue("X-Spooled-Sorted-Within")).hasValue("10000");
        assertThat(JobCalls.ids(byPriority.body()))
                .startsWith(ids.get(5), ids.get(6))
                .hasSize(7);
        assertThat(JobCalls.ids(us.get(all + "completed_at&limit=1")))
                .containsAnyOf(ids.get(2), ids.get(1), ids.get(0));
        assertThat(JobCalls.ids(us.get(all + "scheduled_at&limit=1"))).containsExactly(ids.get(4));
        assertThat(JobCalls.ids(us.get(all + "status&order_dir=asc&limit=1"))).containsExactly(ids.get(2));
        for (String key : List.of("updated_at", "queue_name", "retry_count", "created_at", "nothing-known")) {
            assertThat(JobCalls.ids(us.get(all + key))).hasSize(7);
        }
    }

    @Test
    void rowsCarryEverythingButWhatMayBeLarge() {
        us.enqueue(queue, ",\"tags\":{\"a\":1},\"idempotency_key\":\"" + queue + "\"");
        assertThat(us.get("/jobs?queue_name=" + queue))
                .contains("\"attempt\":0", "\"max_retries\":3", "\"tags\":{\"a\": 1}", "\"idempotency_key\":\"" + queue)
                .doesNotContain("payload", "result");
    }

    @Test
    void numbersComeFromTheCounters() {
        oneOfEach("");
        String counted =
                "{\"pending\":2,\"scheduled\":1,\"processing\":1,\"completed\":1,\"failed\":0,\"deadletter\":1,"
                        + "\"cancelled\":1,\"claimed\":1,\"total\":7}";
        assertThat(us.get("/jobs/stats?queue_name=" + queue)).isEqualTo(counted);
        server.chores.rollUp().runOnce();
        assertThat(us.get("/jobs/stats?queue_name=" + queue)).isEqualTo(counted);
        assertThat(us.only(queue + "-other").get("/jobs/stats")).contains("\"total\":1}");
        assertThat(us.stranger().get("/jobs/stats")).contains("\"total\":0}");
        us.get("/jobs/stats?by=colour", 400);
        us.get("/jobs/stats?by=tag.", 400);
        assertThat(us.get("/jobs/stats?by=tag.none")).contains("\"values\":[]");
    }

    @Test
    void statesAreAskedForByIds() {
        List<String> ids = oneOfEach("");
        String asked = ids.get(3) + ", " + ids.get(0) + ",nope," + UUID.randomUUID() + "," + ids.get(3);
        String found = us.get("/jobs/status?ids=" + asked.replace(" ", "%20"));
        assertThat(JobCalls.ids(found)).containsExactly(ids.get(3), ids.get(0));
        assertThat(found).contains("\"status\":\"processing\"", "\"attempt\":0", "\"max_retries\":3");
        assertThat(us.get("/jobs/status")).isEqualTo("[]");
        assertThat(us.get("/jobs/status?ids=")).isEqualTo("[]");
        assertThat(us.get("/jobs/status?ids=" + "x,".repeat(101), 400)).contains("BAD_REQUEST");
        assertThat(us.stranger().get("/jobs/status?ids=" + ids.get(0))).isEqualTo("[]");
        assertThat(us.only("other-queue").get("/jobs/status?ids=" + ids.get(0))).isEqualTo("[]");
    }

    @Test
    void othersSeeNothingAndKeysOnlyTheirQueues() {
        oneOfEach(",\"tags\":{\"scope\":1}");
        JobCalls stranger = us.stranger();
        for (String query : List.of("", "queue_name=" + queue, "status=pending", "status=completed", "tag=scope")) {
            assertThat(stranger.list(query)).isEmpty();
        }
        JobCalls scoped = us.only(queue + "-mine");
        String mine = JobCalls.ids(scoped.get("/jobs")).getFirst();
        assertThat(scoped.list("")).containsExactly(mine);
        assertThat(scoped.list("status=pending")).containsExactly(mine);
        assertThat(scoped.list("status=deadletter")).isEmpty();
        assertThat(scoped.list("tag=scope")).isEmpty();
        assertThat(scoped.list("queue_name=" + queue)).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "status=done",
                "limit=x",
                "offset=1.5",
                "cursor=nope",
                "tag=a%00b",
                "queue_name=%00",
                "limit=12a",
            })
    void whatMakesNoSenseIsRefused(String query) {
        us.get("/jobs?" + query, 400);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "limit=100000",
                "limit=-5",
                "limit=0",
                "limit=99999999999999999999",
                "offset=-3",
                "offset=99999999999",
                "order_by=drop",
                "order_dir=sideways",
                "queue_name=not%20a%20name",
                "status=",
                "tag=&queue_name=",
                "cursor=",
                "cursor=ffffffff-ffff-ffff-ffff-ffffffffffff",
            })
    void whatIsOutOfRangeIsBroughtIntoIt(String query) {
        us.get("/jobs?" + query);
    }

    @Test
    void aCommitThatCameLateIsListedByTheSecondLook() {
        String first = us.enqueue(queue, "");
        listed();
        server.database
                .db()
                .asEngine(tx -> tx.run(
                        new dev.spooled.db.Sql(
                                "test", "delete from job_by_queue where id = '" + first + "'", List.of()),
                        dev.spooled.db.Args.NONE));
        assertThat(us.list("queue_name=" + queue)).isEmpty();
        server.clock.advance(Duration.ofMinutes(2));
        server.chores.list().runOnce();
        server.chores.checkListing().runOnce();
        assertThat(us.list("queue_name=" + queue)).containsExactly(first);
    }
}
