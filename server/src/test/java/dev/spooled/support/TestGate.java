package dev.spooled.support;

import dev.spooled.access.Caller;
import dev.spooled.access.RateGate;
import dev.spooled.refusal.Refusal;
import dev.spooled.refusal.Refused;
import java.util.concurrent.atomic.AtomicInteger;

/// A rate that a test sets: so many requests more, then none. Wide open at first.
public final class TestGate implements RateGate {
    private static final int BURST = 2_000_000;

    private final AtomicInteger left = new AtomicInteger(BURST);
    private volatile boolean broken;

    public void leave(int requests) {
        left.set(requests);
    }

    /// From now on the gate itself fails.
    public void breakDown() {
        broken = true;
    }

    @Override
    public Allowance pass(Caller caller) {
        if (broken) {
            throw new IllegalStateException("the gate is broken on purpose");
        }
        int before = left.getAndUpdate(n -> Math.max(0, n - 1));
        if (before == 0) {
            throw new Refused(new Refusal.RateLimited(BURST, 0, 0, 1, "try again in a second"));
        }
        return new Allowance(BURST, before - 1, 0);
    }
}
