package dev.spooled.jobs;

import static dev.spooled.db.PgArray.NO_TIME;

import dev.spooled.access.Caller;
import dev.spooled.access.Seal;
import dev.spooled.engine.Command;
import dev.spooled.engine.Command.Enqueued;
import dev.spooled.engine.Command.Holder;
import dev.spooled.engine.Command.Leased;
import dev.spooled.engine.Command.Settled;
import dev.spooled.engine.Lanes;
import dev.spooled.engine.NewJob;
import dev.spooled.jobs.Diagnosis.Verb;
import dev.spooled.metrics.Metrics;
import dev.spooled.orgs.Limits;
import dev.spooled.orgs.Queue;
import dev.spooled.orgs.Queues;
import dev.spooled.refusal.Refusal;
import dev.spooled.refusal.Refused;
import dev.spooled.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The operations on jobs, the same for every door: checks the caller's right and the rules no field can check alone,
/// and lets the lane do it.
public final class Jobs {
    private static final Logger LOG = LoggerFactory.getLogger(Jobs.class);
    private static final int MAX_ERROR_BYTES = 4_096;
    private static final int MAX_REPEATS = 3;

    private final Lanes lanes;
    private final Queues queues;
    private final JobReads reads;
    private final ClaimedJobs claimedJobs;
    private final Diagnosis diagnosis;
    private final Rules rules;
    private final Metrics metrics;
    private final InHand inHand = new InHand();

    /// What the operations judge by.
    public record Rules(Clock clock, JobLimits limits, Limits plans, Seal seal) {}

    /// The three ways to look at jobs.
    public record Views(JobReads reads, ClaimedJobs claimed, Diagnosis diagnosis) {}

    public Jobs(Lanes lanes, Queues queues, Views views, Rules rules, Metrics metrics) {
        this.lanes = lanes;
        this.queues = queues;
        this.reads = views.reads();
        this.claimedJobs = views.claimed();
        this.diagnosis = views.diagnosis();
        this.rules = rules;
        this.metrics = metrics;
    }

    /// Accepts a job. A known idempotency key leads to the job that has it.
    public Enqueued enqueue(Caller caller, JobRequest asked) {
        return enqueueAll(caller, List.of(prepared(caller, asked))).getFirst();
    }

    /// Accepts jobs that `prepared` has made ready, all in one transaction, answered in their order.
    public List<Enqueued> enqueueAll(Caller caller, List<NewJob> jobs) {
        if (jobs.isEmpty()) {
            return List.of();
        }
        List<Enqueued> enqueued = new ArrayList<>(lanes.run(caller.org(), new Command.Enqueue(jobs)));
        for (int i = 0; i < enqueued.size(); i++) {
            if (enqueued.get(i).orphan()) {
                enqueued.set(i, again(caller, jobs.get(i)));
            }
        }
        metrics.enqueued(enqueued.stream().filter(Enqueued::created).count());
        return enqueued;
    }

    /// Whose parent was not found waiting, running or completed is refused, or was just moving and is tried again.
    private Enqueued again(Caller caller, NewJob job) {
        for (int repeat = 0; repeat < MAX_REPEATS; repeat++) {
            if (job.parent() != null) {
                diagnosis.checkParent(caller, job.parent());
            }
            Enqueued enqueued =
                    lanes.run(caller.org(), new Command.Enqueue(List.of(job))).getFirst();
            if (!enqueued.orphan()) {
                return enqueued;
            }
        }
        throw Refused.unavailable("The parent job is changing hands, try again");
    }

    /// The job that the request comes to: right and size checked, the queue's defaults filled in.
    public NewJob prepared(Caller caller, JobRequest asked) {
        caller.check(asked.queueName());
        checkSize(caller, "payload", asked.payload());
        checkExpiry(asked);
        CompletionWebhook webhook = asked.completionWebhook();
        if (webhook != null) {
            var unused = rules.limits().targets().checked("completion_webhook", webhook.url());
        }
        if (asked.parent() != null) {
            checkScope(caller, asked.parent());
        }
        Queue queue = queues.named(caller, asked.queueName());
        Integer maxRetries = asked.maxRetries();
        Integer timeout = asked.timeoutSeconds();
        Tags tags = asked.tags();
        return new NewJob(
                caller.org(),
                queue.number(),
                (short) asked.priority(),
                maxRetries == null ? queue.maxRetries() : maxRetries.shortValue(),
                timeout == null ? queue.defaultTimeoutSeconds() : timeout,
                asked.payload(),
                micros(asked.scheduledAt()),
                micros(asked.expiresAt()),
                asked.idempotencyKey(),
                tags == null ? null : tags.json(),
                tags == null ? List.of() : tags.terms(),
                asked.parent(),
                webhook == null ? null : webhook.kept(rules.seal(), caller.org()),
                asked.backoff(),
                null);
    }

