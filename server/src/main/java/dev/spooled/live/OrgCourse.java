package dev.spooled.live;

import java.time.Duration;
import java.util.List;

/// A stream of an organization's events: the server's health comes in between.
record OrgCourse(Hub hub, Listener listener) implements Course {
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
        LiveEvent health = hub.health();
        return listener.interest().wants(health) ? List.of(health) : List.of();
    }

    @Override
    public Duration every() {
        return hub.rhythm().health();
    }
}
