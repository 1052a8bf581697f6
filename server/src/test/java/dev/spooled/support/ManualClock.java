package dev.spooled.support;

import dev.spooled.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.atomic.AtomicLong;

/// A clock that stands until a test moves it.
public final class ManualClock implements Clock {
    /// When most tests begin.
    public static final Instant NOON = Instant.parse("2026-11-25T12:00:00Z");

    private final AtomicLong micros;

    public ManualClock(Instant start) {
        micros = new AtomicLong(Clock.microsOf(start));
    }

    public void advance(Duration by) {
        if (by.isNegative()) {
            throw new IllegalArgumentException("a clock never goes back: " + by);
        }
        micros.addAndGet(by.toNanos() / 1_000);
    }

    @Override
    public long nowMicros() {
        return micros.get();
    }
}
