package dev.spooled.orgs;

import java.time.Instant;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/// Who can act for an organization: a person, or an API key under its name.
record Member(
        UUID id,
        String email,
        String name,
        Role role,
        Instant joinedAt,
        @Nullable UUID invitedBy) {}
