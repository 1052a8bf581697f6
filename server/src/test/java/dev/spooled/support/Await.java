package dev.spooled.support;

import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Predicate;
import java.util.function.Supplier;

/// Looks at a figure until it is as wanted, for ten seconds at most unless told otherwise.
public final class Await {
    private static final Duration PATIENCE = Duration.ofSeconds(10);
    private static final long PAUSE = TimeUnit.MILLISECONDS.toNanos(5);

    private Await() {}

    public static <T> T until(Supplier<T> figure, Predicate<T> wanted) {
        return until(PATIENCE, figure, wanted);
    }

    public static <T> T until(Duration patience, Supplier<T> figure, Predicate<T> wanted) {
        long end = System.nanoTime() + patience.toNanos();
        T seen = figure.get();
        while (!wanted.test(seen)) {
            if (System.nanoTime() - end > 0) {
                throw new AssertionError("still " + seen + " after " + patience);
            }
            LockSupport.parkNanos(PAUSE);
            seen = figure.get();
        }
        return seen;
    }
}
