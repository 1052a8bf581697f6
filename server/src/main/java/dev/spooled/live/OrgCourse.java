package dev.spooled.live;

import java.time.Duration;
import java.time.Instant;
import java.util.List;

/// A stream of an organization's events: the server's health comes in between.
record OrgCourse(Hub hub, Listener listener) implements Course {
    private static final LiveEvent SAMPLE = Events.health(true, Instant.EPOCH);

    @Override
    public List<LiveEvent> opening() {
        return List.of();
    }

    @Override
    public boolean takes(LiveEvent event) {
        return true;
    }

    @Override
    public List<LiveEvent> again() {
        return listener.interest().wants(SAMPLE) ? List.of(hub.health()) : List.of();
    }

    @Override
    public Duration every() {
        return hub.rhythm().health();
    }
}
