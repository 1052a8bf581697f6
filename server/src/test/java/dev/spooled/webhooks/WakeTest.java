package dev.spooled.webhooks;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spooled.support.Await;
import dev.spooled.support.Receiver;
import dev.spooled.support.TestServer;
import dev.spooled.upkeep.Upkeep;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/// The chores of webhooks as a node runs them: they look once a second, and are woken when there is something to send.
final class WakeTest {
    @Test
    void whatHappensIsToldWithoutWaitingForTheRhythm() {
        try (var server = new TestServer();
                var receiver = new Receiver()) {
            var calls = WebhookCalls.of(server);
            calls.create(receiver.url("/hook"), "\"job.created\",\"queue.paused\",\"worker.registered\"", "");
            server.chores.noteHooks().runOnce();
            var upkeep = new Upkeep(server.webhooks.chores());
            try {
                var took = new ArrayList<Duration>();
                for (int i = 0; i < 9; i++) {
                    int heard = receiver.received().size();
                    long begun = System.nanoTime();
                    switch (i % 3) {
                        case 0 -> calls.enqueue("wake", "");
                        case 1 -> calls.post("/queues/wake-" + i + "/pause", "");
                        default -> calls.post("/workers/register", "{\"queue_name\":\"wake\",\"hostname\":\"h\"}");
                    }
                    Await.until(() -> receiver.received().size(), size -> size == heard + 1);
                    took.add(Duration.ofNanos(System.nanoTime() - begun));
                }
                // Were it for the rhythm, half of them would take more than half a second.
                List<Duration> sorted = took.stream().sorted().toList();
                System.out.println("from a change to its webhook: " + sorted);
                assertThat(sorted.get(4)).isLessThan(Duration.ofMillis(400));
            } finally {
                upkeep.close();
            }
        }
    }

    @Test
    void theNextAttemptIsRemembered() {
        var next = new NextDue();
        var now = Instant.parse("2026-11-25T12:00:00Z");
        assertThat(next.after(now)).isGreaterThan(Duration.ofHours(1));
        next.add(now.plusSeconds(4));
        next.add(null);
        next.add(now.plusSeconds(1));
        assertThat(next.after(now)).isEqualTo(Duration.ofSeconds(1));
        assertThat(next.after(now.plusMillis(1_500))).isZero();
        assertThat(next.after(now.plusMillis(1_500))).isEqualTo(Duration.ofMillis(2_500));
    }
}
