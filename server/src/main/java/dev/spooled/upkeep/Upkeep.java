package dev.spooled.upkeep;

import dev.spooled.refusal.Refused;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Runs each chore on a virtual thread of its own until closed. A pass that fails is logged once per streak and tried
/// again after its rest: a chore never ends by itself.
public final class Upkeep implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(Upkeep.class);
    private static final int PASSES_IN_A_ROW_MAX = 1_000;
    private static final Duration CLOSE_WAIT = Duration.ofSeconds(5);

    private final List<Thread> threads = new ArrayList<>();
    private final List<Bell> bells = new ArrayList<>();
    private volatile boolean closed;

    public Upkeep(List<Chore> chores) {
        for (Chore chore : chores) {
            Bell bell = chore.bell();
            bells.add(bell);
            threads.add(Thread.ofVirtual().name("chore-" + chore.name()).start(() -> repeat(chore, bell)));
        }
    }

    private void repeat(Chore chore, Bell bell) {
        boolean failing = false;
        do {
            failing = !pass(chore, failing);
        } while (!closedWithin(chore.every(), bell));
    }

    private boolean pass(Chore chore, boolean failing) {
        try {
            for (int i = 0; i < PASSES_IN_A_ROW_MAX && !closed && chore.runOnce(); i++) {}
            return true;
        } catch (Refused e) {
            log.debug("{} put off: {}", chore.name(), e.getMessage());
            return true;
        } catch (RuntimeException e) {
            if (!failing) {
                log.warn("{} failed, trying again each {}", chore.name(), chore.every(), e);
            }
            return false;
        }
    }

    private boolean closedWithin(Duration rest, Bell bell) {
        try {
            if (!closed) {
                bell.await(rest);
            }
            return closed;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return true;
        }
    }

    @Override
    public void close() {
        closed = true;
        bells.forEach(Bell::ring);
        for (Thread thread : threads) {
            try {
                thread.join(CLOSE_WAIT);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
    }
}
