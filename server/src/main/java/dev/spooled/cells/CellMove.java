package dev.spooled.cells;

import dev.spooled.config.CannotStart;
import dev.spooled.db.Args;
import dev.spooled.db.Db;
import dev.spooled.db.DbAddress;
import dev.spooled.db.DbFault;
import dev.spooled.db.Row;
import dev.spooled.db.Sql;
import dev.spooled.db.Statements;
import dev.spooled.engine.Barrier;
import dev.spooled.moving.CellCopy;
import dev.spooled.moving.MoveLock;
import java.sql.SQLException;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// Moves an organization into another cell while servers run. It is paused in the cell it leaves, which refuses its
/// commands from then on, whatever a server believes; copied and compared in one transaction of the other; the
/// directory says in one commit that it lives there; what is left behind is deleted in small steps.
///
/// Each step may be repeated. Cut off anywhere, the organization is wholly in the cell that the directory names, and
/// the same command completes the move; `run` with the cell it came from takes a move back that has not switched yet.
/// Whoever takes a move over signs it, and one whose signature is gone switches nothing.
public final class CellMove {
    private static final Statements SQL = Statements.beside(CellMove.class, "move.sql");
    private static final Sql FIND = SQL.get("find");
    private static final Sql BEGIN = SQL.get("begin_move");
    private static final Sql TAKE_OVER = SQL.get("take_over");
    private static final Sql WHOSE = SQL.get("whose");
    private static final Sql LEAVE = SQL.get("leave");
    private static final Sql STAY = SQL.get("stay");
    private static final Sql COUNT_MOVE = SQL.get("count_move");
    private static final Sql NONE_INSIDE = SQL.get("none_inside");
    private static final Sql SWITCH = SQL.get("switch_move");
    private static final Sql END = SQL.get("end_move");
    private static final Sql LIVE_NODES = SQL.get("live_nodes");

    /// Longer than any server remembers where an organization lives: until then somebody may still read there.
    public static final Duration GRACE = Duration.ofSeconds(10);

    private static final int WAITS_MAX = 12;
    private static final int CONNECTIONS = 2;

    private final Map<Integer, DbAddress> cells;
    private final Duration grace;
    private final Consumer<String> progress;
    private final UUID mover = UUID.randomUUID();

    /// `cells` by number, that of the directory among them; `progress` hears of each step before the next one.
    public CellMove(Map<Integer, DbAddress> cells, Duration grace, Consumer<String> progress) {
        this.cells = Map.copyOf(cells);
        this.grace = grace;
        this.progress = progress;
    }

    /// What was moved, and for how long the organization was refused.
    public record Account(long rows, Duration paused) {}

    private record Found(
            int org,
            String slug,
            int cell,
            boolean deleted,
            @Nullable Integer origin,
            @Nullable Integer target,
            @Nullable String state) {
        static Found of(Row row) throws SQLException {
            return new Found(
                    row.integer("id"),
                    row.text("slug"),
                    row.integer("cell"),
                    row.bool("deleted"),
                    row.integerOrNull("origin"),
                    row.integerOrNull("target"),
                    row.textOrNull("state"));
        }

        boolean isCopying() {
            return "copying".equals(state);
        }
    }

    /// By slug or public id.
    public Account run(String organization, int to) {
        try (Db directory = db(0);
                var _ = MoveLock.take(address(0), find(directory, organization).org())) {
            Found found = find(directory, organization);
            if (found.state() == null && found.cell() == to) {
                throw new CannotStart("organization '" + found.slug() + "' lives in cell " + to + " already");
            }
            if (found.isCopying() && to == found.cell()) {
                directory.asEngine(tx -> tx.run(TAKE_OVER, mine(found.org())));
                return takenBack(directory, found);
            }
            if (found.target() != null && found.target() != to) {
                throw new CannotStart("organization '" + found.slug() + "' is on its way to cell " + found.target()
                        + ": finish that first");
            }
            directory.asEngine(tx -> tx.run(TAKE_OVER, mine(found.org())));
            return moved(directory, found, to);
        } catch (DbFault e) {
            throw new CannotStart("the move was cut off, run it again: " + e.getMessage(), e);
        }
    }

    private Account moved(Db directory, Found found, int to) {
        int org = found.org();
        int from = found.origin() == null ? found.cell() : found.origin();
        try (Db origin = db(from);
                Db target = db(to)) {
            long began = System.nanoTime();
            long rows = 0;
            if (!"switched".equals(found.state())) {
                begin(directory, target, found, to);
                began = System.nanoTime();
                pause(directory, origin, target, org);
                rows = copy(directory, origin, target, org);
                switchTo(directory, org, to);
                progress.accept("switched");
            }
            worked(target, org, true);
            progress.accept("at work in cell " + to);
            var paused = Duration.ofNanos(System.nanoTime() - began);
            rest();
            new Leftovers(origin).clear(org);
            progress.accept("nothing left in cell " + from);
            directory.asEngine(tx -> tx.run(END, mine(org)));
            return new Account(rows, paused);
        }
    }

