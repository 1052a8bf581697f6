package dev.spooled.jobs;

/// What this server takes: the largest payload or result in bytes, and whether completion webhooks may be plain http
/// (development only).
public record JobLimits(int maxPayloadBytes, boolean plainHttpWebhooks) {
    public static final JobLimits STANDARD = new JobLimits(5 * 1024 * 1024, false);
}
