package dev.spooled.webhooks;

import dev.spooled.db.Args;
import dev.spooled.db.Db;
import dev.spooled.db.Row;
import dev.spooled.db.Sql;
import dev.spooled.db.Statements;
import dev.spooled.orgs.Plans;
import dev.spooled.time.Clock;
import dev.spooled.time.Ids;
import dev.spooled.upkeep.Chore;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/// Keeps the history of deliveries bounded: of each webhook, and of each host that jobs report to, the newest
/// successful ones and more of the failed ones, within the days of the plan. Deliveries of webhooks that are gone go,
/// too; what waits for one that is switched off has failed.
final class History implements Chore {
    private static final Statements SQL = Statements.beside(History.class, "deliveries.sql");
    private static final Sql TARGETS = SQL.get("targets");
    private static final Sql DROP_ORPHANS = SQL.get("drop_orphans");
    private static final Sql GIVE_UP = SQL.get("give_up");
    private static final Sql PRUNE = SQL.get("prune");

    /// Contract: the newest hundred. Failed ones beyond stay for a while, to be recovered.
    static final int KEPT = 100;

    static final int FAILED_KEPT = 10_000;
    private static final int PAGE = 500;
    private static final int ROWS_MAX = 2_000;

    private final Db db;
    private final Clock clock;
    private final Plans plans;
    private final int cell;
    private String after = "";

    /// Whom deliveries go to, and what there is to do about them.
    private record Target(String name, boolean present, boolean enabled, UUID floor, boolean full, boolean old) {
        boolean isInOrder() {
            return present && enabled && !full && !old;
        }
    }

    History(Db db, Clock clock, Plans plans, int cell) {
        this.db = db;
        this.clock = clock;
        this.plans = plans;
        this.cell = cell;
    }

    @Override
    public String name() {
        return "delivery-history";
    }

    @Override
    public Duration every() {
        return Duration.ofSeconds(10);
    }

    /// A page of targets; true until the last page, or while one had more than a pass takes.
    @Override
    public synchronized boolean runOnce() {
        Args args =
                Args.of("cell", cell).and("after", after).and("targets", PAGE).and("kept", KEPT);
        List<Target> page = db.readAsEngine(TARGETS, args, this::target);
        boolean more = false;
        for (Target target : page) {
            more |= !target.isInOrder() && clear(target) == ROWS_MAX;
        }
        boolean last = page.size() < PAGE;
        if (!more) {
            after = last ? "" : page.getLast().name();
        }
        return more || !last;
    }

    private int clear(Target target) {
        Args args = Args.of("cell", cell)
                .and("target", target.name())
                .and("limit", ROWS_MAX)
                .and("now", clock.now())
                .and("floor", target.floor())
                .and("kept", KEPT)
                .and("failed_kept", FAILED_KEPT);
        if (!target.present()) {
            return db.asEngine(tx -> tx.run(DROP_ORPHANS, args));
        }
        return db.asEngine(tx -> Math.max(target.enabled() ? 0 : tx.run(GIVE_UP, args), tx.run(PRUNE, args)));
    }

    private Target target(Row row) throws SQLException {
        String tier = row.textOrNull("plan_tier");
        int days = plans.of(tier == null ? "free" : tier, row.textOrNull("custom_limits"))
                .historyDays();
        UUID floor = Ids.floor(clock.now().minus(Duration.ofDays(days)).toEpochMilli());
        return new Target(
                row.text("target"),
                row.bool("present"),
                row.bool("enabled"),
                floor,
                row.bool("full_up"),
                isBelow(row.uuidOrNull("oldest"), floor));
    }

    private static boolean isBelow(@Nullable UUID id, UUID floor) {
        return id != null && Ids.millisOf(id) < Ids.millisOf(floor);
    }
}