    /// The bounds that streams keep on jobs not yet settled.
    public InHand inHand() {
        return inHand;
    }

    /// Those of the jobs that are still under the lease beside them.
    public Set<UUID> stillHeld(Caller caller, Map<UUID, UUID> leases) {
        return reads.stillHeld(caller, leases, rules.clock().now());
    }

    /// Whether the job an idempotency key led to is what was asked for now.
    boolean sameAs(Caller caller, Enqueued known, JobRequest asked) {
        return reads.sameAs(caller, known.id(), asked);
    }

    public Job get(Caller caller, UUID id) {
        Job job = reads.get(caller, id).orElseThrow(() -> unknown(id));
        caller.check(job.queueName());
        return job;
    }

    List<Attempt> attempts(Caller caller, UUID id) {
        checkScope(caller, id);
        return reads.attempts(caller, id).orElseThrow(() -> unknown(id));
    }

    /// Leases jobs to a worker. `alive` tells a waiting claim whether its client is still there.
    public List<ClaimedJob> claim(Caller caller, ClaimRequest asked, BooleanSupplier alive) {
        caller.check(asked.queueName());
        boolean waits = asked.waitSeconds() > 0;
        if (!waits && queues.find(caller, asked.queueName()).isEmpty()) {
            return List.of();
        }
        Queue queue = queues.named(caller, asked.queueName());
        List<Leased> leases = lanes.run(
                caller.org(),
                new Command.Claim(
                        caller.org(),
                        queue.number(),
                        asked.worker(),
                        asked.limit(),
                        asked.leaseSeconds(),
                        asked.waitSeconds() * 1_000,
                        alive));
        return delivered(caller, queue, leases);
    }

    /// Gives back leases that never reached their worker, so that the next one need not wait for their end. What fails
    /// here heals itself when the leases end.
    public void release(Caller caller, List<Leased> leases) {
        for (Leased lease : leases) {
            try {
                lanes.run(caller.org(), new Command.Release(caller.org(), lease.id(), lease.leaseId()));
            } catch (RuntimeException e) {
                LOG.warn("the undelivered lease on job {} could not be given back", lease.id(), e);
            }
        }
    }

    public void complete(Caller caller, Holder holder, @Nullable String result) {
        check(caller, holder);
        if (result != null) {
            checkSize(caller, "result", result);
        }
        var unused = acknowledged(caller, Verb.COMPLETE, holder, new Command.Complete(holder, result));
    }

    /// `retryAfterSeconds` null leaves the wait to the backoff formula; `retry` false dead-letters at once.
    public Acknowledged.Failed fail(
            Caller caller, Holder holder, String error, boolean retry, @Nullable Integer retryAfterSeconds) {
        check(caller, holder);
        String kept = Utf8.truncated(error, MAX_ERROR_BYTES);
        var command = new Command.Fail(holder, kept, retry, retryAfterSeconds);
        if (acknowledged(caller, Verb.FAIL, holder, command) instanceof Acknowledged.Failed failed) {
            return failed;
        }
        throw new IllegalStateException("a failure was not answered as one");
    }

    /// The new end of the lease.
    public Instant heartbeat(Caller caller, Holder holder, int leaseSeconds) {
        check(caller, holder);
        var command = new Command.Heartbeat(holder, leaseSeconds);
        if (acknowledged(caller, Verb.HEARTBEAT, holder, command) instanceof Acknowledged.Renewed renewed) {
            return renewed.expiresAt();
        }
        throw new IllegalStateException("a heartbeat was not answered as one");
    }

    void cancel(Caller caller, UUID id) {
        checkScope(caller, id);
        var unused = settled(caller, new Command.Cancel(caller.org(), id), () -> diagnosis.ofCancel(caller, id));
    }

    /// A failed or dead-lettered job starts over. Answers the job as it then is.
    Job retry(Caller caller, UUID id) {
        checkScope(caller, id);
        var unused = settled(caller, new Command.Retry(caller.org(), id), () -> diagnosis.ofRetry(caller, id));
        return get(caller, id);
    }

