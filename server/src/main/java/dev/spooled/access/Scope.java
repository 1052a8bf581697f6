package dev.spooled.access;

import dev.spooled.refusal.Refused;
import java.util.List;
import java.util.Locale;

/// How much a credential may do, each including the one before: read everything it sees, operate (jobs, queues,
/// workers, schedules, workflows), administer (keys, the organization, webhooks, settings).
public enum Scope {
    READ,
    OPERATE,
    ADMIN;

    /// The widest scope of a list as the wire has it; an empty list is all.
    public static Scope of(List<String> words) {
        return words.stream().map(Scope::of).max(Scope::compareTo).orElse(ADMIN);
    }

    private static Scope of(String word) {
        for (Scope scope : values()) {
            if (scope.word().equals(word)) {
                return scope;
            }
        }
        throw Refused.invalid("scopes", "scopes may hold read, operate and admin, not " + word);
    }

    public String word() {
        return name().toLowerCase(Locale.ROOT);
    }

    public boolean includes(Scope other) {
        return compareTo(other) >= 0;
    }
}
