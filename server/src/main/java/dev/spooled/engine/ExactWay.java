package dev.spooled.engine;

import dev.spooled.db.Args;
import dev.spooled.db.PgArray;
import dev.spooled.db.Row;
import dev.spooled.db.Sql;
import dev.spooled.engine.Batch.Minted;
import dev.spooled.engine.Command.Cancel;
import dev.spooled.engine.Command.Complete;
import dev.spooled.engine.Command.Enqueue;
import dev.spooled.engine.Command.Expire;
import dev.spooled.engine.Command.Fail;
import dev.spooled.engine.Command.Heartbeat;
import dev.spooled.engine.Command.Holder;
import dev.spooled.engine.Command.Promote;
import dev.spooled.engine.Command.Reap;
import dev.spooled.engine.Command.Release;
import dev.spooled.engine.Command.Settled;
import dev.spooled.engine.JobMove.Detail;
import dev.spooled.time.Ids;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/// Runs a batch with guarded statements that answer per row: right whatever other nodes do, and always the
/// way back. One round trip, one transaction; answers are proposed to the tickets and published by the lane.
final class ExactWay {
    private static final int SETTLED_MAX = Batch.COMMANDS_MAX;
    private static final long LOOK_MICROS = 1_000_000;

    private final Ids ids;
    private final Sql claim;
    private final Horizon horizon = new Horizon();
    private final LeaseIds leaseIds = new LeaseIds();
    private final RecentJobs recent = new RecentJobs();
    private final Quotas quotas = new Quotas();

    /// Until when batches look for jobs that wait for those that end: for a second after some did. At other times
    /// they assert that there are none, which is far cheaper (`none_waits`).
    private long lookUntilMicros = Long.MIN_VALUE;
    private int surprises;

    ExactWay(Ids ids) {
        this(ids, EngineSql.CLAIM);
    }

    /// `claim` is one of the two statements that claim, with row addresses or with keys.
    ExactWay(Ids ids, Sql claim) {
        this.ids = ids;
        this.claim = claim;
    }

    /// Mints what the batch will need, so that a lost reply can be looked up. Repeating it changes nothing.
    void prepare(Batch batch) {
        batch.sort();
        for (Ticket<?> ticket : batch.enqueues) {
            batch.minted.computeIfAbsent(ticket, this::mint);
        }
        for (Ticket<?> ticket : batch.fires) {
            batch.minted.computeIfAbsent(ticket, t -> Fires.mint(ids, t));
        }
        for (Ticket<?> ticket : batch.workflows) {
            batch.made.computeIfAbsent(ticket, t -> mintWorkflow(batch, t));
        }
    }

    private Command.WorkflowMade mintWorkflow(Batch batch, Ticket<?> ticket) {
        var jobs = new ArrayList<Minted>();
        batch.minted.put(ticket, jobs);
        return WorkflowWork.mint(ids, (Command.EnqueueWorkflow) ticket.command(), jobs, ticket);
    }

    private List<Minted> mint(Ticket<?> ticket) {
        var jobs = new ArrayList<Minted>();
        for (NewJob job : ((Enqueue) ticket.command()).jobs()) {
            jobs.add(new Minted(ticket, job, ids.next()));
        }
        return jobs;
    }

    void run(LaneSession session, Batch batch) throws SQLException {
        try {
            quotas.run(session, batch, trip -> run(session, batch, trip));
        } catch (SQLException e) {
            if (!tellsOfWaiting(e, batch)) {
                throw e;
            }
            batch.clearAnswers();
            quotas.run(session, batch, trip -> run(session, batch, trip));
        }
    }

    private void run(LaneSession session, Batch batch, RoundTrip trip) throws SQLException {
        batch.moves.clear();
        var asked = ask(batch);
        asked.addBeforeClaims(trip, session.cell());
        asked.addClaims(trip, session.cell());
        session.commit(trip, () -> asked.reconcile(session));
        asked.propose();
    }

    Asked ask(Batch batch) {
        return new Asked(batch);
    }

    Quotas quotas() {
        return quotas;
    }

    RecentJobs recent() {
        return recent;
    }

