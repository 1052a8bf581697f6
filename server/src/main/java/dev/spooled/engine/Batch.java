package dev.spooled.engine;

import dev.spooled.engine.Command.AddDependencies;
import dev.spooled.engine.Command.Cancel;
import dev.spooled.engine.Command.CancelWorkflow;
import dev.spooled.engine.Command.Claim;
import dev.spooled.engine.Command.Complete;
import dev.spooled.engine.Command.Enqueue;
import dev.spooled.engine.Command.EnqueueWorkflow;
import dev.spooled.engine.Command.Expire;
import dev.spooled.engine.Command.Fail;
import dev.spooled.engine.Command.Fire;
import dev.spooled.engine.Command.Heartbeat;
import dev.spooled.engine.Command.Promote;
import dev.spooled.engine.Command.Purge;
import dev.spooled.engine.Command.Reap;
import dev.spooled.engine.Command.Release;
import dev.spooled.engine.Command.Replay;
import dev.spooled.engine.Command.RerunWorkflow;
import dev.spooled.engine.Command.Retry;
import dev.spooled.engine.Command.SetPriority;
import dev.spooled.engine.Command.Settle;
import dev.spooled.engine.Command.Signal;
import dev.spooled.engine.Command.WorkflowMade;
import dev.spooled.time.Clock;
import dev.spooled.time.Ids;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.UUID;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// What one transaction of the lane is asked to do: tickets by kind, within the bounds of a batch. Knows no SQL.
/// A job is touched by one acknowledgement per batch; a second one waits for the next.
final class Batch {
    static final int COMMANDS_MAX = 2_000;
    static final int ROWS_MAX = 10_000;
    static final int BYTES_MAX = 8 << 20;

    /// A new job with the id it will have if its key wins.
    record Minted(Ticket<?> ticket, NewJob job, UUID id) {}

    final List<Ticket<?>> tickets = new ArrayList<>();
    final List<Ticket<?>> heartbeats = new ArrayList<>();
    final List<Ticket<?>> completes = new ArrayList<>();
    final List<Ticket<?>> fails = new ArrayList<>();
    final List<Ticket<?>> releases = new ArrayList<>();
    final List<Ticket<?>> cancels = new ArrayList<>();
    final List<Ticket<?>> priorities = new ArrayList<>();
    final List<Ticket<?>> revivals = new ArrayList<>();
    final List<Ticket<?>> purges = new ArrayList<>();
    final List<Ticket<?>> settles = new ArrayList<>();
    final List<Ticket<?>> promotes = new ArrayList<>();
    final List<Ticket<?>> reaps = new ArrayList<>();
    final List<Ticket<?>> expires = new ArrayList<>();
    final List<Ticket<?>> enqueues = new ArrayList<>();
    final List<Ticket<?>> claims = new ArrayList<>();
    final List<Ticket<?>> workflows = new ArrayList<>();
    final List<Ticket<?>> workflowCancels = new ArrayList<>();
    final List<Ticket<?>> reruns = new ArrayList<>();
    final List<Ticket<?>> links = new ArrayList<>();
    final List<Ticket<?>> signals = new ArrayList<>();
    final List<Ticket<?>> fires = new ArrayList<>();
    final Map<Ticket<?>, List<Minted>> minted = new HashMap<>();
    final Map<Ticket<?>, WorkflowMade> made = new HashMap<>();

    /// Runs of schedules whose job would be over a quota, with what is written down in its place.
    final Map<Ticket<?>, String> denied = new HashMap<>();

    /// New jobs whose idempotency key was seen to be taken: they cost nothing.
    final Set<UUID> known = new HashSet<>();

    /// Queues whose jobs came back (released, promoted, reaped): known only after the batch ran, so parked
    /// claims of theirs look again in the next one. New jobs meet the parked claims in their own batch.
    final Set<Integer> freshened = new HashSet<>();

    /// Whether ended jobs are left that others wait for: known only after the batch ran, for the next one to
    /// settle.
    boolean unsettled;

    /// Whether other nodes may want the same rows at this moment.
    boolean amongOthers;

    private final Set<UUID> touched = new HashSet<>();
    private final long nowMicros;
    private Audience audience;

    /// What the batch changes, for those who watch: known only after it ran.
    Moves moves;

    private int rows;
    private int bytes;

    Batch(long nowMicros) {
        this(nowMicros, Audience.NOBODY);
    }

    Batch(long nowMicros, Audience audience) {
        this.nowMicros = nowMicros;
        this.audience = audience;
        this.moves = new Moves(audience.watching(), nowMicros);
    }

