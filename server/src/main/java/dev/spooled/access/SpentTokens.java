package dev.spooled.access;

import dev.spooled.db.Args;
import dev.spooled.db.Db;
import dev.spooled.db.Sql;
import dev.spooled.db.Statements;
import dev.spooled.time.Clock;
import dev.spooled.upkeep.Chore;
import java.time.Duration;
import java.time.Instant;
import java.util.List;

/// Forgets revocations, families and e-mail codes that outlived what they were kept for.
public final class SpentTokens implements Chore {
    private static final Statements SQL = Statements.beside(SpentTokens.class, "sessions.sql");
    private static final List<Sql> FORGET =
            List.of(SQL.get("forget_revoked"), SQL.get("forget_families"), SQL.get("forget_codes"));
    private static final Duration CODES_COUNTED = Duration.ofHours(1);
    private static final int AT_ONCE = 1_000;

    private final Db db;
    private final Clock clock;

    public SpentTokens(Db db, Clock clock) {
        this.db = db;
        this.clock = clock;
    }

    @Override
    public String name() {
        return "spent-tokens";
    }

    @Override
    public Duration every() {
        return Duration.ofMinutes(1);
    }

    @Override
    public boolean runOnce() {
        Instant now = clock.now();
        Args args = Args.of("now", now).and("before", now.minus(CODES_COUNTED)).and("limit", AT_ONCE);
        boolean more = false;
        for (Sql sql : FORGET) {
            more |= db.asEngine(tx -> tx.run(sql, args)) == AT_ONCE;
        }
        return more;
    }
}
