package dev.spooled.queues;

import dev.spooled.json.Json;
import dev.spooled.json.JsonWriter;
import dev.spooled.queues.QueueConfig.Pause;
import java.nio.charset.StandardCharsets;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/// Queues as they go over the wire; some members twice, under the names that different clients read.
final class QueueWire {
    private QueueWire() {}

    static void writeSummary(JsonWriter to, QueueConfig queue) {
        to.text("queue_name", queue.name())
                .text("name", queue.name())
                .number("max_retries", queue.maxRetries())
                .number("default_timeout", queue.defaultTimeoutSeconds())
                .number("timeout", queue.defaultTimeoutSeconds())
                .numberOrNull("rate_limit", queue.rateLimit())
                .flag("enabled", queue.enabled())
                .flag("paused", !queue.enabled());
    }

    static void writeConfig(JsonWriter to, UUID organization, QueueConfig queue) {
        to.id("id", queue.id()).id("organization_id", organization);
        writeSummary(to, queue);
        to.raw("settings", settings(queue.settings(), queue.pause()))
                .raw("backoff", queue.backoff())
                .time("created_at", queue.createdAt())
                .time("updated_at", queue.updatedAt());
    }

    /// Clients look for the pause among the settings.
    private static String settings(String settings, @Nullable Pause pause) {
        if (pause == null) {
            return settings;
        }
        byte[] written = Json.write(to -> {
            to.flag("paused", true).time("paused_at", pause.since());
            if (pause.reason() != null) {
                to.text("paused_reason", pause.reason());
            }
        });
        String paused = new String(written, StandardCharsets.UTF_8);
        return settings.equals("{}")
                ? paused
                : settings.substring(0, settings.length() - 1) + "," + paused.substring(1);
    }

    static void writeStats(JsonWriter to, String name, QueueStats stats) {
        var held = stats.held();
        to.text("queue_name", name)
                .text("name", name)
                .number("pending_jobs", held.pending())
                .number("processing_jobs", held.processing())
                .number("completed_jobs_24h", stats.flow().completedDay())
                .number("failed_jobs_24h", stats.flow().failedDay())
                .numberOrNull("avg_processing_time_ms", stats.times().averageRun())
                .numberOrNull("max_job_age_seconds", seconds(stats.times().oldestAgeMillis()))
                .number("active_workers", stats.activeWorkers())
                .number("pending", held.pending())
                .number("scheduled", held.scheduled())
                .number("claimed", held.processing())
                .number("completed", held.completed())
                .number("failed", held.failed())
                .number("cancelled", held.cancelled())
                .number("total", held.total())
                .raw("enqueued_per_minute", perMinute(stats.flow().enqueuedLately()))
                .raw("completed_per_minute", perMinute(stats.flow().completedLately()))
                .raw("failed_per_minute", perMinute(stats.flow().failedLately()))
                .numberOrNull("wait_p50_ms", stats.times().waitHalf())
                .numberOrNull("wait_p95_ms", stats.times().waitMost());
    }

    /// The average with one digit after the point.
    private static String perMinute(long lately) {
        long tenths = Math.round(lately * 10.0 / QueueFigures.RATE_MINUTES);
        return tenths / 10 + "." + tenths % 10;
    }

    private static @Nullable Integer seconds(@Nullable Long millis) {
        return millis == null ? null : (int) (millis / 1_000);
    }
}
