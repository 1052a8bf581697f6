package dev.spooled.access;

import dev.spooled.time.Clock;

/// The gate of an organization without a plan limit: its bucket holds two million and is always full.
public final class WideGate implements RateGate {
    private static final int BURST = 2_000_000;

    private final Clock clock;

    public WideGate(Clock clock) {
        this.clock = clock;
    }

    @Override
    public Allowance pass(Caller caller) {
        return new Allowance(BURST, BURST - 1, Math.ceilDiv(clock.nowMillis(), 1_000L));
    }
}
