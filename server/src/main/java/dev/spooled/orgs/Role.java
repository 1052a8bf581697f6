package dev.spooled.orgs;

import dev.spooled.access.Scope;
import java.util.Locale;

/// What a member of an organization is.
public enum Role {
    OWNER,
    ADMIN,
    MEMBER;

    public static Role of(String word) {
        return valueOf(word.toUpperCase(Locale.ROOT));
    }

    public String word() {
        return name().toLowerCase(Locale.ROOT);
    }

    public Scope scope() {
        return this == MEMBER ? Scope.OPERATE : Scope.ADMIN;
    }
}
