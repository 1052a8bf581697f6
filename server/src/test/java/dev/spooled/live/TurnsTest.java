package dev.spooled.live;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

final class TurnsTest {
    private static final long GAP = TimeUnit.MICROSECONDS.toNanos(500);

    @Test
    void manyTogetherPassNoFasterThanOne() throws Exception {
        var turns = new Turns(GAP);
        long begun = System.nanoTime();
        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            for (int i = 0; i < 100; i++) {
                threads.submit(() -> {
                    for (int n = 0; n < 4; n++) {
                        turns.pass();
                    }
                });
            }
        }
        assertThat(Duration.ofNanos(System.nanoTime() - begun)).isGreaterThanOrEqualTo(Duration.ofNanos(400 * GAP));
    }

    /// What nobody used is not saved up: after a rest there is no burst.
    @Test
    void aRestIsNotMadeUpFor() {
        var turns = new Turns(GAP);
        turns.pass();
        long rested = System.nanoTime() + 20 * GAP;
        while (System.nanoTime() - rested < 0) {
            Thread.onSpinWait();
        }
        long begun = System.nanoTime();
        for (int i = 0; i < 10; i++) {
            turns.pass();
        }
        assertThat(Duration.ofNanos(System.nanoTime() - begun)).isGreaterThanOrEqualTo(Duration.ofNanos(10 * GAP));
    }
}
