package dev.spooled.upkeep;

import java.time.Duration;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;

/// Wakes a chore before its rest is over. However often it is rung, the chore comes once; and no sooner than `spacing`
/// after it came before, so that much ringing is no more work than a rhythm.
public final class Bell {
    private final long spacingNanos;
    private final Semaphore rung = new Semaphore(0);
    private long lastNanos;

    public Bell(Duration spacing) {
        this.spacingNanos = spacing.toNanos();
        this.lastNanos = System.nanoTime() - spacingNanos;
    }

    /// Costs nothing worth mentioning, and returns at once.
    public void ring() {
        if (rung.availablePermits() == 0) {
            rung.release();
        }
    }

    /// Waits until it is rung or the rest is over. For one thread.
    void await(Duration rest) throws InterruptedException {
        boolean early = rung.tryAcquire(rest.toNanos(), TimeUnit.NANOSECONDS);
        long left = spacingNanos - (System.nanoTime() - lastNanos);
        if (early && left > 0) {
            TimeUnit.NANOSECONDS.sleep(left);
        }
        var unused = rung.drainPermits();
        lastNanos = System.nanoTime();
    }
}
