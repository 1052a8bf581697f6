package dev.spooled.engine;

import dev.spooled.db.Args;
import dev.spooled.db.Db;
import dev.spooled.db.Sql;
import dev.spooled.db.Statements;
import dev.spooled.time.Clock;
import dev.spooled.upkeep.Chore;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;

/// What retention leaves behind and nobody waits for: keys and tags of dropped jobs, flows by the minute, logs past
/// their time. In small transactions, a page or a bounded number of rows each; every node may run it.
final class RetentionSweep {
    private static final Statements SQL = RetentionSql.ALL;
    private static final Sql FREE_KEYS = SQL.get("free_keys");
    private static final Sql UNTAG = SQL.get("untag");
    private static final Sql FOLD_MINUTES = SQL.get("fold_minutes");

    private static final int ROWS_MAX = 2_000;

    private static final Duration MINUTES_KEPT = Duration.ofHours(25);
    private static final Duration HOURS_KEPT = Duration.ofDays(Retention.LONGEST_DAYS);
    private static final Duration HISTORY_KEPT = Duration.ofDays(Retention.LONGEST_DAYS);
    private static final Duration AUDIT_KEPT = Duration.ofDays(365);

    private static final UUID LOWEST = new UUID(0, 0);

    private record Pruned(Sql sql, Duration kept) {}

    private static final List<Pruned> PRUNED = List.of(
            new Pruned(SQL.get("prune_hours"), HOURS_KEPT),
            new Pruned(SQL.get("prune_runs"), HISTORY_KEPT),
            new Pruned(SQL.get("prune_webhooks_in"), HISTORY_KEPT),
            new Pruned(SQL.get("prune_audit"), AUDIT_KEPT),
            new Pruned(SQL.get("prune_progress"), Duration.ZERO),
            new Pruned(SQL.get("prune_workflows"), Duration.ZERO),
            new Pruned(SQL.get("prune_dependencies"), Duration.ZERO));

    private record Key(int org, String key) {}

    private record Tag(int org, String tag, UUID id) {}

    private final Db db;
    private final Clock clock;
    private final int cell;

    RetentionSweep(Db db, Clock clock, int cell) {
        this.db = db;
        this.clock = clock;
        this.cell = cell;
    }

    List<Chore> chores() {
        return List.of(new Walk("free-keys", this::freeKeys), new Walk("untag", this::untag), prune());
    }

    /// Walks a whole table in pages by its key, once in a while.
    private record Walk(String name, Runnable walk) implements Chore {
        @Override
        public Duration every() {
            return Duration.ofHours(6);
        }

        @Override
        public boolean runOnce() {
            walk.run();
            return false;
        }
    }

    private void freeKeys() {
        var at = new Key(Integer.MIN_VALUE, "");
        while (at != null) {
            Args args = page().and("org", at.org()).and("key", at.key());
            at = db.asEngine(tx -> tx.first(FREE_KEYS, args, row -> new Key(row.integer("org"), row.text("key"))))
                    .orElse(null);
        }
    }

    private void untag() {
        var at = new Tag(Integer.MIN_VALUE, "", LOWEST);
        while (at != null) {
            Args args = page().and("org", at.org()).and("tag", at.tag()).and("id", at.id());
            at = db.asEngine(tx ->
                            tx.first(UNTAG, args, row -> new Tag(row.integer("org"), row.text("tag"), row.uuid("id"))))
                    .orElse(null);
        }
    }

    private Args page() {
        return Args.of("cell", cell).and("limit", ROWS_MAX);
    }

    private Chore prune() {
        return new Chore() {
            @Override
            public String name() {
                return "prune";
            }

            @Override
            public Duration every() {
                return Duration.ofMinutes(5);
            }

            @Override
            public boolean runOnce() {
                var full = new ArrayList<Boolean>();
                full.add(foldMinutes() == ROWS_MAX);
                for (Pruned pruned : PRUNED) {
                    full.add(rowsGone(pruned) == ROWS_MAX);
                }
                return full.contains(true);
            }
        };
    }

    private int foldMinutes() {
        Args args = page().and("before", clock.now().minus(MINUTES_KEPT));
        return db.asEngine(tx -> tx.first(FOLD_MINUTES, args, row -> row.integer("n")))
                .orElse(0);
    }

    private int rowsGone(Pruned pruned) {
        Instant before = clock.now().minus(pruned.kept());
        return db.asEngine(tx -> tx.run(pruned.sql(), page().and("before", before)));
    }
}
