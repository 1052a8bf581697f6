package dev.spooled.jobs;

import dev.spooled.engine.JobStatus;
import dev.spooled.json.JsonWriter;
import java.time.Instant;
import java.util.UUID;

/// Jobs as the wire has them. Some facts stand there under two names, because clients of different ages read different
/// ones.
public final class JobWire {
    private JobWire() {}

    public static void writeJob(JsonWriter to, UUID organization, Job job) {
        writeName(to, organization, job);
        to.raw("payload", job.payload()).raw("result", job.result());
        writeState(to, job);
    }

    /// A row of a list: everything but what may be large.
    static void writeRow(JsonWriter to, UUID organization, Job job) {
        writeName(to, organization, job);
        writeState(to, job);
    }

    /// What a client that asks for many jobs by id gets of each.
    static void writeStatus(JsonWriter to, Job job) {
        to.id("id", job.id())
                .text("status", job.status().wire())
                .text("queue_name", job.queueName())
                .number("retry_count", job.retryCount())
                .number("attempt", job.retryCount())
                .number("max_retries", job.maxRetries())
                .time("created_at", job.times().created())
                .time("started_at", job.times().started())
                .time("completed_at", job.times().completed());
    }

    private static void writeName(JsonWriter to, UUID organization, Job job) {
        to.id("id", job.id())
                .id("organization_id", organization)
                .text("queue_name", job.queueName())
                .text("status", job.status().wire());
    }

    private static void writeState(JsonWriter to, Job job) {
        Job.Progress progress = job.progress();
        to.number("retry_count", job.retryCount())
                .number("attempt", job.retryCount())
                .number("max_retries", job.maxRetries())
                .number("priority", job.priority())
                .number("timeout_seconds", job.timeoutSeconds())
                .text("last_error", job.lastError())
                .text("error", job.lastError())
                .realOrNull("progress", progress == null ? null : progress.percent())
                .text("progress_message", progress == null ? null : progress.message());
        writeTimes(to, job.times());
        writeLinks(to, job);
    }

    private static void writeTimes(JsonWriter to, Job.Times times) {
        to.time("created_at", times.created())
                .time("updated_at", times.updated())
                .time("scheduled_at", times.scheduled())
                .time("started_at", times.started())
                .time("completed_at", times.completed())
                .time("expires_at", times.expires())
                .time("lease_expires_at", times.leaseExpires());
    }

    private static void writeLinks(JsonWriter to, Job job) {
        to.raw("tags", job.tags())
                .id("parent_job_id", job.links().parent())
                .text("completion_webhook", job.links().completionWebhook())
                .text("idempotency_key", job.idempotencyKey())
                .id("workflow_id", job.links().workflow())
                .text("assigned_worker_id", job.worker())
                .text("worker_id", job.worker())
                .id("lease_id", job.leaseId())
                .text("dependency_mode", job.links().dependencyMode())
                .flag("dependencies_met", job.links().dependenciesMet());
    }

    static void writeClaimed(JsonWriter to, ClaimedJob job) {
        ClaimedJob.Facts facts = job.facts();
        to.id("id", facts.id())
                .text("queue_name", job.queueName())
                .raw("payload", facts.payload())
                .text("status", JobStatus.PROCESSING.wire())
                .number("retry_count", job.lease().retryCount())
                .number("max_retries", facts.maxRetries())
                .number("priority", job.lease().priority())
                .number("timeout_seconds", facts.timeoutSeconds())
                .id("lease_id", job.lease().leaseId())
                .time("lease_expires_at", job.lease().expiresAt())
                .time("created_at", Instant.ofEpochMilli(dev.spooled.time.Ids.millisOf(facts.id())))
                .time("scheduled_at", facts.scheduledAt())
                .raw("tags", facts.tags())
                .id("workflow_id", facts.workflow());
        if (facts.workflow() != null) {
            to.object("parent_results", it -> job.upstream().parentResults().forEach(it::raw))
                    .raw("signal", job.upstream().signal());
        }
    }

    static void writeAttempt(JsonWriter to, Attempt attempt) {
        to.number("attempt", attempt.number())
                .text("worker_id", attempt.worker())
                .text("version", attempt.version())
                .time("started_at", attempt.startedAt())
                .time("ended_at", attempt.endedAt())
                .text("outcome", attempt.outcome())
                .text("error", attempt.error());
    }
}
