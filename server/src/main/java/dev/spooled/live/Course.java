package dev.spooled.live;

import java.time.Duration;
import java.util.List;

/// What a stream sends besides what its listener hears, and when it is at its end. Used by the stream's thread.
interface Course {
    /// What a stream begins with.
    List<LiveEvent> opening();

    /// Whether an event is sent on.
    boolean takes(LiveEvent event);

    /// What is sent each time that `every` has passed.
    List<LiveEvent> again();

    Duration every();

    /// Whether no more is to come, once all is sent that has happened.
    default boolean isOver() {
        return false;
    }
}
