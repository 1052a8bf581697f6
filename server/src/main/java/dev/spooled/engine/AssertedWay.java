package dev.spooled.engine;

import static dev.spooled.db.PgArray.NO_TIME;

import dev.spooled.db.Args;
import dev.spooled.db.PgArray;
import dev.spooled.db.Row;
import dev.spooled.db.Sql;
import dev.spooled.db.Statements;
import dev.spooled.engine.Batch.Minted;
import dev.spooled.engine.Command.Claim;
import dev.spooled.time.Clock;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BooleanSupplier;

/// Runs a batch as memory proposes and has the database assert it (asserted.sql). Throws when anything is not as
/// believed: then nothing happened, and the lane repeats the batch the exact way.
final class AssertedWay {
    private static final Statements SQL = Statements.beside(AssertedWay.class, "asserted.sql");
    private static final Sql COMPLETE_KNOWN = SQL.get("complete_known");
    private static final Sql INSERT_JOBS = SQL.get("insert_jobs");
    private static final Sql TAKE_READY = SQL.get("take_ready");
    private static final Sql QUEUES_OPEN = SQL.get("queues_open");
    private static final Sql INSERT_READY = SQL.get("insert_ready");
    private static final Sql INSERT_LEASES = SQL.get("insert_leases");
    private static final Sql COUNT_NETTED = SQL.get("count_netted");
    private static final Sql FAIL_ASSERTION = SQL.get("fail_assertion");
    private static final Sql PEEK = SQL.get("peek");

    private final ExactWay exact;
    private final LaneMemory memory = new LaneMemory();
    private final LeaseIds leaseIds = new LeaseIds();
    private final Horizon horizon = new Horizon();

    private final BooleanSupplier doubt;

    AssertedWay(ExactWay exact) {
        this(exact, () -> false);
    }

    /// `doubt` makes the assertion fail when it says so, for tests: nothing but latency may show.
    AssertedWay(ExactWay exact, BooleanSupplier doubt) {
        this.exact = exact;
        this.doubt = doubt;
    }

    /// Drops all that is remembered: after any failure, and while other nodes work the cell.
    void forget() {
        memory.forgetAll();
    }

    void run(LaneSession session, Batch batch) throws SQLException {
        try {
            exact.quotas().run(session, batch, trip -> run(session, batch, trip));
        } catch (SQLException e) {
            exact.tellsOfWaiting(e, batch);
            throw e;
        }
    }

    private void run(LaneSession session, Batch batch, RoundTrip trip) throws SQLException {
        var proposal = Proposal.of(batch, memory, leaseIds);
        var asked = exact.ask(proposal.rest);
        addCompletes(trip, session.cell(), proposal, batch.now());
        asked.addBeforeClaims(trip, session.cell());
        add(trip, session.cell(), proposal, batch.now());
        asked.addClaims(trip, session.cell());
        addPeeks(trip, session.cell(), proposal, batch);
        if (doubt.getAsBoolean()) {
            trip.add(FAIL_ASSERTION, Args.NONE);
        }
        session.commit(trip, () -> {
            // It committed as proposed, only the row addresses are unknown: answer, and remember nothing.
            asked.reconcile(session);
            forget();
            proposal.leaseRows.clear();
        });
        asked.propose();
        proposal.propose(exact.recent());
        if (proposal.leaseRows.size() == proposal.hands.size()
                && proposal.readyRows.size() == proposal.toReady.size()) {
            proposal.remember();
        } else {
            forget();
        }
    }

    private static void addCompletes(RoundTrip trip, int cell, Proposal proposal, Instant now) {
        if (proposal.completes.isEmpty()) {
            return;
        }
        PgArray rows = PgArray.rowIds();
        PgArray ids = PgArray.uuids();
        PgArray leases = PgArray.uuids();
        PgArray results = PgArray.texts();
        proposal.completes.stream().sorted((a, b) -> a.job().compareTo(b.job())).forEach(known -> {
            rows.addRowId(known.lease().rowId());
            ids.add(known.job());
            leases.add(known.lease().leaseId());
            results.add(known.result());
        });
        trip.add(
                COMPLETE_KNOWN,
                Args.of("cell", cell)
                        .and("now", now)
                        .and("rows", rows)
                        .and("ids", ids)
                        .and("leases", leases)
                        .and("results", results)
                        .and("n", (long) proposal.completes.size()));
    }

    private static void add(RoundTrip trip, int cell, Proposal proposal, Instant now) {
        addTaken(trip, cell, proposal);
        if (!proposal.newJobs.isEmpty()) {
            trip.add(INSERT_JOBS, NewJobs.columns(proposal.newJobs, cell, now));
        }
        if (!proposal.toReady.isEmpty()) {
            trip.add(INSERT_READY, ready(cell, proposal), row -> proposal.readyRows.add(row.text("row_id")));
        }
        if (!proposal.hands.isEmpty()) {
            trip.add(INSERT_LEASES, leases(cell, proposal, now), row -> proposal.leaseRows.add(row.text("row_id")));
        }
        addCounters(trip, cell, proposal, now);
    }

