package dev.spooled.workflows;

import dev.spooled.engine.JobStatus;
import dev.spooled.jobs.Job;
import dev.spooled.json.Json;
import dev.spooled.json.JsonObject;
import dev.spooled.json.JsonWriter;
import dev.spooled.refusal.Refused;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/// Workflows as the wire has them: the union of what clients of different ages read.
final class WorkflowWire {
    private WorkflowWire() {}

    static void writeWorkflow(JsonWriter to, UUID organization, Workflow workflow) {
        to.id("id", workflow.id())
                .id("organization_id", organization)
                .text("name", workflow.name())
                .text("description", workflow.description())
                .text("status", workflow.status().wire())
                .number("total_jobs", workflow.totalJobs())
                .number("completed_jobs", workflow.completedJobs())
                .number("failed_jobs", workflow.failedJobs())
                .realOrNull("progress_percent", workflow.progress())
                .time("created_at", workflow.createdAt())
                .time("updated_at", workflow.updatedAt())
                .time("started_at", workflow.startedAt())
                .time("completed_at", workflow.completedAt())
                .raw("metadata", workflow.metadata());
    }

    static void writeDetail(
            JsonWriter to, UUID organization, Workflow workflow, List<WorkflowJob> jobs, List<Workflows.Link> links) {
        writeWorkflow(to, organization, workflow);
        long running = jobs.stream()
                .filter(step -> step.job().status() == JobStatus.PROCESSING)
                .count();
        long waiting = jobs.stream()
                .filter(step ->
                        step.job().status() == JobStatus.PENDING || step.job().status() == JobStatus.SCHEDULED)
                .count();
        to.array("jobs", jobs, WorkflowWire::writeStep)
                .array(
                        "dependencies",
                        links,
                        (each, link) -> each.id("parent_job_id", link.parent())
                                .id("child_job_id", link.child())
                                .text("dependency_type", "success"))
                .object(
                        "progress",
                        it -> it.number("total", workflow.totalJobs())
                                .number("completed", workflow.completedJobs())
                                .number("failed", workflow.failedJobs())
                                .number("pending", waiting)
                                .number("processing", running));
    }

    private static void writeStep(JsonWriter to, WorkflowJob step) {
        Job job = step.job();
        to.id("id", job.id())
                .text("key", step.key())
                .text("job_type", jobType(step))
                .text("queue", job.queueName())
                .text("queue_name", job.queueName())
                .text("status", job.status().wire())
                .time("started_at", job.times().started())
                .time("completed_at", job.times().completed())
                .time("created_at", job.times().created());
        String error = job.lastError();
        if (error == null) {
            to.any("error", null);
        } else {
            to.object("error", it -> it.text("type", job.status().wire()).text("message", error));
        }
    }

    private static String jobType(WorkflowJob step) {
        String payload = step.job().payload();
        if (payload != null && payload.startsWith("{")) {
            try {
                JsonObject object = Json.object(payload.getBytes(StandardCharsets.UTF_8));
                String type = object.textOrNull("job_type");
                return type == null ? step.key() : type;
            } catch (Refused e) {
                return step.key();
            }
        }
        return step.key();
    }

    static void writeJob(JsonWriter to, UUID workflow, WorkflowJob step) {
        Job job = step.job();
        to.id("id", job.id())
                .id("job_id", job.id())
                .id("workflow_id", workflow)
                .text("key", step.key())
                .text("queue_name", job.queueName())
                .text("status", job.status().wire())
                .raw("payload", job.payload())
                .raw("result", job.result())
                .text("error", job.lastError())
                .texts("depends_on", step.dependsOn())
                .text("dependency_mode", mode(job))
                .text("wait_for", step.waitsForSignal() ? "signal" : null)
                .number("priority", job.priority())
                .number("max_retries", job.maxRetries())
                .number("retry_count", job.retryCount())
                .number("attempt", job.retryCount())
                .number("timeout_seconds", job.timeoutSeconds())
                .time("created_at", job.times().created())
                .time("started_at", job.times().started())
                .time("completed_at", job.times().completed());
    }

    static void writeStatus(JsonWriter to, WorkflowJob step) {
        Job job = step.job();
        Job.Progress progress = job.progress();
        to.text("key", step.key())
                .id("job_id", job.id())
                .text("status", job.status().wire())
                .realOrNull("progress", progress == null ? null : progress.percent())
                .texts("depends_on", step.dependsOn())
                .number("retry_count", job.retryCount())
                .text("error", job.lastError());
    }

    static String mode(Job job) {
        @Nullable String mode = job.links().dependencyMode();
        return mode == null ? "all" : mode;
    }
}
