package dev.spooled.schedules;

import dev.spooled.refusal.Refused;
import java.time.DateTimeException;
import java.time.ZoneId;
import java.time.zone.ZoneRulesProvider;

/// Time zones by the names clients use: IANA names and offsets.
final class Zones {
    private Zones() {}

    static ZoneId of(String name) {
        try {
            return ZoneId.of(name);
        } catch (DateTimeException e) {
            throw Refused.invalid("timezone", "timezone must be an IANA name or an offset, not " + name);
        }
    }

    /// The version of the rules this process knows, such as 2026a: it changes with updates of the JDK.
    static String rules() {
        return ZoneRulesProvider.getVersions("Europe/Berlin").lastKey();
    }
}
