package dev.spooled.cells;

import dev.spooled.config.CannotStart;
import dev.spooled.db.Args;
import dev.spooled.db.Db;
import dev.spooled.db.DbAddress;
import dev.spooled.db.Row;
import dev.spooled.db.Sql;
import dev.spooled.db.Statements;
import dev.spooled.upkeep.Chore;
import java.sql.SQLException;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Moves of organizations whose process has died are ended by a server: one that has switched is completed, one
/// that has not is taken back, so that nobody is refused for longer than it takes to notice.
final class CutOffMoves implements Chore {
    private static final Statements SQL = Statements.beside(CutOffMoves.class, "move.sql");
    private static final Sql MOVERS = SQL.get("movers");
    private static final Logger log = LoggerFactory.getLogger(CutOffMoves.class);

    /// Long enough for whoever moved it to begin again by hand.
    static final Duration PATIENCE = Duration.ofSeconds(30);

    private final Db directory;
    private final Map<Integer, DbAddress> cells;
    private final Duration patience;
    private final Duration grace;
    private final Map<Integer, Idle> idle = new HashMap<>();

    CutOffMoves(Db directory, Map<Integer, DbAddress> cells, Duration patience, Duration grace) {
        this.directory = directory;
        this.cells = cells;
        this.patience = patience;
        this.grace = grace;
    }

    /// `home` is the cell the organization lives in; a move to it ends the move either way. `held` by a living process.
    private record Begun(
            int org, String organization, @Nullable UUID mover, int home, boolean held) {
        static Begun of(Row row) throws SQLException {
            return new Begun(
                    row.integer("org"),
                    row.text("organization"),
                    row.uuidOrNull("mover"),
                    row.integer("home"),
                    row.bool("held"));
        }
    }

    /// A move that nobody was seen to hold since `seenAtNanos`.
    private record Idle(Begun move, long seenAtNanos) {}

    @Override
    public String name() {
        return "moves-cut-off";
    }

    @Override
    public Duration every() {
        return Duration.ofSeconds(10);
    }

    @Override
    public boolean runOnce() {
        List<Begun> moves = directory.readAsEngine(MOVERS, Args.NONE, Begun::of);
        idle.keySet().retainAll(moves.stream().map(Begun::org).toList());
        for (Begun move : moves) {
            if (isIdle(move)) {
                end(move);
            }
        }
        return false;
    }

    private boolean isIdle(Begun move) {
        if (move.held()) {
            idle.remove(move.org());
            return false;
        }
        long now = System.nanoTime();
        Idle before = idle.get(move.org());
        if (before == null || !before.move().equals(move)) {
            before = new Idle(move, now);
            idle.put(move.org(), before);
        }
        return now - before.seenAtNanos() >= TimeUnit.NANOSECONDS.convert(patience);
    }

    private void end(Begun move) {
        log.info("the move of organization {} was cut off; it stays in cell {}", move.organization(), move.home());
        try {
            new CellMove(cells, grace, line -> log.info("organization {}: {}", move.organization(), line))
                    .run(move.organization(), move.home());
        } catch (CannotStart e) {
            log.warn("the move of organization {} is not ended yet: {}", move.organization(), e.getMessage());
        }
    }
}
