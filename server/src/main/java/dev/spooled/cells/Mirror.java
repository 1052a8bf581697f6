package dev.spooled.cells;

import dev.spooled.db.Args;
import dev.spooled.db.Db;
import dev.spooled.db.Sql;
import dev.spooled.db.Statements;
import dev.spooled.time.Clock;
import dev.spooled.upkeep.Chore;
import java.time.Duration;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/// Keeps in a further cell what it has to know of its organizations (plan, limits, whether they are deleted), so that
/// every statement finds all it needs in one database. At once after a change, and again by looking for what changed.
final class Mirror implements Chore {
    private static final Statements SQL = Statements.beside(Mirror.class, "cells.sql");
    private static final Sql RESIDENTS = SQL.get("residents");
    private static final Sql SETTLE_IN = SQL.get("settle_in");
    private static final int PAGE = 500;

    /// Changes are dated before they are committed, by clocks that differ a little.
    private static final Duration LATE = Duration.ofMinutes(1);

    private final Db directory;
    private final Db cell;
    private final Clock clock;
    private Instant since = Instant.EPOCH;

    Mirror(Db directory, Db cell, Clock clock) {
        this.directory = directory;
        this.cell = cell;
        this.clock = clock;
    }

    @Override
    public String name() {
        return "residents-of-cell-" + cell.cell();
    }

    @Override
    public Duration every() {
        return Duration.ofSeconds(2);
    }

    @Override
    public boolean runOnce() {
        Instant began = clock.now();
        copyAll(directory, cell, null, since);
        since = began.minus(LATE);
        return false;
    }

    void copy(int org) {
        copy(directory, cell, org);
    }

    /// One organization, wherever it lives now.
    static void copy(Db directory, Db cell, int org) {
        copyAll(directory, cell, org, Instant.EPOCH);
    }

    private record Page(String rows, int n, int last) {}

    private static void copyAll(Db directory, Db cell, @Nullable Integer org, Instant from) {
        if (cell.cell() == 0) {
            return; // The directory itself.
        }
        int after = -1;
        Page page;
        do {
            Args args = Args.of("home", cell.cell())
                    .and("org", org)
                    .and("since", from)
                    .and("after", after)
                    .and("limit", PAGE);
            page = directory.asEngine(tx -> tx.first(
                            RESIDENTS, args, row -> new Page(row.text("rows"), row.integer("n"), row.integer("last")))
                    .orElseThrow());
            if (page.n() > 0) {
                Args rows = Args.of("rows", page.rows());
                cell.asEngine(tx -> tx.run(SETTLE_IN, rows));
            }
            after = page.last();
        } while (page.n() == PAGE);
    }
}
