package dev.spooled.engine;

import static dev.spooled.db.PgArray.NO_TIME;

import dev.spooled.engine.Batch.Minted;
import dev.spooled.engine.Command.Claim;
import dev.spooled.engine.Command.Complete;
import dev.spooled.engine.Command.Enqueue;
import dev.spooled.engine.Command.Enqueued;
import dev.spooled.engine.Command.Leased;
import dev.spooled.engine.Command.Settled;
import dev.spooled.engine.LaneMemory.KnownLease;
import dev.spooled.time.Clock;
import dev.spooled.time.Ids;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/// What memory proposes for a batch: which leases are completed, which new jobs go straight to a claim that waits,
/// which remembered rows are claimed, what the counters become. What memory cannot decide is left in `rest`, a batch
/// for the exact way in the same transaction.
///
/// A new job is handed over only when no remembered row goes before it and memory holds all that could: so nobody is
/// overtaken. Decides only; memory is changed by `remember` after the commit.
final class Proposal {
    /// A lease about to leave less of its time than this is settled the exact way, which judges by the database.
    private static final long CLOSE_MICROS = 300_000;

    static final int PEEKED_MAX = 1_000;

    /// A job in the hands of a claim: a row taken from `ready`, or a new job that never was there.
    record Hand(
            Ticket<?> ask,
            int queue,
            UUID leaseId,
            ReadyHead.Row row,
            @Nullable NewJob fresh) {}

    record Counter(int queue, short kind, int day) {}

    record Known(
            Ticket<?> ticket,
            UUID job,
            KnownLease lease,
            @Nullable String result) {}

    final Batch rest;
    final List<Known> completes = new ArrayList<>();
    final List<Minted> newJobs = new ArrayList<>();
    final List<Minted> toReady = new ArrayList<>();
    final List<Hand> hands = new ArrayList<>();
    final Set<Integer> peeks = new LinkedHashSet<>();
    final Map<Counter, Integer> counters = new HashMap<>();

    /// Filled by the answers: row addresses in the order of `toReady` and `hands`.
    final List<String> readyRows = new ArrayList<>();

    final List<String> leaseRows = new ArrayList<>();
    final Map<Integer, List<ReadyHead.Row>> peeked = new HashMap<>();

    private final Batch batch;
    private final LaneMemory memory;
    private final LeaseIds leaseIds;
    private final Map<Ticket<?>, List<Leased>> dealt = new LinkedHashMap<>();
    private final List<Ticket<?>> enqueues = new ArrayList<>();
    private final Set<Integer> stale = new HashSet<>();
    private final Set<Integer> unseen = new HashSet<>();
    private boolean moved;

    private Proposal(Batch batch, LaneMemory memory, LeaseIds leaseIds) {
        this.batch = batch;
        this.memory = memory;
        this.leaseIds = leaseIds;
        this.rest = new Batch(batch.nowMicros(), batch.audience());
    }

    static Proposal of(Batch batch, LaneMemory memory, LeaseIds leaseIds) {
        var proposal = new Proposal(batch, memory, leaseIds);
        Map<Integer, List<Ticket<?>>> asks = new LinkedHashMap<>();
        Map<Integer, List<Minted>> fresh = new LinkedHashMap<>();
        for (Ticket<?> ticket : batch.tickets) {
            switch (ticket.command()) {
                case Complete complete -> proposal.complete(ticket, complete);
                case Enqueue enqueue -> proposal.enqueue(ticket, enqueue, fresh);
                case Claim claim ->
                    asks.computeIfAbsent(claim.queue(), q -> new ArrayList<>()).add(ticket);
                default -> proposal.leave(ticket);
            }
        }
        fresh.keySet().forEach(queue -> asks.putIfAbsent(queue, List.of()));
        asks.forEach((queue, waiting) -> proposal.deal(queue, waiting, fresh.getOrDefault(queue, List.of())));
        proposal.rest.minted.putAll(batch.minted);
        proposal.rest.made.putAll(batch.made);
        proposal.rest.denied.putAll(batch.denied);
        proposal.rest.known.addAll(batch.known);
        proposal.rest.sort();
        return proposal;
    }

