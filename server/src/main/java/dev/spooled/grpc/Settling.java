package dev.spooled.grpc;

import dev.spooled.access.Caller;
import dev.spooled.jobs.Acknowledged;
import dev.spooled.jobs.Jobs;
import dev.spooled.proto.v1.CompleteRequest;
import dev.spooled.proto.v1.CompleteResponse;
import dev.spooled.proto.v1.FailRequest;
import dev.spooled.proto.v1.FailResponse;
import dev.spooled.proto.v1.RenewLeaseRequest;
import dev.spooled.proto.v1.RenewLeaseResponse;
import dev.spooled.refusal.Refusal;
import dev.spooled.refusal.Refused;
import dev.spooled.time.Clock;
import java.time.Instant;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// Acknowledgements, for calls and streams alike. They differ from REST in what a caller hears that no longer
/// holds its job: one that named its lease learns that it is lost, one that did not finds no such job.
final class Settling {
    static final int DEFAULT_LEASE = 300;
    private static final int MIN_LEASE = 5;
    private static final int MAX_LEASE = 3_600;

    private final Jobs jobs;
    private final Clock clock;

    Settling(Jobs jobs, Clock clock) {
        this.jobs = jobs;
        this.clock = clock;
    }

    static int leaseSeconds(int asked) {
        return asked <= 0 ? DEFAULT_LEASE : Math.clamp(asked, MIN_LEASE, MAX_LEASE);
    }

    CompleteResponse complete(Caller caller, CompleteRequest asked) {
        String result = asked.hasResult() ? StructJson.json("result", asked.getResult()) : null;
        complete(caller, asked.getJobId(), asked.getWorkerId(), asked.getLeaseId(), result);
        return CompleteResponse.newBuilder().setSuccess(true).build();
    }

    void complete(Caller caller, String job, String worker, String lease, @Nullable String result) {
        var holder = Fields.holder(caller, job, worker, lease);
        var unused = acting(job, lease, () -> {
            jobs.complete(caller, holder, result);
            return true;
        });
    }

    FailResponse fail(Caller caller, FailRequest asked) {
        var holder = Fields.holder(caller, asked.getJobId(), asked.getWorkerId(), asked.getLeaseId());
        String error = Fields.text("error", asked.getError());
        Acknowledged.Failed failed = acting(
                asked.getJobId(), asked.getLeaseId(), () -> jobs.fail(caller, holder, error, asked.getRetry(), null));
        return FailResponse.newBuilder()
                .setSuccess(true)
                .setWillRetry(failed.willRetry())
                .setNextRetryDelaySecs(secondsTo(failed.nextRetryAt()))
                .build();
    }

    RenewLeaseResponse renew(Caller caller, RenewLeaseRequest asked) {
        var holder = Fields.holder(caller, asked.getJobId(), asked.getWorkerId(), asked.getLeaseId());
        int seconds = leaseSeconds(asked.getExtensionSecs());
        Instant end = acting(asked.getJobId(), asked.getLeaseId(), () -> jobs.heartbeat(caller, holder, seconds));
        return RenewLeaseResponse.newBuilder()
                .setSuccess(true)
                .setNewExpiresAt(Fields.timestamp(end))
                .build();
    }

    private int secondsTo(@Nullable Instant time) {
        return time == null
                ? 0
                : Math.max(0, Math.toIntExact(Math.round((time.toEpochMilli() - clock.nowMillis()) / 1e3)));
    }

    private static <T> T acting(String job, String lease, Supplier<T> work) {
        try {
            return work.get();
        } catch (Refused refused) {
            throw isUnseen(refused.refusal(), lease.isEmpty()) ? Refused.notFound("Job not found: " + job) : refused;
        }
    }

    /// Whether the job counts as not there for this caller.
    private static boolean isUnseen(Refusal refusal, boolean withoutLease) {
        return switch (refusal) {
            case Refusal.Forbidden _ -> true;
            case Refusal.Conflict _ -> withoutLease;
            case Refusal.LeaseLost lost -> lost.overtaken();
            default -> false;
        };
    }
}
