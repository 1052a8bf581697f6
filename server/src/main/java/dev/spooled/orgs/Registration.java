package dev.spooled.orgs;

/// Who may make an organization without the admin key: anybody, or nobody.
public enum Registration {
    OPEN,
    CLOSED,
    INVITE
}
