package dev.spooled.live;

import java.util.Collections;
import java.util.EnumSet;
import java.util.Set;

/// How `type` is spelled: `JobCreated` for all but the Go client, which compares it with `job.created`. That
/// client also waits for retries.
enum Dialect {
    PLAIN(EventKind.USUAL),
    GO(withRetries());

    private final Set<EventKind> usual;

    Dialect(Set<EventKind> usual) {
        this.usual = usual;
    }

    private static Set<EventKind> withRetries() {
        var kinds = EnumSet.copyOf(EventKind.USUAL);
        kinds.add(EventKind.JOB_RETRYING);
        return Collections.unmodifiableSet(kinds);
    }

    /// What a listener hears of that names nothing.
    Set<EventKind> usual() {
        return usual;
    }

    String typeOf(EventKind kind) {
        return switch (this) {
            case PLAIN -> kind.type();
            case GO -> kind.goName();
        };
    }
}