    /// The statements of a prepared batch without the transaction around them, for looking at their plans.
    RoundTrip statements(int cell, Batch batch) {
        var trip = new RoundTrip();
        var asked = ask(batch);
        quotas.charge(trip, cell, batch, Charge.of(batch));
        asked.addBeforeClaims(trip, cell);
        asked.addClaims(trip, cell);
        return trip;
    }

    /// What a batch asks and what came of it.
    final class Asked {
        private final Batch batch;
        private final NewJobs newJobs;
        private final Slots claims;

        private Asked(Batch batch) {
            this.batch = batch;
            newJobs = NewJobs.of(batch);
            claims = Slots.deal(batch.claims, leaseIds);
        }

        void addBeforeClaims(RoundTrip trip, int cell) {
            LockOrder.add(trip, cell, batch);
            settle(trip, cell, batch);
            ByHand.add(trip, cell, batch);
            WorkflowWork.add(trip, cell, batch);
            move(trip, cell, batch);
            newJobs.add(trip, cell, batch);
            WorkflowWork.addNew(trip, cell, batch);
            Fires.add(trip, cell, batch);
            Charge.of(batch).takeBack(trip, cell);
        }

        void addClaims(RoundTrip trip, int cell) {
            claims.add(trip, cell, batch, claim, horizon);
            settleChildren(trip, cell, batch);
        }

        void reconcile(LaneSession session) throws SQLException {
            ExactWay.reconcile(session, batch, newJobs, claims);
        }

        void propose() {
            newJobs.propose(batch, recent);
            claims.propose(batch, recent);
        }
    }

    // ---- acknowledgements: every ticket misses unless its row came back

    private static void settle(RoundTrip trip, int cell, Batch batch) {
        proposeMissed(batch);
        if (!batch.heartbeats.isEmpty()) {
            Args args = held(cell, batch, batch.heartbeats, t -> ((Heartbeat) t.command()).holder());
            PgArray seconds = PgArray.ints();
            batch.heartbeats.forEach(t -> seconds.add(((Heartbeat) t.command()).leaseSeconds()));
            trip.add(
                    EngineSql.HEARTBEAT,
                    args.and("seconds", seconds),
                    row -> batch.heartbeats
                            .get(row.integer("ord"))
                            .propose(new Settled.Renewed(row.instant("expires_at"))));
        }
        if (!batch.completes.isEmpty()) {
            Args args = held(cell, batch, batch.completes, t -> ((Complete) t.command()).holder());
            PgArray results = PgArray.texts();
            batch.completes.forEach(t -> results.add(((Complete) t.command()).result()));
            trip.add(EngineSql.COMPLETE, args.and("results", results), row -> completed(batch, row));
        }
        if (!batch.fails.isEmpty()) {
            trip.add(EngineSql.FAIL, failures(cell, batch), row -> failed(batch, row));
        }
        if (!batch.releases.isEmpty()) {
            trip.add(EngineSql.RELEASE, releases(cell, batch), row -> released(batch, row));
        }
        if (!batch.cancels.isEmpty()) {
            trip.add(EngineSql.CANCEL, cancels(cell, batch), row -> cancelled(batch, row));
        }
    }

    private static void completed(Batch batch, Row row) throws SQLException {
        Ticket<?> ticket = batch.completes.get(row.integer("ord"));
        ticket.propose(new Settled.Completed());
        if (batch.moves.wanted()) {
            var complete = (Complete) ticket.command();
            move(
                    batch,
                    complete.holder(),
                    row,
                    JobStatus.COMPLETED,
                    new Detail.Completed(row.instant("started_at"), complete.result()));
        }
    }

    private static void failed(Batch batch, Row row) throws SQLException {
        Ticket<?> ticket = batch.fails.get(row.integer("ord"));
        boolean again = row.bool("again");
        ticket.propose(again ? new Settled.WillRetry(row.instant("run_at")) : new Settled.DeadLettered());
        if (batch.moves.wanted()) {
            var fail = (Fail) ticket.command();
            move(
                    batch,
                    fail.holder(),
                    row,
                    again ? JobStatus.PENDING : JobStatus.DEADLETTER,
                    new Detail.Failed(fail.error(), row.integer("retry_count") + (again ? 1 : 0)));
        }
    }

