package dev.spooled.live;

import java.time.Duration;
import java.util.List;

/// A stream of a queue's events: its counters at once, and every few seconds even if nothing happens.
record QueueCourse(Hub hub, Listener listener, String queue) implements Course {
    @Override
    public List<LiveEvent> opening() {
        return again();
    }

    @Override
    public boolean takes(LiveEvent event) {
        return true;
    }

    @Override
    public List<LiveEvent> again() {
        LiveEvent counts = hub.counts(listener.caller(), queue);
        return listener.interest().wants(counts) ? List.of(counts) : List.of();
    }

    @Override
    public Duration every() {
        return hub.rhythm().again();
    }
}
