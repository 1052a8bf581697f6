package dev.spooled.ingestion;

import dev.spooled.access.Actor;
import dev.spooled.access.Caller;
import dev.spooled.access.Scope;
import java.security.MessageDigest;
import java.util.List;
import java.util.Set;
import java.util.UUID;

/// The organization a delivery is for: its tokens, as hashes, none when it has cleared them; and its own secrets at
/// the provider, the current one first.
record Recipient(int org, UUID organization, boolean strictLeases, List<byte[]> tokens, List<String> secrets) {
    /// No API key stands behind what comes in.
    private static final Actor NOBODY = Actor.key(new UUID(0, 0));

    /// Takes the same time whichever token is presented.
    boolean admits(byte[] presented) {
        boolean matches = false;
        for (byte[] token : tokens) {
            matches |= MessageDigest.isEqual(token, presented);
        }
        return matches;
    }

    /// The organization itself, which may put jobs into any of its queues.
    Caller caller() {
        return new Caller(org, organization, strictLeases, NOBODY, Set.of(), Scope.OPERATE, null);
    }
}
