package dev.spooled.upkeep;

import java.time.Duration;

/// A background pass. `runOnce` does one bounded pass and says whether there is more to do at once; it must be safe
/// while other nodes run the same pass.
public interface Chore {
    /// A short name for logs and thread names, such as `promote`.
    String name();

    /// How long to rest after a pass that found no more to do. Asked before each rest.
    Duration every();

    /// What ends a rest before its time; by default nothing does.
    default Bell bell() {
        return new Bell(Duration.ZERO);
    }

    /// One pass. Returns true when more is waiting.
    boolean runOnce();
}
