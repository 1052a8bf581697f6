package dev.spooled.engine;

import dev.spooled.db.Args;
import dev.spooled.db.PgArray;
import dev.spooled.db.Sql;
import dev.spooled.db.Statements;
import dev.spooled.engine.Batch.Minted;
import dev.spooled.engine.Command.EnqueueWorkflow;
import dev.spooled.engine.Command.Fire;
import dev.spooled.engine.Command.Replay;
import dev.spooled.engine.Command.RerunWorkflow;
import dev.spooled.engine.Command.Retry;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/// What a batch costs, by organization: new jobs, jobs that come back to life, new workflows. Jobs that may yet
/// not come to be (another has the key, say) are charged like the others and taken back after the statements that
/// decide it.
final class Charge {
    private static final Statements ALL = Statements.beside(Charge.class, "quotas.sql");
    private static final Sql CHARGE = ALL.get("charge");
    private static final Sql HOLD_USAGE = ALL.get("hold_usage");
    private static final Sql JOIN_BY_HASH = ALL.get("join_by_hash");
    private static final Sql JOIN_BY_KEY = ALL.get("join_by_key");
    private static final Sql RECOUNT = ALL.get("recount");
    private static final Sql KEYS_KNOWN = ALL.get("keys_known");
    private static final Sql UNCHARGE = ALL.get("uncharge");

    /// A workflow that is run again brings back no more jobs than this.
    private static final int RERUN_MAX = 1_000;

    static final class Cost {
        int fresh;
        int back;
        int flows;
    }

    /// In the order in which rows are locked.
    private final TreeMap<Integer, Cost> costs = new TreeMap<>();

    private final List<Minted> doubtful = new ArrayList<>();
    private final Set<NewJobs.Key> keys = new HashSet<>();

    private int last;
    private @Nullable Cost lastCost;

    private Charge() {}

    static Charge of(Batch batch) {
        var charge = new Charge();
        batch.enqueues.forEach(ticket -> charge.addJobs(batch, ticket));
        batch.fires.forEach(ticket -> charge.addRun(batch, ticket));
        batch.workflows.forEach(charge::addWorkflow);
        batch.revivals.forEach(charge::addRevival);
        batch.reruns.forEach(ticket -> charge.cost(((RerunWorkflow) ticket.command()).org()).back += RERUN_MAX);
        return charge;
    }

    /// Neighbours in a batch are mostly of one organization.
    private Cost cost(int org) {
        if (lastCost == null || org != last) {
            lastCost = costs.computeIfAbsent(org, it -> new Cost());
            last = org;
        }
        return lastCost;
    }

    private void addJobs(Batch batch, Ticket<?> ticket) {
        for (Minted minted : batch.minted.getOrDefault(ticket, List.of())) {
            if (batch.known.contains(minted.id())) {
                continue;
            }
            NewJobs.Key key = NewJobs.keyOf(minted);
            if (key == null || keys.add(key)) {
                cost(minted.job().org()).fresh++;
                if (key != null || minted.job().parent() != null) {
                    doubtful.add(minted);
                }
            }
        }
    }

    private void addRun(Batch batch, Ticket<?> ticket) {
        var fire = (Fire) ticket.command();
        if (fire.job() != null && !batch.denied.containsKey(ticket)) {
            cost(fire.org()).fresh++;
            doubtful.add(batch.minted.getOrDefault(ticket, List.of()).getLast());
        }
    }

    private void addWorkflow(Ticket<?> ticket) {
        NewWorkflow workflow = ((EnqueueWorkflow) ticket.command()).workflow();
        Cost cost = cost(workflow.org());
        cost.fresh += workflow.steps().size();
        cost.flows++;
    }

    private void addRevival(Ticket<?> ticket) {
        switch (ticket.command()) {
            case Retry retry -> cost(retry.org()).back++;
            case Replay replay -> cost(replay.org()).back += replay.jobs().size();
            default -> throw new IllegalArgumentException("no revival: " + ticket.command());
        }
    }

    boolean isNothing() {
        return costs.isEmpty();
    }

    Map<Integer, Cost> costs() {
        return costs;
    }

    /// Charges, or undoes the batch; `left` is told what each capped organization has left.
    void add(RoundTrip trip, int cell, int day, RoundTrip.RowTaker left) {
        PgArray orgs = PgArray.ints();
        PgArray fresh = PgArray.ints();
        PgArray back = PgArray.ints();
        PgArray flows = PgArray.ints();
        boolean anyFlows = false;
        for (Map.Entry<Integer, Cost> entry : costs.entrySet()) {
            Cost cost = entry.getValue();
            orgs.add(entry.getKey());
            fresh.add(cost.fresh);
            back.add(cost.back);
            flows.add(cost.flows);
            anyFlows |= cost.flows > 0;
        }
        if (anyFlows) {
            // Open workflows are counted: with the row held, and by a statement that begins after that.
            trip.add(HOLD_USAGE, Args.of("cell", cell).and("orgs", orgs));
        }
        Args args = Args.of("cell", cell)
                .and("day", day)
                .and("orgs", orgs)
                .and("fresh", fresh)
                .and("back", back)
                .and("flows", flows);
        trip.add(CHARGE, args, left);
    }

    /// After the statements that make jobs.
    void takeBack(RoundTrip trip, int cell) {
        if (doubtful.isEmpty()) {
            return;
        }
        PgArray ids = PgArray.uuids();
        PgArray idOrgs = PgArray.ints();
        var orgs = new HashSet<Integer>();
        for (Minted minted : doubtful) {
            ids.add(minted.id());
            idOrgs.add(minted.job().org());
            orgs.add(minted.job().org());
        }
        PgArray sorted = PgArray.ints();
        orgs.stream().sorted().forEach(sorted::add);
        trip.add(
                UNCHARGE,
                Args.of("cell", cell).and("ids", ids).and("id_orgs", idOrgs).and("orgs", sorted));
    }

    /// Holds the rows of all whom the batch costs something, and asks what they have left.
    void addLook(RoundTrip trip, int cell, int day, RoundTrip.RowTaker room) {
        PgArray orgs = PgArray.ints();
        PgArray fresh = PgArray.ints();
        costs.forEach((org, cost) -> {
            orgs.add(org);
            fresh.add(cost.fresh);
        });
        Args args = Args.of("cell", cell).and("day", day).and("orgs", orgs).and("fresh", fresh);
        trip.add(HOLD_USAGE, args);
        trip.add(JOIN_BY_HASH, Args.NONE);
        trip.add(RECOUNT, args, room);
        trip.add(JOIN_BY_KEY, Args.NONE);
    }

    /// Asks which of the batch's jobs have a key that is taken already.
    static void addKeys(RoundTrip trip, int cell, Batch batch, Collection<UUID> known) {
        var keyed = new ArrayList<Minted>();
        PgArray ords = PgArray.ints();
        PgArray orgs = PgArray.ints();
        PgArray keys = PgArray.texts();
        for (Ticket<?> ticket : batch.enqueues) {
            for (Minted minted : batch.minted.getOrDefault(ticket, List.of())) {
                NewJobs.Key key = NewJobs.keyOf(minted);
                if (key != null) {
                    ords.add(keyed.size());
                    orgs.add(key.org());
                    keys.add(key.key());
                    keyed.add(minted);
                }
            }
        }
        if (!keyed.isEmpty()) {
            Args args = Args.of("cell", cell)
                    .and("ords", ords)
                    .and("key_orgs", orgs)
                    .and("keys", keys);
            trip.add(
                    KEYS_KNOWN,
                    args,
                    row -> known.add(keyed.get(row.integer("ord")).id()));
        }
    }
}