    private static void move(Batch batch, Holder holder, Row row, JobStatus to, Detail detail) throws SQLException {
        batch.moves.add(holder.org(), row.integer("queue"), holder.job(), JobStatus.PROCESSING, to, detail);
    }

    private static void released(Batch batch, Row row) throws SQLException {
        Ticket<?> ticket = batch.releases.get(row.integer("ord"));
        var release = (Release) ticket.command();
        int queue = row.integer("queue");
        ticket.propose(new Settled.Released());
        batch.freshened.add(queue);
        batch.moves.add(release.org(), queue, release.job(), JobStatus.PROCESSING, JobStatus.PENDING, Detail.NONE);
    }

    private static void cancelled(Batch batch, Row row) throws SQLException {
        Ticket<?> ticket = batch.cancels.get(row.integer("ord"));
        var cancel = (Cancel) ticket.command();
        ticket.propose(new Settled.Cancelled());
        batch.moves.add(
                cancel.org(),
                row.integer("queue"),
                cancel.job(),
                JobStatus.of(row.integer("kind")),
                JobStatus.CANCELLED,
                Detail.NONE);
    }

    private static void proposeMissed(Batch batch) {
        for (List<Ticket<?>> kind :
                List.of(batch.heartbeats, batch.completes, batch.fails, batch.releases, batch.cancels)) {
            kind.forEach(ticket -> ticket.propose(new Settled.Missed()));
        }
    }

    private static Args held(int cell, Batch batch, List<Ticket<?>> tickets, Function<Ticket<?>, Holder> of) {
        PgArray ords = PgArray.ints();
        PgArray jobs = PgArray.uuids();
        PgArray orgs = PgArray.ints();
        PgArray leases = PgArray.uuids();
        PgArray workers = PgArray.texts();
        PgArray days = PgArray.ints();
        for (int i = 0; i < tickets.size(); i++) {
            Holder holder = of.apply(tickets.get(i));
            ords.add(i);
            jobs.add(holder.job());
            orgs.add(holder.org());
            leases.add(holder.lease());
            workers.add(holder.worker());
            days.add(Ids.dayOf(holder.job()));
        }
        return timed(cell, batch)
                .and("ords", ords)
                .and("ids", jobs)
                .and("orgs", orgs)
                .and("leases", leases)
                .and("workers", workers)
                .and("days", days);
    }

    private static Args timed(int cell, Batch batch) {
        return Args.of("cell", cell)
                .and("now", batch.now())
                .and("hooked", batch.audience().hasHooks());
    }

    private static Args failures(int cell, Batch batch) {
        PgArray errors = PgArray.texts();
        PgArray fingerprints = PgArray.longs();
        PgArray retries = PgArray.booleans();
        PgArray afters = PgArray.ints();
        PgArray lucks = PgArray.ints();
        for (Ticket<?> ticket : batch.fails) {
            Fail fail = (Fail) ticket.command();
            errors.add(fail.error());
            fingerprints.add(Fingerprint.of(fail.error()));
            retries.add(fail.retry());
            afters.addOrNull(fail.retryAfterSeconds());
            lucks.add(ThreadLocalRandom.current().nextInt(1_000_000));
        }
        return held(cell, batch, batch.fails, t -> ((Fail) t.command()).holder())
                .and("errors", errors)
                .and("fingerprints", fingerprints)
                .and("retries", retries)
                .and("afters", afters)
                .and("lucks", lucks)
                .andBounds(batch.fails.stream()
                        .map(ticket -> Batch.jobOf(ticket.command()))
                        .toList());
    }

    private static Args releases(int cell, Batch batch) {
        return held(cell, batch, batch.releases, t -> {
            Release release = (Release) t.command();
            return new Holder(release.org(), release.job(), release.lease(), "");
        });
    }

    private static Args cancels(int cell, Batch batch) {
        return held(cell, batch, batch.cancels, t -> {
            Cancel cancel = (Cancel) t.command();
            return new Holder(cancel.org(), cancel.job(), null, "");
        });
    }