    /// Answers the priority the job had.
    int setPriority(Caller caller, UUID id, int priority) {
        Ranges.check("priority", priority, -100, 100);
        checkScope(caller, id);
        var command = new Command.SetPriority(caller.org(), id, (short) priority);
        if (settled(caller, command, () -> diagnosis.ofPriority(caller, id))
                instanceof Acknowledged.Prioritised changed) {
            return changed.old();
        }
        throw new IllegalStateException("a change of priority was not answered as one");
    }

    private Acknowledged acknowledged(Caller caller, Verb verb, Holder holder, Command<Settled> command) {
        Acknowledged outcome = settled(caller, command, () -> diagnosis.ofAcknowledgement(caller, verb, holder));
        if (verb != Verb.HEARTBEAT) {
            inHand.settled(holder.job());
        }
        return outcome;
    }

    /// Runs the command, again a few times if the job was just moving between two tables.
    private Acknowledged settled(Caller caller, Command<Settled> command, Supplier<@Nullable Acknowledged> diagnose) {
        for (int repeat = 0; repeat <= MAX_REPEATS; repeat++) {
            Acknowledged outcome = outcome(lanes.run(caller.org(), command));
            if (outcome != null) {
                count(outcome);
                return outcome;
            }
            Acknowledged before = diagnose.get();
            if (before != null) {
                return before;
            }
        }
        throw Refused.unavailable("The job is changing hands, try again");
    }

    private void count(Acknowledged outcome) {
        switch (outcome) {
            case Acknowledged.Completed done -> metrics.completed();
            case Acknowledged.Failed failed -> metrics.failed(failed.willRetry());
            case Acknowledged.Renewed renewed -> {}
            case Acknowledged.Released released -> {}
            case Acknowledged.Cancelled cancelled -> {}
            case Acknowledged.Retried retried -> {}
            case Acknowledged.Prioritised prioritised -> {}
            case Acknowledged.Signalled signalled -> {}
        }
    }

    private static @Nullable Acknowledged outcome(Settled settled) {
        return switch (settled) {
            case Settled.Completed done -> new Acknowledged.Completed();
            case Settled.WillRetry retry -> new Acknowledged.Failed(true, retry.at());
            case Settled.DeadLettered dead -> new Acknowledged.Failed(false, null);
            case Settled.Renewed renewed -> new Acknowledged.Renewed(renewed.expiresAt());
            case Settled.Released released -> new Acknowledged.Released();
            case Settled.Cancelled cancelled -> new Acknowledged.Cancelled();
            case Settled.Retried retried -> new Acknowledged.Retried();
            case Settled.Prioritised prioritised -> new Acknowledged.Prioritised(prioritised.old());
            case Settled.Signalled signalled -> new Acknowledged.Signalled();
            case Settled.Missed missed -> null;
        };
    }

    private List<ClaimedJob> delivered(Caller caller, Queue queue, List<Leased> leases) {
        try {
            return claimedJobs.read(caller.org(), queue.name(), leases);
        } catch (RuntimeException e) {
            release(caller, leases);
            throw e;
        }
    }

    private void check(Caller caller, Holder holder) {
        WorkerName.check(holder.worker());
        if (caller.strictLeases() && holder.lease() == null) {
            throw Refused.invalid("lease_id", "lease_id is required on every acknowledgement in this organization");
        }
        checkScope(caller, holder.job());
    }

    /// A key for all queues needs no look at the job.
    private void checkScope(Caller caller, UUID id) {
        if (!caller.queues().isEmpty()) {
            caller.check(reads.queueOf(caller, id).orElseThrow(() -> unknown(id)));
        }
    }

    /// Refuses JSON larger than this server, or the caller's plan, allows.
    public void checkSize(Caller caller, String field, String json) {
        int most = Math.min(
                rules.limits().maxPayloadBytes(), rules.plans().of(caller.org()).maxPayloadBytes());
        if (Utf8.longerThan(json, most)) {
            throw new Refused(new Refusal.TooLarge("The " + field + " exceeds the limit of " + most + " bytes"));
        }
    }

    private void checkExpiry(JobRequest asked) {
        Instant end = asked.expiresAt();
        if (end != null && !end.isAfter(rules.clock().now())) {
            throw Refused.invalid("expires_at", "expires_at must lie in the future");
        }
    }

    private static long micros(@Nullable Instant time) {
        return time == null ? NO_TIME : Clock.microsOf(time);
    }

    private static Refused unknown(UUID id) {
        return Refused.notFound("Job not found: " + id);
    }
}