    Instant now() {
        return Clock.instantOf(nowMicros);
    }

    /// The UTC day of the batch, counted from 1970-01-01.
    int day() {
        return (int) Math.floorDiv(nowMicros, Duration.ofDays(1).toNanos() / 1_000);
    }

    /// The smallest id of today, or of so many days after it.
    UUID idsOfDay(int after) {
        return Ids.floor(Duration.ofDays(day() + (long) after).toMillis());
    }

    long nowMicros() {
        return nowMicros;
    }

    /// Whoever began to listen before a command was given hears of it: so this is asked when all are in.
    void tell(Audience listening) {
        audience = listening;
        moves = new Moves(listening.watching(), nowMicros);
    }

    Audience audience() {
        return audience;
    }

    boolean isEmpty() {
        return tickets.isEmpty();
    }

    boolean isFull() {
        return tickets.size() >= COMMANDS_MAX || rows >= ROWS_MAX || bytes >= BYTES_MAX;
    }

    /// Takes the ticket, or returns false when it must wait for the next batch.
    boolean add(Ticket<?> ticket) {
        boolean taken = switch (ticket.command()) {
            case Enqueue enqueue -> addEnqueue(ticket, enqueue);
            case Claim claim -> addTo(claims, ticket, claim.limit());
            case Complete complete ->
                addHeld(completes, ticket, complete.holder().job(), sizeOf(complete.result()));
            case Fail fail ->
                addHeld(fails, ticket, fail.holder().job(), fail.error().length());
            case Heartbeat heartbeat ->
                addHeld(heartbeats, ticket, heartbeat.holder().job(), 0);
            case Release release -> addHeld(releases, ticket, release.job(), 0);
            case Cancel cancel -> addHeld(cancels, ticket, cancel.job(), 0);
            case SetPriority change -> addHeld(priorities, ticket, change.job(), 0);
            case Retry retry -> addHeld(revivals, ticket, retry.job(), 0);
            case Replay replay -> addAllHeld(revivals, ticket, replay.jobs());
            case Purge purge -> addAllHeld(purges, ticket, purge.jobs());
            case EnqueueWorkflow enqueue -> addWorkflow(ticket, enqueue.workflow());
            case CancelWorkflow cancel -> addHeld(workflowCancels, ticket, cancel.workflow(), 0);
            case RerunWorkflow rerun -> addHeld(reruns, ticket, rerun.workflow(), 0);
            case AddDependencies link -> addHeld(links, ticket, link.job(), 0);
            case Signal signal -> addHeld(signals, ticket, signal.job(), sizeOf(signal.data()));
            case Fire fire -> addHeld(fires, ticket, fire.schedule(), sizeOf(fire));
            case Settle _ -> addAlone(settles, ticket, 1);
            case Promote promote -> addAlone(promotes, ticket, promote.limit());
            case Reap reap -> addAlone(reaps, ticket, reap.limit());
            case Expire expire -> addAlone(expires, ticket, expire.limit());
        };
        if (taken) {
            tickets.add(ticket);
        }
        return taken;
    }

    /// Whether its commit may have left events in the outbox: of organizations with webhooks, or of jobs that ended and
    /// have one of their own.
    boolean mayLeaveEvents() {
        for (Ticket<?> ticket : tickets) {
            boolean may = switch (ticket.command()) {
                case Heartbeat _, Release _, SetPriority _, AddDependencies _, Promote _ -> false;
                case Reap _, Expire _, Settle _ -> !Objects.equals(ticket.proposed(), 0);
                case Claim _, Enqueue _, EnqueueWorkflow _ -> audience.hasHooks();
                default -> true;
            };
            if (may) {
                return true;
            }
        }
        return false;
    }

    private boolean addEnqueue(Ticket<?> ticket, Enqueue enqueue) {
        for (NewJob job : enqueue.jobs()) {
            bytes += job.bytes();
        }
        return addTo(enqueues, ticket, enqueue.jobs().size());
    }

    private boolean addWorkflow(Ticket<?> ticket, NewWorkflow workflow) {
        bytes += workflow.bytes();
        return addTo(workflows, ticket, workflow.steps().size());
    }

    private boolean addHeld(List<Ticket<?>> kind, Ticket<?> ticket, UUID job, int size) {
        if (!touched.add(job)) {
            return false;
        }
        bytes += size;
        return addTo(kind, ticket, 1);
    }

    private boolean addAllHeld(List<Ticket<?>> kind, Ticket<?> ticket, List<UUID> jobs) {
        if (!Collections.disjoint(touched, jobs)) {
            return false;
        }
        touched.addAll(jobs);
        return addTo(kind, ticket, jobs.size());
    }

