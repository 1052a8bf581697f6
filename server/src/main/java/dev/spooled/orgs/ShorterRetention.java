package dev.spooled.orgs;

import dev.spooled.db.Args;
import dev.spooled.db.Db;
import dev.spooled.db.Sql;
import dev.spooled.db.Statements;
import dev.spooled.engine.Retention;
import dev.spooled.time.Clock;
import dev.spooled.time.Ids;
import dev.spooled.upkeep.Chore;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.UUID;

/// Lets go what organizations keep for a shorter time than the server does: ended jobs by the time they ended;
/// attempts, runs of schedules and webhooks that came in by the plan's history. A page at a time, once an hour
/// through all of it.
public final class ShorterRetention implements Chore {
    private static final Statements SQL = Statements.beside(ShorterRetention.class, "retention.sql");
    private static final Sql QUEUES = SQL.get("queues");
    private static final Sql LET_GO = SQL.get("let_go");
    private static final Sql LET_RUNS_GO = SQL.get("let_runs_go");
    private static final Sql LET_WEBHOOKS_GO = SQL.get("let_webhooks_go");
    private static final int PAGE = 500;
    private static final UUID LOWEST = new UUID(0, 0);

    private final Db db;
    private final Clock clock;
    private final Limits limits;
    private final int cell;

    public ShorterRetention(Db db, Clock clock, Limits limits, int cell) {
        this.db = db;
        this.clock = clock;
        this.limits = limits;
        this.cell = cell;
    }

    @Override
    public String name() {
        return "shorter-retention";
    }

    @Override
    public Duration every() {
        return Duration.ofHours(1);
    }

    @Override
    public boolean runOnce() {
        limits.forEach(db, (org, plan) -> {
            if (plan.jobDays() < Retention.LONGEST_DAYS || plan.historyDays() < Retention.LONGEST_DAYS) {
                letGo(org, plan);
            }
        });
        return false;
    }

    private void letGo(int org, PlanLimits plan) {
        Instant now = clock.now();
        Instant jobsBefore = now.minus(Duration.ofDays(plan.jobDays()));
        Instant historyBefore = now.minus(Duration.ofDays(plan.historyDays()));
        Instant younger = jobsBefore.isAfter(historyBefore) ? jobsBefore : historyBefore;
        Args args = Args.of("cell", cell)
                .and("org", org)
                .and("now", now)
                .and("cut", Ids.floor(younger.toEpochMilli()))
                .and("before", jobsBefore)
                .and("history_before", historyBefore)
                .and("history_cut", Ids.floor(historyBefore.toEpochMilli()))
                .and("limit", PAGE);
        List<Integer> queues = db.readAsEngine(QUEUES, args, row -> row.integer("id"));
        queues.forEach(queue -> letGo(args.and("queue", queue)));
        letGo(LET_RUNS_GO, args);
        letGo(LET_WEBHOOKS_GO, args);
    }

    private void letGo(Sql some, Args args) {
        int gone = PAGE;
        while (gone == PAGE) {
            gone = db.asEngine(tx -> tx.run(some, args));
        }
    }

    private record Step(UUID last, boolean full) {}

    private void letGo(Args ofQueue) {
        UUID after = LOWEST;
        boolean full = true;
        while (full) {
            Args args = ofQueue.and("after", after);
            Step step = db.asEngine(tx -> tx.first(LET_GO, args, row -> {
                        UUID last = row.uuidOrNull("last");
                        return new Step(last == null ? LOWEST : last, row.integer("seen") == PAGE);
                    }))
                    .orElseThrow();
            after = step.last();
            full = step.full();
        }
    }
}
