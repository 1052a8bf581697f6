package dev.spooled.engine;

import dev.spooled.db.Row;
import dev.spooled.engine.Batch.Minted;
import dev.spooled.engine.Command.EnqueueWorkflow;
import dev.spooled.engine.Command.Fire;
import dev.spooled.refusal.Refusal;
import dev.spooled.refusal.Refused;
import java.sql.SQLException;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// Holds organizations to the caps of their plans on jobs and workflows, exactly and on any number of nodes
/// (docs/decisions/0004-quotas.md).
///
/// A batch is charged at its beginning and undone when that goes beyond a cap. Then, or at once when the last
/// charge left too little, it is looked at closely: with the rows of `usage` held, keys that are known cost
/// nothing, active jobs are recounted, and the tickets get what is left in the order they came; the newest are
/// refused.
final class Quotas {
    private static final String OVER = "SPQ01";
    private static final int REMEMBERED_MAX = 10_000;
    private static final long DAY_MICROS = Duration.ofDays(1).toNanos() / 1_000;

    /// A batch whose transaction has begun with this round trip.
    interface Work {
        void run(RoundTrip begun) throws SQLException;
    }

    /// What the last charge left; a hint only, since other nodes charge, too.
    private record Left(int day, long today, long active) {
        boolean isLessThan(Charge.Cost cost, int now) {
            return cost.fresh > 0 && (cost.flows > 0 || cost.fresh > active || day == now && cost.fresh > today);
        }
    }

    private final Map<Integer, Left> left = new LinkedHashMap<>() {
        @Override
        protected boolean removeEldestEntry(Map.Entry<Integer, Left> eldest) {
            return size() > REMEMBERED_MAX;
        }
    };

    void run(LaneSession session, Batch batch, Work work) throws SQLException {
        try {
            work.run(begin(session, batch, false));
        } catch (SQLException e) {
            if (!OVER.equals(e.getSQLState())) {
                throw e;
            }
            batch.clearAnswers();
            work.run(begin(session, batch, true));
        }
    }

    private RoundTrip begin(LaneSession session, Batch batch, boolean closely) throws SQLException {
        var trip = session.roundTrip();
        session.open(trip);
        batch.known.clear();
        batch.denied.clear();
        var charge = Charge.of(batch);
        if (closely || isNear(charge, dayOf(batch))) {
            look(session, trip, batch, charge);
            trip = session.roundTrip();
            charge = Charge.of(batch);
        }
        charge(trip, session.cell(), batch, charge);
        return trip;
    }

    private boolean isNear(Charge charge, int day) {
        if (left.isEmpty()) {
            return false;
        }
        for (Map.Entry<Integer, Charge.Cost> entry : charge.costs().entrySet()) {
            Left known = left.get(entry.getKey());
            if (known != null && known.isLessThan(entry.getValue(), day)) {
                return true;
            }
        }
        return false;
    }

    void charge(RoundTrip trip, int cell, Batch batch, Charge charge) {
        if (!charge.isNothing()) {
            charge.add(trip, cell, dayOf(batch), this::remember);
        }
    }

    private void remember(Row row) throws SQLException {
        Integer today = row.integerOrNull("today");
        Integer active = row.integerOrNull("active");
        left.put(
                row.integer("org"),
                new Left(
                        row.integer("day"),
                        today == null ? Long.MAX_VALUE : today,
                        active == null ? Long.MAX_VALUE : active));
    }

    // ---- a closer look

    private void look(LaneSession session, RoundTrip trip, Batch batch, Charge charge) throws SQLException {
        var rooms = new HashMap<Integer, Room>();
        charge.addLook(trip, session.cell(), dayOf(batch), row -> rooms.put(row.integer("org"), new Room(row)));
        Charge.addKeys(trip, session.cell(), batch, batch.known);
        session.ask(trip);
        left.keySet().removeAll(charge.costs().keySet());
        try {
            deal(batch, rooms);
        } catch (RuntimeException e) {
            session.rollBack();
            throw e;
        }
    }

    private static void deal(Batch batch, Map<Integer, Room> rooms) {
        Map<Ticket<?>, RuntimeException> refused = new HashMap<>();
        Set<NewJobs.Key> granted = new HashSet<>();
        for (Ticket<?> ticket : batch.tickets) {
            Refusal why = take(batch, ticket, rooms, granted);
            if (why == null) {
                continue;
            }
            if (ticket.command() instanceof Fire fire && !fire.isManual()) {
                batch.denied.put(ticket, why.message());
            } else {
                refused.put(ticket, new Refused(why));
            }
        }
        batch.refuse(refused);
    }

    private static @Nullable Refusal take(
            Batch batch, Ticket<?> ticket, Map<Integer, Room> rooms, Set<NewJobs.Key> granted) {
        return switch (ticket.command()) {
            case Command.Enqueue enqueue -> {
                Room room = rooms.get(enqueue.jobs().getFirst().org());
                yield room == null ? null : takeJobs(batch, ticket, room, granted);
            }
            case EnqueueWorkflow enqueue -> {
                Room room = rooms.get(enqueue.workflow().org());
                yield room == null ? null : room.take(enqueue.workflow().steps().size(), 1);
            }
            case Fire fire -> {
                Room room = rooms.get(fire.org());
                yield room == null || fire.job() == null ? null : room.take(1, 0);
            }
            default -> null;
        };
    }

    /// All the jobs of a command or none. Those with a known key, or one that a command before brings, are free.
    private static @Nullable Refusal takeJobs(Batch batch, Ticket<?> ticket, Room room, Set<NewJobs.Key> granted) {
        Set<NewJobs.Key> own = new HashSet<>();
        int fresh = 0;
        for (Minted minted : batch.minted.getOrDefault(ticket, List.of())) {
            NewJobs.Key key = NewJobs.keyOf(minted);
            boolean free = batch.known.contains(minted.id()) || key != null && (granted.contains(key) || !own.add(key));
            fresh += free ? 0 : 1;
        }
        Refusal why = fresh == 0 ? null : room.take(fresh, 0);
        if (why == null) {
            granted.addAll(own);
        }
        return why;
    }

    private static int dayOf(Batch batch) {
        return (int) Math.floorDiv(batch.nowMicros(), DAY_MICROS);
    }
}
