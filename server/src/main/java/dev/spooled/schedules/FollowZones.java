package dev.spooled.schedules;

import dev.spooled.db.Args;
import dev.spooled.db.Db;
import dev.spooled.db.Sql;
import dev.spooled.db.Statements;
import dev.spooled.refusal.Refused;
import dev.spooled.time.Clock;
import dev.spooled.upkeep.Chore;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Reckons the next occurrence anew for schedules that know it by other time-zone rules than this process has: after an
/// update of the JDK a government's decision holds for them, too.
public final class FollowZones implements Chore {
    private static final Statements SQL = Statements.beside(FollowZones.class, "schedules.sql");
    private static final Sql OF_OLD_RULES = SQL.get("of_old_rules");
    private static final Sql FOLLOW_RULES = SQL.get("follow_rules");
    private static final int PAGE = 500;
    private static final Logger log = LoggerFactory.getLogger(FollowZones.class);

    private final Db db;
    private final Clock clock;
    private final int cell;

    public FollowZones(Db db, Clock clock, int cell) {
        this.db = db;
        this.clock = clock;
        this.cell = cell;
    }

    private record Old(UUID id, String cron, String timezone, Instant next) {}

    @Override
    public String name() {
        return "follow-zones";
    }

    @Override
    public Duration every() {
        return Duration.ofHours(1);
    }

    @Override
    public boolean runOnce() {
        Instant now = clock.now();
        Args args = Args.of("cell", cell)
                .and("zone_rules", Zones.rules())
                .and("now", now)
                .and("limit", PAGE);
        List<Old> found = db.readAsEngine(
                OF_OLD_RULES,
                args,
                row -> new Old(
                        row.uuid("id"), row.text("cron_expression"), row.text("timezone"), row.instant("next_run_at")));
        int moved = 0;
        for (Old old : found) {
            moved += follow(old, now);
        }
        return found.size() == PAGE && moved > 0;
    }

    private int follow(Old old, Instant now) {
        Args args = Args.of("cell", cell)
                .and("id", old.id())
                .and("expected", old.next())
                .and("next_run_at", next(old, now))
                .and("zone_rules", Zones.rules());
        return db.asEngine(tx -> tx.run(FOLLOW_RULES, args));
    }

    private static @Nullable Instant next(Old old, Instant now) {
        try {
            return Cron.parse(old.cron()).next(Zones.of(old.timezone()), now).orElse(null);
        } catch (Refused e) {
            log.warn("schedule {} keeps its next run: {}", old.id(), e.getMessage());
            return old.next();
        }
    }
}
