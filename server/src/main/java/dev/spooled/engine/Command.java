package dev.spooled.engine;

import dev.spooled.db.PgArray;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/// Everything that may be asked of the lane, and so everything that may change a live job. `Lane.run` answers with the
/// command's own result type. Ids of organizations and queues are internal numbers; the caller has checked its right
/// to them.
///
/// @param <R> what the lane answers
public sealed interface Command<R> {
    /// Whose it is that belongs to nobody: the chores' own.
    int NOBODY = -1;

    /// The organization that asks.
    default int owner() {
        return switch (this) {
            case Enqueue it ->
                it.jobs().isEmpty() ? NOBODY : it.jobs().getFirst().org();
            case EnqueueWorkflow it -> it.workflow().org();
            case Claim it -> it.org();
            case Complete it -> it.holder().org();
            case Fail it -> it.holder().org();
            case Heartbeat it -> it.holder().org();
            case Release it -> it.org();
            case Cancel it -> it.org();
            case SetPriority it -> it.org();
            case Retry it -> it.org();
            case Replay it -> it.org();
            case Purge it -> it.org();
            case CancelWorkflow it -> it.org();
            case RerunWorkflow it -> it.org();
            case AddDependencies it -> it.org();
            case Signal it -> it.org();
            case Fire it -> it.org();
            case Promote _, Reap _, Expire _, Settle _ -> NOBODY;
        };
    }

    /// New jobs, in one transaction: up to 100 of one caller.
    record Enqueue(List<NewJob> jobs) implements Command<List<Enqueued>> {}

    /// `id` of the new job, or of the one that already holds the idempotency key (`created` false). An `orphan` was not
    /// made: its parent is unknown, did not complete, or was just moving between two tables (ask again).
    record Enqueued(UUID id, boolean created, boolean orphan) {
        public Enqueued(UUID id, boolean created) {
            this(id, created, false);
        }
    }

    /// Up to `limit` jobs of a queue under leases of `leaseSeconds`. A claim that finds nothing is parked for up to
    /// `waitMillis` and answered as soon as a job of its queue commits. `alive` is asked before a parked claim is
    /// given a job: false when the caller has left.
    record Claim(int org, int queue, String worker, int limit, int leaseSeconds, int waitMillis, BooleanSupplier alive)
            implements Command<List<Leased>> {}

    /// A job in a worker's hands. `attempt` counts all attempts from 1, `retryCount` those that count as retries.
    /// `facts` are the job's own when this node still remembers them; otherwise its row is to be read.
    record Leased(
            UUID id,
            int queue,
            UUID leaseId,
            int attempt,
            int retryCount,
            int priority,
            Instant startedAt,
            Instant expiresAt,
            @Nullable NewJob facts) {
        Leased with(@Nullable NewJob known) {
            return new Leased(id, queue, leaseId, attempt, retryCount, priority, startedAt, expiresAt, known);
        }
    }

    /// Who acknowledges: the lease if the client sent one, else the worker's name.
    record Holder(int org, UUID job, @Nullable UUID lease, String worker) {}

    record Complete(Holder holder, @Nullable String result) implements Command<Settled> {}

    /// `retry` false dead-letters now; `retryAfterSeconds` replaces the backoff formula when not null.
    record Fail(
            Holder holder,
            String error,
            boolean retry,
            @Nullable Integer retryAfterSeconds) implements Command<Settled> {}

    record Heartbeat(Holder holder, int leaseSeconds) implements Command<Settled> {}

    /// Gives back a lease that never reached its worker: no attempt is counted.
    record Release(int org, UUID job, UUID lease) implements Command<Settled> {}

    /// Cancels a job that is not running.
    record Cancel(int org, UUID job) implements Command<Settled> {}

    /// Another priority for a job that is not running.
    record SetPriority(int org, UUID job, short priority) implements Command<Settled> {}