    private static void addTaken(RoundTrip trip, int cell, Proposal proposal) {
        PgArray rows = PgArray.rowIds();
        PgArray ids = PgArray.uuids();
        PgArray queues = PgArray.ints();
        int last = -1;
        for (Proposal.Hand hand : proposal.hands) {
            if (hand.fresh() == null) {
                rows.addRowId(hand.row().rowId());
                ids.add(hand.row().id());
            }
            if (hand.queue() != last) {
                queues.add(hand.queue());
                last = hand.queue();
            }
        }
        if (rows.size() > 0) {
            trip.add(
                    TAKE_READY,
                    Args.of("cell", cell).and("rows", rows).and("ids", ids).and("n", (long) rows.size()));
        }
        if (queues.size() > 0) {
            trip.add(QUEUES_OPEN, Args.of("cell", cell).and("queues", queues));
        }
    }

    private static Args ready(int cell, Proposal proposal) {
        PgArray queues = PgArray.ints();
        PgArray orgs = PgArray.ints();
        PgArray priorities = PgArray.shorts();
        PgArray ids = PgArray.uuids();
        PgArray ends = PgArray.times();
        for (Minted minted : proposal.toReady) {
            queues.add(minted.job().queue());
            orgs.add(minted.job().org());
            priorities.add(minted.job().priority());
            ids.add(minted.id());
            ends.addMicros(minted.job().expiresAtMicros());
        }
        return Args.of("cell", cell)
                .and("queues", queues)
                .and("orgs", orgs)
                .and("priorities", priorities)
                .and("ids", ids)
                .and("expires_ats", ends);
    }

    private static Args leases(int cell, Proposal proposal, Instant now) {
        PgArray queues = PgArray.ints();
        PgArray orgs = PgArray.ints();
        PgArray attempts = PgArray.ints();
        PgArray timeouts = PgArray.ints();
        PgArray priorities = PgArray.shorts();
        PgArray retries = PgArray.shorts();
        PgArray flags = PgArray.shorts();
        PgArray ids = PgArray.uuids();
        PgArray leases = PgArray.uuids();
        PgArray seconds = PgArray.ints();
        PgArray workers = PgArray.texts();
        for (Proposal.Hand hand : proposal.hands) {
            var claim = (Claim) hand.ask().command();
            ReadyHead.Row row = hand.row();
            queues.add(hand.queue());
            orgs.add(row.org());
            attempts.add(row.attempt() + 1);
            timeouts.add(row.timeoutSeconds());
            priorities.add(row.priority());
            retries.add(row.retryCount());
            flags.add(row.flags());
            ids.add(row.id());
            leases.add(hand.leaseId());
            seconds.add(claim.leaseSeconds());
            workers.add(claim.worker());
        }
        return Args.of("cell", cell)
                .and("now", now)
                .and("queues", queues)
                .and("orgs", orgs)
                .and("attempts", attempts)
                .and("timeouts", timeouts)
                .and("priorities", priorities)
                .and("retries", retries)
                .and("flags", flags)
                .and("ids", ids)
                .and("leases", leases)
                .and("seconds", seconds)
                .and("workers", workers);
    }

    private static void addCounters(RoundTrip trip, int cell, Proposal proposal, Instant now) {
        PgArray queues = PgArray.ints();
        PgArray kinds = PgArray.shorts();
        PgArray days = PgArray.ints();
        PgArray ns = PgArray.ints();
        proposal.counters.forEach((counter, n) -> {
            if (n != 0) {
                queues.add(counter.queue());
                kinds.add(counter.kind());
                days.add(counter.day());
                ns.add(n.intValue());
            }
        });
        if (queues.size() > 0) {
            trip.add(
                    COUNT_NETTED,
                    Args.of("cell", cell)
                            .and("now", now)
                            .and("queues", queues)
                            .and("kinds", kinds)
                            .and("days", days)
                            .and("ns", ns));
        }
    }

    private void addPeeks(RoundTrip trip, int cell, Proposal proposal, Batch batch) {
        if (proposal.peeks.isEmpty()) {
            return;
        }
        PgArray queues = PgArray.ints();
        proposal.peeks.forEach(queues::add);
        Args args = Args.of("cell", cell)
                .and("queues", queues)
                .and("limit", Proposal.PEEKED_MAX)
                .and("since", horizon.of(batch))
                .and("tomorrow", batch.idsOfDay(1));
        trip.add(PEEK, args, row -> {
            List<ReadyHead.Row> found = proposal.peeked.computeIfAbsent(row.integer("asked"), q -> new ArrayList<>());
            if (row.textOrNull("row_id") != null) {
                horizon.met(row.uuid("id"));
                found.add(peeked(row));
            }
        });
    }

    private static ReadyHead.Row peeked(Row row) throws SQLException {
        Instant end = row.instantOrNull("expires_at");
        Integer timeout = row.integerOrNull("timeout_seconds");
        return new ReadyHead.Row(
                row.text("row_id"),
                row.uuid("id"),
                row.integer("org"),
                row.integer("attempt"),
                (short) row.integer("priority"),
                (short) row.integer("retry_count"),
                (short) row.integer("flags"),
                timeout == null ? 300 : timeout,
                end == null ? NO_TIME : Clock.microsOf(end));
    }
}