    /// Whatever a caller changes among ready rows without memory's doing makes this batch's claims the exact
    /// way's: they come after it in the transaction and must see what it did. What the chores change is of this
    /// moment, and claims of the same moment may come before it: rows that return are for the next batch, and
    /// rows that end no claim would take.
    private void leave(Ticket<?> ticket) {
        rest.add(ticket);
        if (!mayComeAfterClaims(ticket.command())) {
            moved = true;
        }
    }

    private static boolean mayComeAfterClaims(Command<?> command) {
        return switch (command) {
            case Command.Heartbeat _, Command.Fail _ -> true;
            case Command.Promote _, Command.Reap _, Command.Expire _, Command.Settle _ -> true;
            default -> false;
        };
    }

    // ---- completions

    private void complete(Ticket<?> ticket, Complete complete) {
        UUID job = complete.holder().job();
        KnownLease lease = memory.lease(job);
        if (lease == null || !isHeld(complete.holder(), lease)) {
            rest.add(ticket);
            return;
        }
        completes.add(new Known(ticket, job, lease, complete.result()));
        count(lease.queue(), 2, job, -1);
        count(lease.queue(), 3, job, 1);
    }

    private boolean isHeld(Command.Holder holder, KnownLease lease) {
        UUID given = holder.lease();
        return lease.flags() == 0
                && !batch.audience().hooked().contains(lease.org())
                && lease.org() == holder.org()
                && lease.expiresAtMicros() - batch.nowMicros() > CLOSE_MICROS
                && (given == null ? lease.worker().equals(holder.worker()) : given.equals(lease.leaseId()));
    }

    // ---- new jobs

    private void enqueue(Ticket<?> ticket, Enqueue enqueue, Map<Integer, List<Minted>> fresh) {
        if (!enqueue.jobs().stream().allMatch(this::isSimple)) {
            rest.add(ticket);
            enqueue.jobs().forEach(job -> unseen.add(job.queue()));
            return;
        }
        enqueues.add(ticket);
        for (Minted minted : batch.minted.getOrDefault(ticket, List.of())) {
            newJobs.add(minted);
            fresh.computeIfAbsent(minted.job().queue(), q -> new ArrayList<>()).add(minted);
            count(minted.job().queue(), 10, minted.id(), 1);
        }
    }

    /// Ready at once and asking nothing of the database: no key to race for, no parent, no tags to index, no webhook to
    /// tell.
    private boolean isSimple(NewJob job) {
        return job.idempotencyKey() == null
                && job.parent() == null
                && job.completionWebhook() == null
                && !batch.audience().hooked().contains(job.org())
                && job.terms().isEmpty()
                && (job.runAtMicros() == NO_TIME || job.runAtMicros() <= batch.nowMicros());
    }

    // ---- claims

    private void deal(int queue, List<Ticket<?>> asks, List<Minted> fresh) {
        ReadyHead head = memory.head(queue);
        if (head == null || moved || unseen.contains(queue) || isHooked(asks)) {
            fresh.forEach(this::putReady);
            asks.forEach(rest::add);
            if (!asks.isEmpty()) {
                peeks.add(queue);
            }
            return;
        }
        var line = new Line(head, fresh);
        for (Ticket<?> ask : asks) {
            List<Leased> got = serve(ask, queue, line);
            if (got.isEmpty() && head.hasMore()) {
                rest.add(ask);
                peeks.add(queue);
            } else {
                dealt.put(ask, got);
            }
        }
        line.freshLeft().forEach(this::putReady);
        if (line.metExpired) {
            stale.add(queue);
        }
    }

    private boolean isHooked(List<Ticket<?>> asks) {
        return !asks.isEmpty()
                && batch.audience().hooked().contains(((Claim) asks.getFirst().command()).org());
    }

