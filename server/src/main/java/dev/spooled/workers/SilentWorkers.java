package dev.spooled.workers;

import dev.spooled.announce.Announcement.WorkerDeregistered;
import dev.spooled.announce.Announcer;
import dev.spooled.db.Args;
import dev.spooled.db.Db;
import dev.spooled.db.Sql;
import dev.spooled.db.Statements;
import dev.spooled.time.Clock;
import dev.spooled.upkeep.Chore;
import java.time.Duration;
import java.time.Instant;
import java.util.List;

/// Writes down who has gone offline, and tells it: no heartbeat for two minutes. Those gone for a week are
/// forgotten. Their jobs are no concern of this chore.
public final class SilentWorkers implements Chore {
    private static final Statements SQL = Statements.beside(SilentWorkers.class, "workers.sql");
    private static final Sql MARK_SILENT = SQL.get("mark_silent");
    private static final Sql FORGET_GONE = SQL.get("forget_gone");
    private static final Duration GONE = Duration.ofDays(7);
    private static final int AT_ONCE = 1_000;

    private final Db db;
    private final Clock clock;
    private final int cell;
    private final Announcer announcer;

    public SilentWorkers(Db db, Clock clock, int cell, Announcer announcer) {
        this.db = db;
        this.clock = clock;
        this.cell = cell;
        this.announcer = announcer;
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
        List<WorkerDeregistered> silent = db.asEngine(
                tx -> tx.list(MARK_SILENT, args, row -> new WorkerDeregistered(row.integer("org"), row.text("id"))));
        silent.forEach(announcer::announce);
        int gone = db.asEngine(tx -> tx.run(FORGET_GONE, args));
        return silent.size() == AT_ONCE || gone == AT_ONCE;
    }
}
