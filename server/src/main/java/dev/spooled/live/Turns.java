package dev.spooled.live;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;

/// Those who write to listeners take turns. When hundreds are behind at once, each would write as fast as its client
/// reads, and the threads that serve requests would stand in line behind all of them; so only so many writes begin in a
/// millisecond, whoever makes them. Who has much to say puts more into each.
final class Turns {
    private static final long PER_PROCESSOR_NANOS = TimeUnit.MILLISECONDS.toNanos(1);

    private final long gapNanos;
    private final AtomicLong next = new AtomicLong(System.nanoTime());

    /// One write a millisecond for each processor.
    Turns() {
        this(PER_PROCESSOR_NANOS / Runtime.getRuntime().availableProcessors());
    }

    Turns(long gapNanos) {
        this.gapNanos = gapNanos;
    }

    /// After a write: until it is somebody's turn again who comes now. May return early when its thread is woken.
    void pass() {
        long now = System.nanoTime();
        long turn = next.updateAndGet(last -> (last - now > 0 ? last : now) + gapNanos);
        LockSupport.parkNanos(this, Math.max(1, turn - now));
    }
}