    // ---- chores that move live jobs

    private static void move(RoundTrip trip, int cell, Batch batch) {
        moveSome(trip, EngineSql.PROMOTE, cell, batch, batch.promotes, ExactWay::promoted);
        if (!batch.reaps.isEmpty()) {
            trip.add(EngineSql.SCAN_LEASES, Args.NONE);
        }
        moveSome(trip, EngineSql.REAP, cell, batch, batch.reaps, ExactWay::reaped);
        moveSome(trip, EngineSql.EXPIRE, cell, batch, batch.expires, ExactWay::expired);
    }

    private interface Moved {
        void take(Batch batch, Row row) throws SQLException;
    }

    /// The answer is how many rows came back.
    private static void moveSome(RoundTrip trip, Sql sql, int cell, Batch batch, List<Ticket<?>> tickets, Moved moved) {
        for (Ticket<?> ticket : tickets) {
            ticket.propose(0);
            Args args = timed(cell, batch).and("limit", limitOf(ticket.command()));
            trip.add(sql, args, row -> {
                ticket.propose((ticket.proposed() instanceof Integer n ? n : 0) + 1);
                moved.take(batch, row);
            });
        }
    }

    private static int limitOf(Command<?> chore) {
        return switch (chore) {
            case Promote promote -> promote.limit();
            case Reap reap -> reap.limit();
            case Expire expire -> expire.limit();
            default -> throw new IllegalArgumentException("no chore: " + chore);
        };
    }

    /// A retry whose wait is over has been `pending` all along.
    private static void promoted(Batch batch, Row row) throws SQLException {
        batch.freshened.add(row.integer("queue"));
        if (row.integer("retry_count") == 0) {
            add(batch, row, JobStatus.SCHEDULED, JobStatus.PENDING, Detail.NONE);
        }
    }

    private static void reaped(Batch batch, Row row) throws SQLException {
        boolean again = row.bool("again");
        if (again) {
            batch.freshened.add(row.integer("queue"));
        }
        if (batch.moves.wanted()) {
            var failed = new Detail.Failed(row.text("error"), row.integer("retry_count") + (again ? 1 : 0));
            add(batch, row, JobStatus.PROCESSING, again ? JobStatus.PENDING : JobStatus.DEADLETTER, failed);
        }
    }

    private static void expired(Batch batch, Row row) throws SQLException {
        add(batch, row, JobStatus.of(row.integer("kind")), JobStatus.CANCELLED, Detail.NONE);
    }

    static void add(Batch batch, Row row, JobStatus from, JobStatus to, Detail detail) throws SQLException {
        batch.moves.add(row.integer("org"), row.integer("queue"), row.uuid("id"), from, to, detail);
    }

    // ---- jobs that wait for others

    /// Last in the batch, so that it sees every job that ended in it.
    private void settleChildren(RoundTrip trip, int cell, Batch batch) {
        batch.unsettled = false;
        if (!batch.mayEnd()) {
            return;
        }
        if (!batch.mustSettle() && batch.nowMicros() >= lookUntilMicros) {
            trip.add(EngineSql.NONE_WAITS, Args.of("cell", cell));
            return;
        }
        WorkflowWork.addCancels(trip, cell, batch);
        trip.add(EngineSql.HOLD_CHILDREN, Args.of("cell", cell).and("limit", SETTLED_MAX), row -> {
            int taken = row.integer("taken");
            batch.unsettled |= taken == SETTLED_MAX;
            batch.settles.forEach(ticket -> ticket.propose(taken));
            if (taken > 0) {
                lookFrom(batch);
            }
        });
        trip.add(EngineSql.SETTLE_CHILDREN, timed(cell, batch), row -> settled(batch, row));
        WorkflowWork.settle(trip, cell, batch);
    }

    /// Whether PostgreSQL refused the batch because a job ended that others wait for. Then nothing of it happened, and
    /// it looks for them when it is run again.
    boolean tellsOfWaiting(SQLException e, Batch batch) {
        if (!"SPQ03".equals(e.getSQLState())) {
            return false;
        }
        lookFrom(batch);
        surprises++;
        return true;
    }

