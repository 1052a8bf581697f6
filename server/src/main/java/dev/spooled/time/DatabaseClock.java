package dev.spooled.time;

import java.util.concurrent.atomic.AtomicLong;

/// Follows the database's clock on the JVM's monotonic timer, so that stepping the machine's clock changes nothing.
/// `follow` is called with fresh readings (at start and each second). It never goes backwards: after a correction
/// downwards it stands until the database has caught up.
public final class DatabaseClock implements Clock {
    private final AtomicLong last = new AtomicLong(Long.MIN_VALUE);
    private volatile long offsetMicros;

    public DatabaseClock(long databaseMicros, long readAtNanos) {
        follow(databaseMicros, readAtNanos);
    }

    /// Takes a reading: the database said `databaseMicros` when `System.nanoTime()` was `readAtNanos`.
    public void follow(long databaseMicros, long readAtNanos) {
        offsetMicros = databaseMicros - Math.floorDiv(readAtNanos, 1_000);
    }

    @Override
    public long nowMicros() {
        long now = Math.floorDiv(System.nanoTime(), 1_000) + offsetMicros;
        return last.accumulateAndGet(now, Math::max);
    }
}