    private List<Leased> serve(Ticket<?> ask, int queue, Line line) {
        var claim = (Claim) ask.command();
        List<Leased> got = new ArrayList<>();
        while (got.size() < claim.limit()) {
            Candidate next = line.next();
            if (next == null) {
                break;
            }
            UUID lease = leaseIds.next();
            hands.add(new Hand(ask, queue, lease, next.row(), next.fresh()));
            if (next.fresh() == null) {
                count(queue, 0, next.row().id(), -1);
            }
            count(queue, 2, next.row().id(), 1);
            got.add(leased(claim, lease, next));
        }
        return got;
    }

    private Leased leased(Claim claim, UUID lease, Candidate next) {
        ReadyHead.Row row = next.row();
        long end = batch.nowMicros() + claim.leaseSeconds() * 1_000_000L;
        return new Leased(
                row.id(),
                claim.queue(),
                lease,
                row.attempt() + 1,
                row.retryCount(),
                row.priority(),
                batch.now(),
                Clock.instantOf(end),
                next.fresh());
    }

    private void putReady(Minted minted) {
        toReady.add(minted);
        count(minted.job().queue(), 0, minted.id(), 1);
    }

    private void count(int queue, int kind, UUID job, int by) {
        counters.merge(new Counter(queue, (short) kind, Ids.dayOf(job)), by, Integer::sum);
    }

    private record Candidate(ReadyHead.Row row, @Nullable NewJob fresh) {}

    /// The remembered rows of a queue and its new jobs as one line, best first.
    private final class Line {
        private final java.util.Iterator<ReadyHead.Row> remembered;
        private final java.util.ArrayDeque<Minted> handable = new java.util.ArrayDeque<>();
        private final List<Minted> beyond = new ArrayList<>();
        private ReadyHead.@Nullable Row front;
        private boolean metExpired;

        Line(ReadyHead head, List<Minted> fresh) {
            remembered = head.rows().iterator();
            fresh.stream()
                    .sorted((a, b) -> ReadyHead.ORDER.compare(rowOf(a, ""), rowOf(b, "")))
                    .forEach(minted -> {
                        if (head.covers(rowOf(minted, ""))) {
                            handable.addLast(minted);
                        } else {
                            beyond.add(minted);
                        }
                    });
            step();
        }

        private void step() {
            front = null;
            while (front == null && remembered.hasNext()) {
                ReadyHead.Row row = remembered.next();
                if (row.expired(batch.nowMicros())) {
                    metExpired = true;
                } else {
                    front = row;
                }
            }
        }

        @Nullable
        Candidate next() {
            Minted first = handable.peekFirst();
            ReadyHead.Row row = front;
            if (row != null && (first == null || ReadyHead.ORDER.compare(row, rowOf(first, "")) < 0)) {
                step();
                return new Candidate(row, null);
            }
            if (first == null) {
                return null;
            }
            handable.removeFirst();
            return new Candidate(rowOf(first, ""), first.job());
        }

        List<Minted> freshLeft() {
            var left = new ArrayList<Minted>(handable);
            left.addAll(beyond);
            return left;
        }
    }

    static ReadyHead.Row rowOf(Minted minted, String rowId) {
        NewJob job = minted.job();
        return new ReadyHead.Row(
                rowId,
                minted.id(),
                job.org(),
                0,
                job.priority(),
                (short) 0,
                (short) 0,
                job.timeoutSeconds(),
                job.expiresAtMicros());
    }

    // ---- after the commit

    void propose(RecentJobs recent) {
        tell();
        completes.forEach(known -> known.ticket().propose(new Settled.Completed()));
        for (Ticket<?> ticket : enqueues) {
            List<Enqueued> made = new ArrayList<>();
            batch.minted.getOrDefault(ticket, List.of()).forEach(job -> made.add(new Enqueued(job.id(), true)));
            ticket.propose(made);
        }
        toReady.forEach(minted -> recent.remember(minted.id(), minted.job()));
        dealt.forEach((ask, got) -> ask.propose(got.stream()
                .map(leased -> leased.facts() == null ? leased.with(recent.take(leased.id())) : leased)
                .toList()));
        batch.freshened.addAll(rest.freshened);
        batch.unsettled = rest.unsettled;
    }

