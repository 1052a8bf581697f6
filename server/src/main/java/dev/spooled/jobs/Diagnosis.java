package dev.spooled.jobs;

import dev.spooled.access.Caller;
import dev.spooled.db.Args;
import dev.spooled.db.Homes;
import dev.spooled.db.Row;
import dev.spooled.db.Sql;
import dev.spooled.db.Statements;
import dev.spooled.engine.Command.Holder;
import dev.spooled.engine.JobStatus;
import dev.spooled.refusal.Refusal;
import dev.spooled.refusal.Refused;
import dev.spooled.time.Clock;
import java.sql.SQLException;
import java.time.Instant;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/// Finds out why a command on a job matched nothing. The hot statements only say that they did not match; the reason is
/// looked up here, once, and only then.
///
/// Answers what the same acknowledgement came to when it was first sent, or null when the job now stands where the
/// command would match (it moved between two tables meanwhile), or throws the refusal.
public final class Diagnosis {
    private static final Sql DIAGNOSE =
            Statements.beside(Diagnosis.class, "jobs.sql").get("diagnose");
    private static final int FAILED = 1;

    private final Homes db;
    private final Clock clock;

    public Diagnosis(Homes db, Clock clock) {
        this.db = db;
        this.clock = clock;
    }

    enum Verb {
        COMPLETE,
        FAIL,
        HEARTBEAT
    }

    /// Where a job stands. `held...` is its lease, `done...` its end, `lease...` the failed attempt of the lease asked
    /// about, `last...` its newest failed attempt; null where there is none.
    private record Standing(
            @Nullable UUID heldLease,
            @Nullable String heldBy,
            boolean heldExpired,
            boolean heldTimedOut,
            @Nullable JobStatus end,
            @Nullable UUID doneLease,
            @Nullable Integer leaseOutcome,
            @Nullable Instant leaseRetryAt,
            @Nullable String lastWorker,
            @Nullable Integer lastOutcome) {}

    @Nullable
    Acknowledged ofAcknowledgement(Caller caller, Verb verb, Holder holder) {
        Standing job = read(caller, holder.job(), holder.lease());
        UUID lease = holder.lease();
        return lease == null ? byWorker(job, verb, holder.worker()) : byLease(job, verb, lease);
    }

    /// Null when the job can be cancelled now.
    @Nullable
    Acknowledged ofCancel(Caller caller, UUID id) {
        Standing job = read(caller, id, null);
        if (job.end() != null) {
            throw Refused.conflict("The job is " + job.end().wire() + " and cannot be cancelled");
        }
        if (job.heldLease() != null) {
            throw Refused.conflict("The job is processing and cannot be cancelled");
        }
        return null;
    }

    /// Null when the job can be retried now.
    @Nullable
    Acknowledged ofRetry(Caller caller, UUID id) {
        JobStatus end = read(caller, id, null).end();
        if (end != JobStatus.FAILED && end != JobStatus.DEADLETTER) {
            throw Refused.conflict("Only a failed or dead-lettered job can be retried");
        }
        return null;
    }

    /// Null when the job's priority can be changed now. A job that runs or has ended is, to this, not there.
    @Nullable
    Acknowledged ofPriority(Caller caller, UUID id) {
        Standing job = read(caller, id, null);
        if (job.end() != null || job.heldLease() != null) {
            throw Refused.notFound("No pending or scheduled job: " + id);
        }
        return null;
    }

    /// Returns when a child of this job can be made now.
    void checkParent(Caller caller, UUID id) {
        JobStatus end = read(caller, id, null).end();
        if (end != null && end != JobStatus.COMPLETED) {
            throw Refused.conflict("The parent job is " + end.wire());
        }
    }

    private static @Nullable Acknowledged byLease(Standing job, Verb verb, UUID lease) {
        if (lease.equals(job.heldLease())) {
            return stillHeld(job, verb);
        }
        Instant retryAt = job.leaseRetryAt();
        Acknowledged failure = new Acknowledged.Failed(retryAt != null, retryAt);
        if (lease.equals(job.doneLease()) && job.end() == JobStatus.COMPLETED) {
            return settledBefore(verb, true, failure);
        }
        Integer outcome = job.leaseOutcome();
        if (outcome != null && outcome == FAILED) {
            return settledBefore(verb, false, failure);
        }
        throw leaseLost(job.end() != null);
    }

    private static @Nullable Acknowledged byWorker(Standing job, Verb verb, String worker) {
        if (worker.equals(job.heldBy())) {
            return stillHeld(job, verb);
        }
        Integer outcome = job.lastOutcome();
        if (worker.equals(job.lastWorker()) && outcome != null && outcome != FAILED) {
            throw leaseLost(job.end() != null || job.heldLease() != null);
        }
        if (job.end() != null) {
            throw Refused.conflict("The job is already " + job.end().wire());
        }
        throw Refused.conflict(
                job.heldLease() == null ? "The job is not processing" : "The job is held by another worker");
    }

    /// A lease can no longer be renewed once the job's time is up, though it may still be settled until it ends.
    private static @Nullable Acknowledged stillHeld(Standing job, Verb verb) {
        if (job.heldExpired() || verb == Verb.HEARTBEAT && job.heldTimedOut()) {
            throw leaseLost(false);
        }
        return null;
    }

    /// The same verb again gets the first answer again; another verb on a lease that is settled is a conflict.
    private static Acknowledged settledBefore(Verb verb, boolean completed, Acknowledged failure) {
        return switch (verb) {
            case COMPLETE -> {
                if (!completed) {
                    throw Refused.conflict("This lease has already ended with a failure");
                }
                yield new Acknowledged.Completed();
            }
            case FAIL -> {
                if (completed) {
                    throw Refused.conflict("This lease has already ended with a completion");
                }
                yield failure;
            }
            case HEARTBEAT -> throw leaseLost(false);
        };
    }

    private Standing read(Caller caller, UUID id, @Nullable UUID lease) {
        Args args = Args.of("id", id).and("lease", lease).and("now", clock.now());
        return db.inOrg(caller.org(), tx -> tx.first(DIAGNOSE, args, Diagnosis::standing))
                .orElseThrow(() -> Refused.notFound("Job not found: " + id));
    }

    private static Refused leaseLost(boolean overtaken) {
        return new Refused(
                new Refusal.LeaseLost(overtaken, "The lease on this job has expired or passed to another worker"));
    }

    private static Standing standing(Row row) throws SQLException {
        Integer end = row.integerOrNull("done_status");
        return new Standing(
                row.uuidOrNull("held_lease"),
                row.textOrNull("held_by"),
                row.bool("held_expired"),
                row.bool("held_timed_out"),
                end == null ? null : JobStatus.of(end),
                row.uuidOrNull("done_lease"),
                row.integerOrNull("lease_outcome"),
                row.instantOrNull("lease_retry_at"),
                row.textOrNull("last_worker"),
                row.integerOrNull("last_outcome"));
    }
}
