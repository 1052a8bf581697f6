package dev.spooled.webhooks;

import java.net.URI;
import java.util.List;
import java.util.UUID;

/// What one attempt sends. `secrets` has the one in use first, then the one before it while that still holds;
/// empty means unsigned.
record Parcel(URI url, String event, UUID id, int attempt, long timestamp, byte[] body, List<String> secrets) {

    @Override
    public String toString() {
        return event + " " + id + ", attempt " + attempt;
    }
}
