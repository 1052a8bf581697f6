package dev.spooled.ingestion;

import org.jspecify.annotations.Nullable;

/// What a delivery comes to: its type, the queue its job goes into, the payload as JSON text, and the id under which
/// the provider sends the same event again.
record Event(
        String type, String queue, String payload, @Nullable String id) {}
