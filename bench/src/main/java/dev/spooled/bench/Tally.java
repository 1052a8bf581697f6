package dev.spooled.bench;

import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/// What the callers of one run count and time. Shared by all of them.
final class Tally {
    final Stopwatch enqueue = new Stopwatch();
    final Stopwatch claim = new Stopwatch();
    final Stopwatch complete = new Stopwatch();

    /// From a job's enqueue being sent to the job being in a worker's hands.
    final Stopwatch delivery = new Stopwatch();

    final LongAdder enqueued = new LongAdder();
    final LongAdder completed = new LongAdder();

    /// Requests the server clearly refused, and requests whose outcome is open.
    final LongAdder declined = new LongAdder();

    final LongAdder inDoubt = new LongAdder();
    private final AtomicReference<@Nullable String> firstFault = new AtomicReference<>();

    void fault(Exception fault) {
        (fault instanceof Door.Declined ? declined : inDoubt).increment();
        firstFault.compareAndSet(null, String.valueOf(fault.getMessage()));
    }

    /// The first thing that went wrong, if anything did.
    @Nullable
    String firstFault() {
        return firstFault.get();
    }
}
