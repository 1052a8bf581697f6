package dev.spooled.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spooled.support.ManualClock;
import dev.spooled.time.Clock;
import dev.spooled.time.Ids;
import java.time.Duration;
import java.util.UUID;
import org.junit.jupiter.api.Test;

class HorizonTest {
    private final Batch batch = new Batch(Clock.microsOf(ManualClock.NOON));
    private final Horizon horizon = new Horizon();

    private static UUID madeBefore(Duration age) {
        return Ids.floor(ManualClock.NOON.minus(age).toEpochMilli());
    }

    @Test
    void reachesBackToYesterday() {
        horizon.met(madeBefore(Duration.ofHours(1)));
        assertThat(horizon.of(batch)).isEqualTo(madeBefore(Duration.ofHours(36)));
    }

    @Test
    void reachesBackToTheOldestMet() {
        horizon.met(madeBefore(Duration.ofDays(40)));
        horizon.met(madeBefore(Duration.ofDays(30)));
        assertThat(horizon.of(batch)).isEqualTo(madeBefore(Duration.ofDays(40)));
    }

    @Test
    void forgetsAStraggler() {
        horizon.met(madeBefore(Duration.ofDays(40)));
        for (int claim = 0; claim < 100; claim++) {
            horizon.of(batch);
            horizon.met(madeBefore(Duration.ofHours(1)));
        }
        assertThat(horizon.of(batch)).isEqualTo(madeBefore(Duration.ofHours(36)));
    }
}