    private boolean addAlone(List<Ticket<?>> kind, Ticket<?> ticket, int size) {
        return kind.isEmpty() && addTo(kind, ticket, size);
    }

    private boolean addTo(List<Ticket<?>> kind, Ticket<?> ticket, int size) {
        rows += size;
        return kind.add(ticket);
    }

    /// New jobs that may be ready at once.
    void forEachNewJob(Consumer<NewJob> work) {
        enqueues.forEach(ticket -> ((Enqueue) ticket.command()).jobs().forEach(work));
        fires.forEach(ticket -> {
            NewJob job = ((Fire) ticket.command()).job();
            if (job != null) {
                work.accept(job);
            }
        });
        workflows.forEach(ticket -> ((EnqueueWorkflow) ticket.command())
                .workflow()
                .steps()
                .forEach(step -> {
                    if (step.parents().isEmpty()) {
                        work.accept(step.job());
                    }
                }));
    }

    private static int sizeOf(Fire fire) {
        NewJob job = fire.job();
        return job == null ? 0 : job.bytes();
    }

    private static int sizeOf(@Nullable String text) {
        return text == null ? 0 : text.length();
    }

    /// The ids of a new workflow, once the batch is prepared.
    WorkflowMade madeBy(Ticket<?> ticket) {
        return Objects.requireNonNull(made.get(ticket));
    }

    /// Sorts acknowledgements by job: rows are locked in id order, so that two nodes never wait for each other.
    void sort() {
        for (List<Ticket<?>> kind : List.of(heartbeats, completes, fails, releases, cancels, priorities)) {
            kind.sort(Comparator.comparing(ticket -> jobOf(ticket.command())));
        }
    }

    static UUID jobOf(Command<?> command) {
        return switch (command) {
            case Heartbeat heartbeat -> heartbeat.holder().job();
            case Complete complete -> complete.holder().job();
            case Fail fail -> fail.holder().job();
            case Release release -> release.job();
            case Cancel cancel -> cancel.job();
            case SetPriority change -> change.job();
            case Retry retry -> retry.job();
            case AddDependencies link -> link.job();
            case Signal signal -> signal.job();
            case Replay _,
                    Purge _,
                    Settle _,
                    Enqueue _,
                    EnqueueWorkflow _,
                    CancelWorkflow _,
                    RerunWorkflow _,
                    Fire _,
                    Claim _,
                    Promote _,
                    Reap _,
                    Expire _ -> throw new IllegalArgumentException("no single job: " + command);
        };
    }

    /// Whether anything in it may end a job that others or a workflow wait for, or bring one back.
    boolean mayEnd() {
        return mustSettle()
                || !(completes.isEmpty()
                        && fails.isEmpty()
                        && cancels.isEmpty()
                        && reaps.isEmpty()
                        && expires.isEmpty());
    }

    /// Whether something in it is about jobs that wait for others, or about their workflows.
    boolean mustSettle() {
        return !(workflowCancels.isEmpty()
                && reruns.isEmpty()
                && links.isEmpty()
                && revivals.isEmpty()
                && settles.isEmpty());
    }

    /// Takes these tickets out and refuses them: the rest goes on without them.
    void refuse(Map<Ticket<?>, RuntimeException> refused) {
        for (List<Ticket<?>> kind : List.of(tickets, enqueues, workflows, fires)) {
            kind.removeIf(refused::containsKey);
        }
        minted.keySet().removeAll(refused.keySet());
        made.keySet().removeAll(refused.keySet());
        refused.forEach(Ticket::refuse);
    }

    /// Forgets what a run proposed that was undone.
    void clearAnswers() {
        tickets.forEach(Ticket::forget);
        freshened.clear();
        unsettled = false;
        moves.clear();
    }

    /// Two batches of half the tickets each, ids kept: how a bad row is found without hurting the others.
    List<Batch> halves() {
        var first = new Batch(nowMicros, audience);
        var second = new Batch(nowMicros, audience);
        first.amongOthers = amongOthers;
        second.amongOthers = amongOthers;
        int half = tickets.size() / 2;
        for (int i = 0; i < tickets.size(); i++) {
            Ticket<?> ticket = tickets.get(i);
            ticket.forget();
            Batch into = i < half ? first : second;
            into.add(ticket);
            List<Minted> ids = minted.get(ticket);
            if (ids != null) {
                into.minted.put(ticket, ids);
            }
            WorkflowMade workflow = made.get(ticket);
            if (workflow != null) {
                into.made.put(ticket, workflow);
            }
        }
        return List.of(first, second);
    }
}
