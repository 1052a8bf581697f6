package dev.spooled.jobs;

import dev.spooled.outbound.Targets;

/// What this server takes: the largest payload or result in bytes, and where completion webhooks may lead.
public record JobLimits(int maxPayloadBytes, Targets targets) {
    public static final int PAYLOAD_BYTES = 5 * 1024 * 1024;
}
