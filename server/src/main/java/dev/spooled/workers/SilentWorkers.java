package dev.spooled.workers;

import dev.spooled.db.Args;
import dev.spooled.db.Db;
import dev.spooled.db.Sql;
import dev.spooled.db.Statements;
import dev.spooled.time.Clock;
import dev.spooled.upkeep.Chore;
import java.time.Duration;
import java.time.Instant;

/// Writes down who has gone offline: no heartbeat for two minutes. Those gone for a week are forgotten. Their jobs are
/// no concern of this chore.
public final class SilentWorkers implements Chore {
    private static final Statements SQL = Statements.beside(SilentWorkers.class, "workers.sql");
    private static final Sql MARK_SILENT = SQL.get("mark_silent");
    private static final Sql FORGET_GONE = SQL.get("forget_gone");
    private static final Duration GONE = Duration.ofDays(7);
    private static final int AT_ONCE = 1_000;

    private final Db db;
    private final Clock clock;
    private final int cell;

    public SilentWorkers(Db db, Clock clock, int cell) {
        this.db = db;
        this.clock = clock;
        this.cell = cell;
    }

    @Override
    public String name() {
        return "silent-workers";
    }

    @Override
    public Duration every() {
        return Duration.ofSeconds(10);
    }

    @Override
    public boolean runOnce() {
        Instant now = clock.now();
        Args args = Args.of("cell", cell)
                .and("now", now)
                .and("silent_since", now.minus(Workers.SILENCE))
                .and("gone_since", now.minus(GONE))
                .and("limit", AT_ONCE);
        return db.asEngine(tx -> {
            int silent = tx.run(MARK_SILENT, args);
            int gone = tx.run(FORGET_GONE, args);
            return silent == AT_ONCE || gone == AT_ONCE;
        });
    }
}
