package dev.spooled.bench;

import java.time.Duration;

/// How long a measurement takes: a warm-up that is thrown away, then rounds that are kept.
record Schedule(Duration warmup, Duration round, int rounds) {
    private static final int MAX_ROUNDS = 100;

    Schedule {
        if (warmup.isNegative() || !round.isPositive() || rounds < 1 || rounds > MAX_ROUNDS) {
            throw new IllegalArgumentException("a run needs a warm-up of 0 s or more and 1 to " + MAX_ROUNDS
                    + " rounds of 1 s or more; got " + warmup + ", " + rounds + " of " + round);
        }
    }
}