    /// In the order in which they concern a job: made, then what the exact way did, then claimed or completed.
    private void tell() {
        newJobs.forEach(minted -> batch.moves.created(minted, JobStatus.PENDING));
        batch.moves.addAll(rest.moves);
        for (Known known : completes) {
            KnownLease lease = known.lease();
            batch.moves.add(
                    lease.org(),
                    lease.queue(),
                    known.job(),
                    JobStatus.PROCESSING,
                    JobStatus.COMPLETED,
                    new JobMove.Detail.Completed(Clock.instantOf(lease.startedAtMicros()), known.result()));
        }
        dealt.forEach((ask, got) -> {
            var claim = (Claim) ask.command();
            got.forEach(leased -> batch.moves.claimed(claim.org(), leased, claim.worker()));
        });
    }

    void remember() {
        long now = batch.nowMicros();
        completes.forEach(known -> memory.forgetLease(known.job()));
        forgetWhatTheExactWayChanged();
        for (int i = 0; i < hands.size(); i++) {
            Hand hand = hands.get(i);
            var claim = (Claim) hand.ask().command();
            ReadyHead head = memory.head(hand.queue());
            if (head != null && hand.fresh() == null) {
                head.remove(hand.row());
            }
            long end = now + claim.leaseSeconds() * 1_000_000L;
            var lease = new KnownLease(
                    leaseRows.get(i),
                    hand.leaseId(),
                    claim.worker(),
                    hand.row().org(),
                    hand.queue(),
                    now,
                    end,
                    hand.row().flags());
            memory.learn(hand.row().id(), lease, now);
        }
        for (int i = 0; i < toReady.size(); i++) {
            ReadyHead head = memory.head(toReady.get(i).job().queue());
            if (head != null) {
                head.add(rowOf(toReady.get(i), readyRows.get(i)));
            }
        }
        stale.forEach(memory::forget);
        for (int queue : peeks) {
            List<ReadyHead.Row> found = peeked.get(queue);
            if (found == null) {
                memory.forget(queue);
            } else {
                memory.learn(queue, ReadyHead.of(found, found.size() >= PEEKED_MAX));
            }
        }
    }

    /// A new job's queue, and its parent's row, which the exact way marks as waited for wherever it lies.
    private void forgetAround(NewJob job) {
        memory.forget(job.queue());
        UUID parent = job.parent();
        if (parent != null) {
            memory.forgetLease(parent);
            memory.forgetQueues();
        }
    }

    /// Queues and leases that `rest` touched are no longer as memory has them.
    private void forgetWhatTheExactWayChanged() {
        rest.freshened.forEach(memory::forget);
        for (Ticket<?> ticket : rest.tickets) {
            switch (ticket.command()) {
                case Claim _, Command.Promote _, Command.Reap _ -> {}
                case Complete complete -> memory.forgetLease(complete.holder().job());
                case Command.Fail fail -> memory.forgetLease(fail.holder().job());
                case Command.Heartbeat heartbeat ->
                    memory.forgetLease(heartbeat.holder().job());
                case Command.Release release -> memory.forgetLease(release.job());
                case Enqueue enqueue -> enqueue.jobs().forEach(this::forgetAround);
                case Command.Expire _, Command.Settle _ -> {
                    if (!Objects.equals(ticket.proposed(), 0)) {
                        memory.forgetQueues();
                    }
                }
                case Command.EnqueueWorkflow enqueue ->
                    enqueue.workflow()
                            .steps()
                            .forEach(step -> memory.forget(step.job().queue()));
                case Command.Fire fire -> {
                    if (fire.job() != null) {
                        memory.forget(fire.job().queue());
                    }
                }
                case Command.AddDependencies link -> {
                    link.parents().forEach(memory::forgetLease);
                    memory.forgetQueues();
                }
                case Command.Cancel _,
                        Command.SetPriority _,
                        Command.Retry _,
                        Command.Replay _,
                        Command.Purge _,
                        Command.CancelWorkflow _,
                        Command.RerunWorkflow _,
                        Command.Signal _ -> memory.forgetQueues();
            }
        }
    }
}
