package dev.spooled;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import sun.misc.Signal;

/// Ctrl-C and SIGTERM: the first asks the server to drain and end, the second ends the process at once. Java's own
/// shutdown hooks cannot tell the two apart, hence signal handlers.
final class StopSignals {
    /// On top of the drain: what PostgreSQL may take to stop. After that it is cut, which loses nothing.
    private static final Duration STOP_WITHIN = Duration.ofSeconds(5);

    private static final int CUT = 1;

    private final CountDownLatch first = new CountDownLatch(1);

    private StopSignals() {}

    static StopSignals heeded() {
        var signals = new StopSignals();
        Signal.handle(new Signal("INT"), signal -> signals.heard());
        Signal.handle(new Signal("TERM"), signal -> signals.heard());
        return signals;
    }

    void awaitFirst() throws InterruptedException {
        first.await();
    }

    /// Ends the process even if the server does not come down within `drain` and the time PostgreSQL takes.
    void haltAfter(Duration drain) {
        Duration bound = drain.plus(STOP_WITHIN);
        Thread.ofPlatform().name("stop-bound").daemon(true).start(() -> {
            try {
                // Nothing counts this down: the wait is the bound.
                new CountDownLatch(1).await(bound.toMillis(), TimeUnit.MILLISECONDS);
                System.err.println("spooled: not stopped within " + bound.toSeconds() + " s, cut off");
                Runtime.getRuntime().halt(CUT);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        });
    }

    private synchronized void heard() {
        if (first.getCount() == 0) {
            Runtime.getRuntime().halt(CUT);
        }
        first.countDown();
    }
}
