package dev.spooled.bus;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spooled.support.Await;
import dev.spooled.support.TestDb;
import dev.spooled.support.TestNode;
import java.io.IOException;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// Two servers before one database, as people start them: what the one does, the other notices at once.
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
abstract class TwoNodes {
    static final JsonMapper JSON = new JsonMapper();

    private static final int AT_ONCE = Integer.getInteger("wakes.at.once", 10);

    /// From so many on it is a measurement, and held to what nodes promise each other.
    private static final int MEASURED = 1_000;

    TestDb database;
    TestNode here;
    TestNode there;
    String key;

    /// What makes the two of them hear each other.
    abstract Map<String, String> environment();

    /// What their health says.
    String health() {
        return "\"bus\":\"ok\"";
    }

    /// `-Dwakes=5000` for a figure worth keeping.
    int wakes() {
        return Integer.getInteger("wakes", 300);
    }

    /// Half of them within this (sweeps alone would take twice that), and all but a tenth within
    /// three times as long. Ten go at once, so that a machine that stands still once spoils ten:
    /// what the slowest took is only printed.
    long wakeMillis() {
        return 250;
    }

    long revokedMillis() {
        return 1_000;
    }

    @BeforeAll
    void start(@TempDir Path data) throws IOException {
        database = TestDb.create();
        here = TestNode.start(database, data, environment());
        there = TestNode.start(database, data, environment());
        key = Files.readString(data.resolve("default.key")).strip();
        Await.until(() -> here.app().cell().isAlone() || there.app().cell().isAlone(), alone -> !alone);
        for (TestNode node : List.of(here, there)) {
            Await.until(() -> node.get("", "/health").body(), it -> it.contains(health()));
        }
    }

    @AfterAll
    void stop() {
        there.close();
        here.close();
        database.close();
    }

    static String text(HttpResponse<String> answer, String member) {
        JsonNode found = JSON.readTree(answer.body()).get(member);
        assertThat(found).as(answer.body()).isNotNull();
        return found.asString();
    }

    Callable<Long> waiting(TestNode node, String queue) {
        return () -> {
            HttpResponse<String> answer = node.post(
                    key, "/jobs/claim", "{\"queue_name\":\"" + queue + "\",\"worker_id\":\"w\",\"wait_seconds\":10}");
            long at = System.nanoTime();
            assertThat(JSON.readTree(answer.body()).get("jobs"))
                    .as(answer.body())
                    .hasSize(1);
            return at;
        };
    }

    /// Answers when it was sent.
    private Callable<Long> sending(TestNode node, String queue) {
        return () -> {
            long at = System.nanoTime();
            var made = node.post(key, "/jobs", "{\"queue_name\":\"" + queue + "\",\"payload\":{}}");
            assertThat(made.statusCode()).as(made.body()).isEqualTo(201);
            return at;
        };
    }

    static void awaitParked(TestNode node, int queues) {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(10);
        while (node.app().cell().lane().awaited().size() < queues) {
            assertThat(System.nanoTime() - end).isNegative();
            LockSupport.parkNanos(500_000);
        }
    }

    /// From sending a job to one node until it is in the hands of a claim that waited on the other, in order.
    long[] wakes(int times, String queue) throws InterruptedException, ExecutionException {
        long[] took = new long[times];
        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            for (int done = 0; done < times; ) {
                int now = Math.min(AT_ONCE, times - done);
                List<Future<Long>> claims = new ArrayList<>();
                for (int i = 0; i < now; i++) {
                    claims.add(threads.submit(waiting(there, queue + i)));
                }
                awaitParked(there, now);
                List<Future<Long>> sent = new ArrayList<>();
                for (int i = 0; i < now; i++) {
                    sent.add(threads.submit(sending(here, queue + i)));
                }
                for (int i = 0; i < now; i++) {
                    took[done++] = claims.get(i).get() - sent.get(i).get();
                }
            }
        }
        Arrays.sort(took);
        return took;
    }

    @Test
    void aWaitingClaimWakesWhenTheOtherNodeHasAJob() throws Exception {
        var unused = wakes(wakes() / 10, "warm-up");
        long[] took = wakes(wakes(), "orders");
        System.out.printf(
                "%s: %d jobs made on one node reached a claim waiting on the other after p50 %.1f ms, p99 %.1f ms%n",
                getClass().getSimpleName(),
                took.length,
                took[took.length / 2] / 1e6,
                took[took.length * 99 / 100] / 1e6);
        assertThat(took[took.length / 2]).isLessThan(TimeUnit.MILLISECONDS.toNanos(wakeMillis()));
        assertThat(took[took.length * 9 / 10]).isLessThan(TimeUnit.MILLISECONDS.toNanos(3 * wakeMillis()));
        if (took.length >= MEASURED) {
            assertThat(took[took.length * 99 / 100]).isLessThan(TimeUnit.MILLISECONDS.toNanos(50));
        }
    }

    @Test
    void aReleasedAndAPromotedJobWakeTheOtherNodeToo() throws Exception {
        String job = text(here.post(key, "/jobs", "{\"queue_name\":\"later\",\"payload\":{}}"), "id");
        assertThat(job).isNotEmpty();
        HttpResponse<String> claimed = here.post(key, "/jobs/claim", "{\"queue_name\":\"later\",\"worker_id\":\"w\"}");
        assertThat(JSON.readTree(claimed.body()).get("jobs")).hasSize(1);
        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            Future<Long> next = threads.submit(waiting(there, "later"));
            awaitParked(there, 1);
            var failed = here.post(
                    key, "/jobs/" + job + "/fail", "{\"worker_id\":\"w\",\"error\":\"no\",\"retry_after_seconds\":1}");
            assertThat(failed.statusCode()).as(failed.body()).isLessThan(300);
            long at = System.nanoTime();
            assertThat(next.get() - at).isLessThan(TimeUnit.SECONDS.toNanos(4));
        }
    }

    @Test
    void aKeyRevokedHereIsRefusedThereAtOnce() {
        var made = here.post(key, "/api-keys", "{\"name\":\"doomed\"}");
        String doomed = text(made, "key");
        assertThat(there.get(doomed, "/api/v1/queues").statusCode()).isEqualTo(200);
        long begun = System.nanoTime();
        assertThat(here.call(key, "DELETE", "/api/v1/api-keys/" + text(made, "id"), "")
                        .statusCode())
                .isEqualTo(204);
        Await.until(() -> there.get(doomed, "/api/v1/queues").statusCode(), status -> status == 401);
        long took = System.nanoTime() - begun;
        System.out.printf(
                "%s: a revoked key was refused elsewhere after %.1f ms%n",
                getClass().getSimpleName(), took / 1e6);
        assertThat(took).isLessThan(TimeUnit.MILLISECONDS.toNanos(revokedMillis()));
    }
}
