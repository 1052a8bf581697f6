package dev.spooled.upkeep;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spooled.support.Await;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/// When chores come: by their rhythm, and when their bell is rung.
class UpkeepTest {
    private final AtomicInteger passes = new AtomicInteger();

    private Chore chore(Duration every, Bell bell) {
        return new Chore() {
            @Override
            public String name() {
                return "test";
            }

            @Override
            public Duration every() {
                return every;
            }

            @Override
            public Bell bell() {
                return bell;
            }

            @Override
            public boolean runOnce() {
                passes.incrementAndGet();
                return false;
            }
        };
    }

    @Test
    void aBellEndsARestAtOnce() {
        var bell = new Bell(Duration.ZERO);
        var upkeep = new Upkeep(List.of(chore(Duration.ofHours(1), bell)));
        Await.until(passes::get, count -> count == 1);
        long rung = System.nanoTime();
        bell.ring();
        Await.until(passes::get, count -> count == 2);
        assertThat(Duration.ofNanos(System.nanoTime() - rung)).isLessThan(Duration.ofSeconds(2));
        upkeep.close();
    }

    /// Ringing all the time is no more work than the rhythm that the spacing makes.
    @Test
    void muchRingingIsNoMoreThanARhythm() {
        var bell = new Bell(Duration.ofMillis(200));
        var upkeep = new Upkeep(List.of(chore(Duration.ofHours(1), bell)));
        long begun = System.nanoTime();
        while (passes.get() < 5) {
            bell.ring();
        }
        // The first at once, the second for the first ring, the others apart.
        assertThat(Duration.ofNanos(System.nanoTime() - begun)).isGreaterThan(Duration.ofMillis(500));
        upkeep.close();
    }

    @Test
    void aRingDuringAPassIsNotLost() {
        var bell = new Bell(Duration.ZERO);
        bell.ring();
        bell.ring();
        var upkeep = new Upkeep(List.of(chore(Duration.ofHours(1), bell)));
        Await.until(passes::get, count -> count == 2);
        upkeep.close();
        assertThat(passes).hasValue(2);
    }

    @Test
    void closingDoesNotWaitForTheRest() {
        var upkeep = new Upkeep(List.of(chore(Duration.ofHours(1), new Bell(Duration.ofMillis(10)))));
        Await.until(passes::get, count -> count == 1);
        long asked = System.nanoTime();
        upkeep.close();
        assertThat(Duration.ofNanos(System.nanoTime() - asked)).isLessThan(Duration.ofSeconds(3));
    }
}
