package dev.spooled.schedules;

import dev.spooled.json.JsonWriter;
import dev.spooled.schedules.Schedule.Plan;
import java.util.Locale;
import java.util.UUID;

/// Schedules and their runs as the wire has them.
final class ScheduleWire {
    private ScheduleWire() {}

    static void writeSchedule(JsonWriter to, UUID organization, Schedule schedule) {
        Plan plan = schedule.plan();
        to.id("id", schedule.id())
                .id("organization_id", organization)
                .text("name", plan.name())
                .text("description", plan.description())
                .text("cron_expression", plan.cron())
                .text("timezone", plan.timezone())
                .text("queue_name", plan.queueName())
                .raw("payload_template", plan.payload())
                .number("priority", plan.priority())
                .number("max_retries", plan.maxRetries())
                .number("timeout_seconds", plan.timeoutSeconds())
                .flag("is_active", schedule.active())
                .time("last_run_at", schedule.times().lastRun())
                .time("next_run_at", schedule.times().nextRun())
                .number("run_count", schedule.runCount())
                .raw("tags", plan.tags())
                .raw("metadata", plan.metadata())
                .text("catch_up", plan.catchUp().name().toLowerCase(Locale.ROOT))
                .text("overlap", plan.skipsOverlap() ? "skip" : "allow")
                .number("jitter_seconds", plan.jitterSeconds())
                .time("created_at", schedule.times().created())
                .time("updated_at", schedule.times().updated());
    }

    static void writeRun(JsonWriter to, UUID schedule, ScheduleRun run) {
        to.id("id", run.id())
                .id("schedule_id", schedule)
                .id("job_id", run.job())
                .text("status", run.status())
                .text("error_message", run.error())
                .text("error", run.error())
                .time("scheduled_for", run.occurrence())
                .time("started_at", run.startedAt())
                .time("executed_at", run.startedAt())
                .time("completed_at", run.completedAt())
                .flag("manual", run.manual())
                .number("skipped", run.skipped());
    }
}