    /// Batches of which nothing happened because jobs waited that the lane did not know of.
    int surprises() {
        return surprises;
    }

    private void lookFrom(Batch batch) {
        lookUntilMicros = Math.max(lookUntilMicros, batch.nowMicros() + LOOK_MICROS);
    }

    private static void settled(Batch batch, Row row) throws SQLException {
        batch.unsettled |= row.bool("further");
        JobStatus next = JobStatus.of(row.integer("kind"));
        if (row.text("fate").equals("lost")) {
            add(batch, row, JobStatus.PENDING, JobStatus.CANCELLED, Detail.NONE);
        } else if (next == JobStatus.SCHEDULED) {
            add(batch, row, JobStatus.PENDING, next, Detail.NONE);
        } else {
            batch.freshened.add(row.integer("queue"));
        }
    }

    // ---- after a lost reply to a batch that did commit

    private static void reconcile(LaneSession session, Batch batch, NewJobs newJobs, Slots claims) throws SQLException {
        var trip = session.roundTrip();
        List<Ticket<?>> settled = new ArrayList<>();
        for (List<Ticket<?>> kind : List.of(batch.heartbeats, batch.completes, batch.fails, batch.cancels)) {
            settled.addAll(kind);
        }
        proposeMissed(batch);
        batch.releases.forEach(ticket -> ticket.propose(new Settled.Released()));
        if (!settled.isEmpty()) {
            trip.add(EngineSql.SETTLED_BY, lookup(session.cell(), batch, settled), row -> {
                Ticket<?> ticket = settled.get(row.integer("ord"));
                Settled outcome = outcome(ticket.command(), row);
                if (outcome != null) {
                    ticket.propose(outcome);
                }
            });
        }
        for (Ticket<?> chore : batch.promotes) {
            chore.propose(((Promote) chore.command()).limit());
        }
        for (Ticket<?> chore : batch.reaps) {
            chore.propose(((Reap) chore.command()).limit());
        }
        for (Ticket<?> chore : batch.expires) {
            chore.propose(((Expire) chore.command()).limit());
        }
        batch.settles.forEach(ticket -> ticket.propose(SETTLED_MAX));
        batch.unsettled = batch.mayEnd();
        ByHand.lookUp(trip, session.cell(), batch);
        WorkflowWork.lookUp(trip, session.cell(), batch);
        Fires.lookUp(trip, session.cell(), batch);
        newJobs.lookUp(trip, session.cell());
        claims.lookUp(trip, session.cell());
        trip.run(session.connection());
    }

    private static Args lookup(int cell, Batch batch, List<Ticket<?>> tickets) {
        PgArray ords = PgArray.ints();
        PgArray jobs = PgArray.uuids();
        PgArray leases = PgArray.uuids();
        PgArray workers = PgArray.texts();
        for (int i = 0; i < tickets.size(); i++) {
            Command<?> command = tickets.get(i).command();
            Heartbeat heartbeat = command instanceof Heartbeat beat ? beat : null;
            ords.add(i);
            jobs.add(Batch.jobOf(command));
            leases.add(heartbeat == null ? null : heartbeat.holder().lease());
            workers.add(heartbeat == null ? null : heartbeat.holder().worker());
        }
        return Args.of("cell", cell)
                .and("now", batch.now())
                .and("ords", ords)
                .and("ids", jobs)
                .and("leases", leases)
                .and("workers", workers);
    }

    private static @Nullable Settled outcome(Command<?> command, Row row) throws SQLException {
        int verb = row.integer("verb");
        return switch (command) {
            case Complete _ -> verb == 3 ? new Settled.Completed() : null;
            case Fail _ ->
                verb == 1 ? new Settled.WillRetry(row.instant("at")) : verb == 5 ? new Settled.DeadLettered() : null;
            case Heartbeat _ -> verb == 2 ? new Settled.Renewed(row.instant("at")) : null;
            case Cancel _ -> verb == 6 ? new Settled.Cancelled() : null;
            default -> null;
        };
    }
}
