package dev.spooled.live;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spooled.live.EventStream.Frame;
import dev.spooled.support.Await;
import dev.spooled.support.RedisServer;
import dev.spooled.support.TestDb;
import dev.spooled.support.TestNode;
import java.io.IOException;
import java.net.http.HttpRequest;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// Two servers before one database: who listens at the one hears what goes through the other, each event once and each
/// job's in their order.
final class TwoNodesLiveTest {
    private static final JsonMapper JSON = new JsonMapper();
    private static final int JOBS = 60;
    private static final List<String> LIFE =
            List.of("JobCreated", "pending>processing", "processing>completed", "JobCompleted");

    @TempDir
    Path data;

    private String key = "";

    @ParameterizedTest
    @ValueSource(strings = {"notify", "redis"})
    void whatOneDoesIsHeardAtTheOther(String over) throws IOException {
        try (TestDb database = TestDb.create();
                RedisServer redis = RedisServer.start()) {
            Map<String, String> environment = over.equals("redis") ? Map.of("REDIS_URL", redis.url()) : Map.of();
            try (TestNode here = TestNode.start(database, data, environment);
                    TestNode there = TestNode.start(database, data, environment)) {
                key = Files.readString(data.resolve("default.key")).strip();
                Await.until(
                        () -> here.app().cell().isAlone() || there.app().cell().isAlone(), alone -> !alone);
                try (var atHere = listen(here, "/events?events=*,queue.paused");
                        var atThere = listen(there, "/events?events=*,queue.paused")) {
                    awaitHearing(here, atThere);
                    awaitHearing(there, atHere);
                    livesAreHeardEverywhere(here, there, List.of(atHere, atThere));
                    theRestIsHeardToo(here, atThere);
                    aLargeResultIsHeardOf(here, atThere);
                }
            }
        }
    }

    private EventStream listen(TestNode node, String path) {
        return EventStream.open(HttpRequest.newBuilder(node.uri("/api/v1" + path)), key);
    }

    private JsonNode post(TestNode node, String path, String json) {
        var answer = node.post(key, path, json);
        assertThat(answer.statusCode()).as(answer.body()).isLessThan(300);
        return JSON.readTree(answer.body().isEmpty() ? "{}" : answer.body());
    }

    private String enqueue(TestNode node, String queue) {
        return post(node, "/jobs", "{\"queue_name\":\"" + queue + "\",\"payload\":{}}")
                .get("id")
                .asString();
    }

    /// Until one node knows that another listens, its events are not told there.
    private void awaitHearing(TestNode node, EventStream other) {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(15);
        while (System.nanoTime() - end < 0) {
            enqueue(node, "acquaintance");
            Frame next = other.nextWithin(TimeUnit.MILLISECONDS.toNanos(300));
            while (next != null) {
                if (!next.data().isEmpty() && next.data().contains("acquaintance")) {
                    return;
                }
                next = other.nextWithin(TimeUnit.MILLISECONDS.toNanos(300));
            }
        }
        throw new AssertionError("never heard");
    }

    private void livesAreHeardEverywhere(TestNode here, TestNode there, List<EventStream> streams) {
        for (int i = 0; i < JOBS; i++) {
            TestNode maker = i % 2 == 0 ? here : there;
            TestNode taker = i % 3 == 0 ? here : there;
            enqueue(maker, "lives");
            JsonNode jobs = post(
                            taker, "/jobs/claim", "{\"queue_name\":\"lives\",\"worker_id\":\"w\",\"wait_seconds\":5}")
                    .get("jobs");
            assertThat(jobs).hasSize(1);
            post(
                    maker,
                    "/jobs/" + jobs.get(0).get("id").asString() + "/complete",
                    "{\"worker_id\":\"w\",\"result\":{\"n\":" + i + "}}");
        }
        for (EventStream stream : streams) {
            Map<String, List<String>> told = new LinkedHashMap<>();
            Map<String, Long> numbers = new LinkedHashMap<>();
            long place = -1;
            for (int seen = 0; seen < JOBS; ) {
                Frame frame = stream.event(
                        it -> it.type().startsWith("Job") && it.data().contains("\"lives\""));
                String job = frame.inside("job_id").asString();
                told.computeIfAbsent(job, it -> new ArrayList<>()).add(summary(frame));
                long number = frame.inside("transition").asLong();
                assertThat(number).as(job).isGreaterThanOrEqualTo(numbers.getOrDefault(job, 0L));
                numbers.put(job, number);
                long at = Long.parseLong(frame.id().substring(frame.id().indexOf('-') + 1));
                assertThat(at).isGreaterThan(place);
                place = at;
                seen += frame.type().equals("JobCompleted") ? 1 : 0;
            }
            assertThat(told).hasSize(JOBS);
            assertLives(told.values());
        }
    }

    /// In their order always. What comes from the other server later than a listener is made to wait for it is left out
    /// (docs/live.md), which a machine with much else to do may bring about now and then.
    private static void assertLives(Collection<List<String>> lives) {
        assertThat(lives)
                .allSatisfy(life -> assertThat(life)
                        .isSubsetOf(LIFE)
                        .doesNotHaveDuplicates()
                        .isSortedAccordingTo(Comparator.comparing(LIFE::indexOf)));
        assertThat(lives.stream().filter(life -> !life.equals(LIFE)))
                .as("lives with something left out")
                .hasSizeLessThanOrEqualTo(JOBS / 10);
    }

    private static String summary(Frame frame) {
        return frame.type().equals("JobStatusChange")
                ? frame.inside("old_status").asString() + ">"
                        + frame.inside("new_status").asString()
                : frame.type();
    }

    private void theRestIsHeardToo(TestNode here, EventStream atThere) {
        post(here, "/queues/lives/pause", "{\"reason\":\"lunch\"}");
        assertThat(atThere.event("QueuePaused").inside("reason").asString()).isEqualTo("lunch");
        post(here, "/workers/register", "{\"queue_name\":\"lives\",\"hostname\":\"box\"}");
        assertThat(atThere.event("WorkerRegistered").inside("hostname").asString())
                .isEqualTo("box");
    }

    /// Larger than a notification may be: the event comes, with or without it.
    private void aLargeResultIsHeardOf(TestNode here, EventStream atThere) {
        String job = enqueue(here, "large");
        post(here, "/jobs/claim", "{\"queue_name\":\"large\",\"worker_id\":\"w\"}");
        post(here, "/jobs/" + job + "/complete", "{\"worker_id\":\"w\",\"result\":\"" + "x".repeat(12_000) + "\"}");
        assertThat(atThere.event("JobCompleted").inside("job_id").asString()).isEqualTo(job);
    }
}
