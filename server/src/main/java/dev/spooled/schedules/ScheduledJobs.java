package dev.spooled.schedules;

import dev.spooled.access.Caller;
import dev.spooled.engine.NewJob;
import dev.spooled.jobs.JobRequest;
import dev.spooled.jobs.Jobs;
import dev.spooled.jobs.Tags;
import dev.spooled.json.Json;
import dev.spooled.schedules.Schedule.Plan;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/// The job that a run of a schedule makes: as if its organization had asked for it.
final class ScheduledJobs {
    private final Jobs jobs;

    ScheduledJobs(Jobs jobs) {
        this.jobs = jobs;
    }

    /// Refuses a payload that no job of the caller may have.
    void checkSize(Caller caller, Plan plan) {
        jobs.checkSize(caller, "payload_template", plan.payload());
    }

    /// `at` delays it, null does not. Refused as any job may be.
    NewJob of(Caller caller, Plan plan, @Nullable Instant at) {
        return jobs.prepared(
                caller,
                new JobRequest(
                        plan.queueName(),
                        plan.payload(),
                        plan.priority(),
                        plan.maxRetries(),
                        plan.timeoutSeconds(),
                        at,
                        null,
                        null,
                        tags(plan.tags()),
                        null,
                        null,
                        null));
    }

    private static @Nullable Tags tags(@Nullable String json) {
        return json == null ? null : Tags.of(Json.object(("{\"tags\":" + json + "}").getBytes(StandardCharsets.UTF_8)));
    }
}
