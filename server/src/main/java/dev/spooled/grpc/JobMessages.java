package dev.spooled.grpc;

import com.google.protobuf.Struct;
import dev.spooled.access.Caller;
import dev.spooled.jobs.ClaimedJob;
import dev.spooled.proto.v1.Job;
import dev.spooled.proto.v1.JobStatus;
import dev.spooled.time.Ids;
import java.time.Instant;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/// Jobs as messages.
final class JobMessages {
    private JobMessages() {}

    /// A job in the hands of the worker that just claimed it.
    static Job claimed(Caller caller, String worker, ClaimedJob claimed) {
        ClaimedJob.Facts facts = claimed.facts();
        var job = Job.newBuilder()
                .setId(facts.id().toString())
                .setOrganizationId(caller.organization().toString())
                .setQueueName(claimed.queueName())
                .setStatus(JobStatus.JOB_STATUS_PROCESSING)
                .setRetryCount(claimed.lease().retryCount())
                .setMaxRetries(facts.maxRetries())
                .setPriority(claimed.lease().priority())
                .setTimeoutSeconds(facts.timeoutSeconds())
                .setCreatedAt(Fields.timestamp(Instant.ofEpochMilli(Ids.millisOf(facts.id()))))
                .setStartedAt(Fields.timestamp(claimed.lease().startedAt()))
                .setLeaseExpiresAt(Fields.timestamp(claimed.lease().expiresAt()))
                .setAssignedWorkerId(worker)
                .setIdempotencyKey(orEmpty(facts.idempotencyKey()))
                .setLeaseId(claimed.lease().leaseId().toString());
        Struct payload = StructJson.struct(facts.payload());
        if (payload != null) {
            job.setPayload(payload);
        }
        if (facts.scheduledAt() != null) {
            job.setScheduledAt(Fields.timestamp(facts.scheduledAt()));
        }
        return job.build();
    }

    /// A job as one snapshot showed it.
    static Job seen(Caller caller, dev.spooled.jobs.Job seen) {
        var job = Job.newBuilder()
                .setId(seen.id().toString())
                .setOrganizationId(caller.organization().toString())
                .setQueueName(seen.queueName())
                .setStatus(status(seen.status()))
                .setRetryCount(seen.retryCount())
                .setMaxRetries(seen.maxRetries())
                .setLastError(orEmpty(seen.lastError()))
                .setPriority(seen.priority())
                .setTimeoutSeconds(seen.timeoutSeconds())
                .setAssignedWorkerId(orEmpty(seen.worker()))
                .setIdempotencyKey(orEmpty(seen.idempotencyKey()))
                .setLeaseId(orEmpty(seen.leaseId()));
        Struct payload = StructJson.struct(seen.payload());
        if (payload != null) {
            job.setPayload(payload);
        }
        Struct result = StructJson.struct(seen.result());
        if (result != null) {
            job.setResult(result);
        }
        setTimes(job, seen.times());
        return job.build();
    }

    private static void setTimes(Job.Builder job, dev.spooled.jobs.Job.Times times) {
        job.setCreatedAt(Fields.timestamp(times.created()));
        if (times.scheduled() != null) {
            job.setScheduledAt(Fields.timestamp(times.scheduled()));
        }
        if (times.started() != null) {
            job.setStartedAt(Fields.timestamp(times.started()));
        }
        if (times.completed() != null) {
            job.setCompletedAt(Fields.timestamp(times.completed()));
        }
        if (times.leaseExpires() != null) {
            job.setLeaseExpiresAt(Fields.timestamp(times.leaseExpires()));
        }
    }

    private static JobStatus status(dev.spooled.engine.JobStatus status) {
        return switch (status) {
            case PENDING -> JobStatus.JOB_STATUS_PENDING;
            case SCHEDULED -> JobStatus.JOB_STATUS_SCHEDULED;
            case PROCESSING -> JobStatus.JOB_STATUS_PROCESSING;
            case COMPLETED -> JobStatus.JOB_STATUS_COMPLETED;
            case FAILED -> JobStatus.JOB_STATUS_FAILED;
            case DEADLETTER -> JobStatus.JOB_STATUS_DEADLETTER;
            case CANCELLED -> JobStatus.JOB_STATUS_CANCELLED;
        };
    }

    private static String orEmpty(@Nullable String text) {
        return text == null ? "" : text;
    }

    private static String orEmpty(@Nullable UUID id) {
        return id == null ? "" : id.toString();
    }
}