    private void begin(Db directory, Db target, Found found, int to) {
        if (found.deleted()) {
            throw new CannotStart("organization '" + found.slug() + "' is deleted");
        }
        checkNodes(directory, target);
        if (found.state() == null) {
            Args args = mine(found.org()).and("origin", found.cell()).and("target", to);
            directory.asEngine(tx -> tx.run(BEGIN, args));
        }
        progress.accept("begun");
    }

    /// A server that does not know the cell would lose the organization.
    private static void checkNodes(Db directory, Db target) {
        Map<UUID, String> there = nodes(target);
        nodes(directory).forEach((id, name) -> {
            if (!there.containsKey(id)) {
                throw new CannotStart(
                        "server " + name + " does not work cell " + target.cell() + ": name it in its SPOOLED_CELLS");
            }
        });
    }

    private static Map<UUID, String> nodes(Db db) {
        var nodes = new HashMap<UUID, String>();
        db.readAsEngine(LIVE_NODES, Args.NONE, row -> nodes.put(row.uuid("id"), row.text("name")));
        return nodes;
    }

    /// Neither cell works it; when this returns, nothing of it is under way any more.
    private void pause(Db directory, Db origin, Db target, int org) {
        worked(target, org, false);
        worked(origin, org, false);
        checkMine(directory, origin, org);
        new Barrier(origin).pass();
        awaitInside(origin, org);
        progress.accept("paused");
    }

    /// Whoever finds that the move was ended meanwhile must not leave the organization paused where it lives.
    private void checkMine(Db directory, Db origin, int org) {
        Whose whose =
                directory.readAsEngine(WHOSE, Args.of("org", org), Whose::of).getFirst();
        if (!mover.equals(whose.mover())) {
            if (!whose.moving() && whose.cell() == origin.cell()) {
                worked(origin, org, true);
            }
            throw takenOver();
        }
    }

    private record Whose(int cell, boolean moving, @Nullable UUID mover) {
        static Whose of(Row row) throws SQLException {
            return new Whose(row.integer("cell"), row.bool("moving"), row.uuidOrNull("mover"));
        }
    }

    private static void worked(Db cell, int org, boolean here) {
        var done = cell.asEngine(tx -> {
            tx.run(here ? STAY : LEAVE, Args.of("org", org));
            return tx.run(COUNT_MOVE, Args.of("org", org));
        });
        assert done == 1;
    }

    private static void awaitInside(Db origin, int org) {
        for (int i = 1; ; i++) {
            try {
                var unused = origin.asEngine(tx -> tx.first(NONE_INSIDE, Args.of("org", org), row -> true));
                return;
            } catch (DbFault e) {
                if (e.kind() != DbFault.Kind.RETRY || i == WAITS_MAX) {
                    throw e;
                }
            }
        }
    }

    private void switchTo(Db directory, int org, int to) {
        int switched = directory.asEngine(tx -> tx.run(SWITCH, mine(org).and("target", to)));
        if (switched == 0) {
            throw takenOver();
        }
    }

    private Args mine(int org) {
        return Args.of("org", org).and("mover", mover);
    }

    private static CannotStart takenOver() {
        return new CannotStart("somebody else has taken the move over");
    }

    private void rest() {
        LockSupport.parkNanos(grace.toNanos());
        if (Thread.currentThread().isInterrupted()) {
            throw new CannotStart("the move was cut off, run it again");
        }
    }

    private long copy(Db directory, Db origin, Db target, int org) {
        new Leftovers(target).clear(org);
        Mirror.copy(directory, target, org);
        return CellCopy.run(address(origin.cell()), address(target.cell()), target.cell(), org, progress);
    }

    private Account takenBack(Db directory, Found found) {
        int org = found.org();
        int to = found.target() == null ? found.cell() : found.target();
        try (Db origin = db(found.cell());
                Db target = db(to)) {
            new Leftovers(target).clear(org);
            worked(origin, org, true);
            directory.asEngine(tx -> tx.run(END, mine(org)));
            progress.accept("taken back");
            return new Account(0, Duration.ZERO);
        }
    }

    private Found find(Db directory, String organization) {
        List<Found> found = directory.readAsEngine(FIND, Args.of("text", organization), Found::of);
        if (found.isEmpty()) {
            throw new CannotStart("there is no organization '" + organization + "'");
        }
        return found.getFirst();
    }

    private Db db(int cell) {
        return new Db(address(cell), CONNECTIONS, cell);
    }

    private DbAddress address(int cell) {
        DbAddress address = cells.get(cell);
        if (address == null) {
            throw new CannotStart("cell " + cell + " is not named in SPOOLED_CELLS");
        }
        return address;
    }
}
