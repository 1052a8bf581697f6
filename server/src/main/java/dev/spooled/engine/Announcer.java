package dev.spooled.engine;

import dev.spooled.bus.Bus;
import dev.spooled.bus.Message.Work;
import dev.spooled.engine.Flusher.Outcome;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Who hears of what a lane committed: the callers, a watcher of changes, whoever sends what is in the outbox, and
/// other nodes.
///
/// Set by any thread; `tell` is called by one at a time, in the order of batches.
final class Announcer {
    private static final Logger log = LoggerFactory.getLogger(Announcer.class);

    private final int cell;
    private volatile Bus bus = Bus.ALONE;
    private volatile JobWatcher watcher = JobWatcher.NOBODY;
    private volatile Set<Integer> hooked = Set.of();
    private volatile Runnable onEvents = () -> {};

    Announcer(int cell) {
        this.cell = cell;
    }

    void setWatcher(JobWatcher watcher) {
        this.watcher = watcher;
    }

    void setHooked(Set<Integer> orgs) {
        hooked = Set.copyOf(orgs);
    }

    void setOnEvents(Runnable bell) {
        onEvents = bell;
    }

    void setBus(Bus bus) {
        this.bus = bus;
    }

    boolean hasOtherNodes() {
        return bus.hasOthers();
    }

    /// Whom the next batch has to keep what for.
    Audience audience() {
        return new Audience(watcher.isWatching(), hooked);
    }

    /// Says what a batch did, now that it is on disk.
    void tell(Outcome outcome) {
        tell(outcome.moves());
        if (outcome.leftEvents()) {
            onEvents.run();
        }
        outcome.answered().forEach(Ticket::settle);
        if (!outcome.queues().isEmpty()) {
            bus.publish(new Work(cell, outcome.queues()));
        }
    }

    private void tell(Moves moves) {
        if (!moves.all().isEmpty()) {
            try {
                watcher.moved(moves.all());
            } catch (RuntimeException e) {
                log.error("a watcher failed", e);
            }
        }
    }
}
