package dev.spooled.engine;

import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/// One command on its way through the lane, and the caller waiting for its answer. The lane settles it once; the
/// caller's thread sleeps meanwhile.
final class Ticket<R> {
    private final Command<R> command;
    private final Thread caller = Thread.currentThread();
    private final long takenAtNanos = System.nanoTime();
    private @Nullable R answer;
    private @Nullable RuntimeException refusal;
    private volatile boolean settled;

    /// Filled by the way that ran the batch, published by `settle` after the commit.
    private @Nullable R proposed;

    private int tries;

    Ticket(Command<R> command) {
        this.command = command;
    }

    Command<R> command() {
        return command;
    }

    long takenAtNanos() {
        return takenAtNanos;
    }

    /// How often it was tried alone and a lock stood in its way, this time counted.
    int countTry() {
        return ++tries;
    }

    @SuppressWarnings("unchecked")
    void propose(Object result) {
        proposed = (R) result;
    }

    @Nullable
    R proposed() {
        return proposed;
    }

    @Nullable
    RuntimeException refusal() {
        return refusal;
    }

    void forget() {
        proposed = null;
    }

    void settle() {
        answer = proposed;
        settled = true;
        LockSupport.unpark(caller);
    }

    void refuse(RuntimeException why) {
        refusal = why;
        settled = true;
        LockSupport.unpark(caller);
    }

    /// Waits for the answer. An interrupt does not break the wait, since the command may commit all the same; it is
    /// kept for the caller.
    R await() {
        boolean interrupted = false;
        while (!settled) {
            LockSupport.park(this);
            interrupted |= Thread.interrupted();
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
        if (refusal != null) {
            throw refusal;
        }
        if (answer == null) {
            throw new IllegalStateException("no answer for " + command);
        }
        return answer;
    }
}
