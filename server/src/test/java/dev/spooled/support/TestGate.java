package dev.spooled.support;

import dev.spooled.access.Caller;
import dev.spooled.access.RateGate;
import dev.spooled.refusal.Refusal;
import dev.spooled.refusal.Refused;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/// A rate that a test sets: so many requests more, then none. Wide open at first.
public final class TestGate implements RateGate {
    private static final int BURST = 2_000_000;

    private final AtomicInteger left = new AtomicInteger(BURST);
    private volatile boolean broken;
    private volatile @Nullable RateGate other;

    public void leave(int requests) {
        left.set(requests);
    }

    /// From now on the gate itself fails.
    public void breakDown() {
        broken = true;
    }

    /// From now on asks another gate.
    public void goBy(RateGate gate) {
        other = gate;
    }

    @Override
    public Allowance pass(Caller caller) {
        if (broken) {
            throw new IllegalStateException("the gate is broken on purpose");
        }
        RateGate asked = other;
        if (asked != null) {
            return asked.pass(caller);
        }
        int before = left.getAndUpdate(n -> Math.max(0, n - 1));
        if (before == 0) {
            throw new Refused(new Refusal.RateLimited(BURST, 0, 0, 1, "try again in a second"));
        }
        return new Allowance(BURST, before - 1, 0);
    }
}
