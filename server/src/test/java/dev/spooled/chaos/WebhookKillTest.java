package dev.spooled.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spooled.support.Receiver;
import java.io.IOException;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Random;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/// kill -9 of the server, and of PostgreSQL with it, while webhooks are made and sent: every job that was acknowledged
/// is told of in the end, some twice. `-Dkill.seed=n` repeats the instants.
@Tag("chaos")
class WebhookKillTest {
    private static final int KILLS = 6;
    private static final int BULK = 20;
    private static final long SETTLES_WITHIN = TimeUnit.SECONDS.toNanos(150);
    private static final Pattern JOB_ID = Pattern.compile("\"job_id\"\\s*:\\s*\"([0-9a-f-]{36})\"");

    private final Set<String> acknowledged = ConcurrentHashMap.newKeySet();
    private final ConcurrentHashMap<String, Integer> told = new ConcurrentHashMap<>();
    private volatile boolean producing = true;

    @Test
    void everyAcknowledgedJobIsToldOf() throws Exception {
        long seed = Long.getLong("kill.seed", System.nanoTime());
        System.out.println("webhook kills: -Dkill.seed=" + seed);
        var random = new Random(seed);
        try (var receiver = new Receiver();
                var server = new ServerProcess(Path.of("target", "chaos-" + UUID.randomUUID()))) {
            receiver.hears(request -> {
                told.merge(jobOf(request.text()), 1, Integer::sum);
                LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(random.nextInt(100)));
            });
            String hook = "{\"name\":\"h\",\"url\":\"" + receiver.url("/x") + "\",\"events\":[\"job.created\"]}";
            assertThat(server.post("/outgoing-webhooks", hook).statusCode()).isEqualTo(201);
            Thread producer = Thread.ofVirtual().start(() -> produce(server));
            for (int kill = 0; kill < KILLS; kill++) {
                awaitTold(told.size() + 100 + random.nextInt(200));
                if (random.nextBoolean()) {
                    server.killServer();
                } else {
                    server.killBoth();
                }
                server.awaitReady();
            }
            producing = false;
            producer.join();
            long end = System.nanoTime() + SETTLES_WITHIN;
            while (!told.keySet().containsAll(acknowledged) && System.nanoTime() < end) {
                LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(50));
            }
            var twice = new HashMap<>(told);
            twice.values().removeIf(times -> times == 1);
            System.out.printf(
                    "webhook kills: %d, %d jobs acknowledged, %d told of, %d of them more than once%n",
                    KILLS, acknowledged.size(), told.size(), twice.size());
            assertThat(told.keySet()).containsAll(acknowledged);
        }
    }

    private static String jobOf(String body) {
        Matcher id = JOB_ID.matcher(body);
        assertThat(id.find()).as(body).isTrue();
        return id.group(1);
    }

    private void awaitTold(int jobs) {
        long end = System.nanoTime() + SETTLES_WITHIN;
        while (told.size() < jobs) {
            assertThat(System.nanoTime()).as("still " + told.size()).isLessThan(end);
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(5));
        }
    }

    private void produce(ServerProcess server) {
        String jobs = "{\"payload\":{}},".repeat(BULK);
        String body = "{\"queue_name\":\"q\",\"jobs\":[" + jobs.substring(0, jobs.length() - 1) + "]}";
        while (producing) {
            try {
                HttpResponse<String> answer = server.post("/jobs/bulk", body);
                if (answer.statusCode() == 200) {
                    JOB_ID.matcher(answer.body()).results().forEach(id -> acknowledged.add(id.group(1)));
                }
                LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(100));
            } catch (IOException e) {
                LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(100));
            }
        }
    }
}
