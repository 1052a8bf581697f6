package dev.spooled.access;

import java.util.UUID;

/// Who stands behind a credential: an API key, or a person who signed in by e-mail.
public record Actor(Kind kind, UUID id) {
    public enum Kind {
        KEY,
        PERSON
    }

    public static Actor key(UUID id) {
        return new Actor(Kind.KEY, id);
    }

    public static Actor person(UUID id) {
        return new Actor(Kind.PERSON, id);
    }

    /// As written into the audit log: `key:...` or `person:...`.
    @Override
    public String toString() {
        return switch (kind) {
            case KEY -> "key:" + id;
            case PERSON -> "person:" + id;
        };
    }
}