    /// A failed job or dead letter is ready again, its retries unspent.
    record Retry(int org, UUID job) implements Command<Settled> {}

    /// As `Retry` for those of the jobs that are dead letters at that instant. Answers which.
    record Replay(int org, List<UUID> jobs) implements Command<List<UUID>> {}

    /// Removes those of the jobs that are dead letters at that instant, with all that belongs to them. Answers which.
    record Purge(int org, List<UUID> jobs) implements Command<List<UUID>> {}

    /// A workflow with all its jobs, in one transaction.
    record EnqueueWorkflow(NewWorkflow workflow) implements Command<WorkflowMade> {}

    /// The ids of a new workflow and of its jobs, in the order of its steps.
    record WorkflowMade(UUID id, List<UUID> jobs) {}

    /// Cancels what does not run of an open workflow, and the workflow.
    record CancelWorkflow(int org, UUID workflow) implements Command<Settled> {}

    /// A failed workflow starts over from what did not complete, or as a `whole`.
    record RerunWorkflow(int org, UUID workflow, boolean whole) implements Command<Settled> {}

    /// A job that does not run waits for further jobs from now on: for all of them, or for any one.
    record AddDependencies(int org, UUID job, List<UUID> parents, boolean anyParent) implements Command<Linked> {}

    /// What became of new dependencies; `added` are those that were not there before.
    record Linked(Outcome outcome, int added) {
        /// In the order of the numbers that link_jobs answers.
        public enum Outcome {
            LINKED,
            UNKNOWN_JOB,
            CIRCLE,
            PARENT_LOST,
            /// Nothing was done: the job runs, has ended, or was just moving between two tables.
            MOVED
        }
    }

    /// What a step waits for that waits for a signal. `data` is JSON text.
    record Signal(int org, UUID job, @Nullable String data) implements Command<Settled> {}

    /// A run of a schedule: of an occurrence, while the schedule's next one is `expected` (it moves on to `next`), or
    /// by hand (no occurrence). Times are microseconds since 1970, `NO_TIME` for none. Without a `job` the run is
    /// written down with the `error` that says why. `skipped` occurrences before it were left out.
    record Fire(
            int org,
            UUID schedule,
            long occurrenceMicros,
            long expectedMicros,
            long nextMicros,
            int skipped,
            @Nullable NewJob job,
            @Nullable String error)
            implements Command<Fired> {
        boolean isManual() {
            return occurrenceMicros == PgArray.NO_TIME;
        }
    }

    /// `ran` false when the schedule stands elsewhere by now: another node fired it, or somebody changed it.
    record Fired(boolean ran, @Nullable UUID job) {
        static final Fired NOT = new Fired(false, null);
    }

    /// Due scheduled jobs become ready. Answers how many moved; `limit` of them means there may be more.
    record Promote(int limit) implements Command<Integer> {}

    /// Leases past their end: the job is ready again, or dead when its retries are used up.
    record Reap(int limit) implements Command<Integer> {}

    /// Jobs past their `expires_at` that were never claimed are cancelled.
    record Expire(int limit) implements Command<Integer> {}

    /// Jobs that wait for ended ones start or are cancelled, as far as the batches that ended those left it undone.
    /// Answers how many ended jobs were taken up.
    record Settle() implements Command<Integer> {}

    /// What became of an acknowledgement.
    sealed interface Settled {
        record Completed() implements Settled {}

        /// A failure that will be tried again at `at`.
        record WillRetry(Instant at) implements Settled {}

        record DeadLettered() implements Settled {}

        /// A renewed lease.
        record Renewed(Instant expiresAt) implements Settled {}

        record Released() implements Settled {}

        record Cancelled() implements Settled {}

        record Retried() implements Settled {}

        record Prioritised(int old) implements Settled {}

        record Signalled() implements Settled {}

        /// No row matched: why is a question for `Diagnosis`.
        record Missed() implements Settled {}
    }
}
