package dev.spooled.time;

import java.time.Instant;

/// The one source of time for ids, leases, schedules and partitions. In production it follows the database's clock
/// (`DatabaseClock`); a test moves its own by hand. No other class reads the time of day.
public interface Clock {
    /// Microseconds since 1970-01-01T00:00:00Z, never going backwards.
    long nowMicros();

    default Instant now() {
        return instantOf(nowMicros());
    }

    default long nowMillis() {
        return Math.floorDiv(nowMicros(), 1_000);
    }

    static Instant instantOf(long micros) {
        return Instant.ofEpochSecond(Math.floorDiv(micros, 1_000_000), Math.floorMod(micros, 1_000_000) * 1_000L);
    }

    static long microsOf(Instant instant) {
        return Math.addExact(Math.multiplyExact(instant.getEpochSecond(), 1_000_000L), instant.getNano() / 1_000);
    }
}
