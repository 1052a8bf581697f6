package dev.spooled.support;

import dev.spooled.db.DbAddress;
import dev.spooled.engine.Lane;
import dev.spooled.time.Clock;
import java.util.Locale;
import java.util.Map;
import java.util.UUID;

/// Lanes of tests that do not name a way: `SPOOLED_LANE` does, as for a server, so that the whole suite can be run on
/// each (`SPOOLED_LANE=asserted ./spooled test`).
public final class TestLane {
    public static final String NAME = System.getenv().getOrDefault("SPOOLED_LANE", "exact");
    public static final Lane.Way WAY = Lane.Way.valueOf(NAME.toUpperCase(Locale.ROOT));

    private TestLane() {}

    public static Lane of(DbAddress address, Clock clock) {
        return of(address, UUID.randomUUID(), clock);
    }

    public static Lane of(DbAddress address, UUID node, Clock clock) {
        return new Lane(address, 0, node, clock, WAY);
    }

    /// The same for a server's environment.
    public static Map<String, String> setting() {
        return Map.of("SPOOLED_LANE", NAME);
    }
}
