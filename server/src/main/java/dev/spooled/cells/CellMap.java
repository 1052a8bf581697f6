package dev.spooled.cells;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import dev.spooled.db.Args;
import dev.spooled.db.Db;
import dev.spooled.db.PgArray;
import dev.spooled.db.Sql;
import dev.spooled.db.Statements;
import dev.spooled.upkeep.Chore;
import java.time.Duration;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;

/// Which cell an organization lives in, as the directory said within the last seconds. Being wrong for that long costs
/// a refusal, never a job: a cell knows who has left it.
final class CellMap {
    private static final Statements SQL = Statements.beside(CellMap.class, "cells.sql");
    private static final Sql HOME = SQL.get("home");
    private static final Sql HOMES = SQL.get("homes");
    private static final Sql MOVING = SQL.get("moving");
    private static final Duration REMEMBERED = Duration.ofSeconds(4);
    private static final int MAX_REMEMBERED = 100_000;

    private final Db directory;
    private final Cache<Integer, Integer> known = Caffeine.newBuilder()
            .maximumSize(MAX_REMEMBERED)
            .expireAfterWrite(REMEMBERED)
            .build();

    CellMap(Db directory) {
        this.directory = directory;
    }

    /// An organization that nobody knows lives in cell 0, where nothing of it will be found.
    int cellOf(int org) {
        return known.get(
                org,
                it -> directory.readAsEngine(HOME, Args.of("org", it), row -> row.integer("cell")).stream()
                        .findFirst()
                        .orElse(0));
    }

    Map<Integer, Integer> cellsOf(Collection<Integer> orgs) {
        PgArray numbers = PgArray.ints();
        orgs.forEach(numbers::add);
        var found = new HashMap<Integer, Integer>();
        directory.readAsEngine(
                HOMES, Args.of("orgs", numbers), row -> found.put(row.integer("id"), row.integer("cell")));
        return found;
    }

    /// Whoever is on the move is looked up anew each second.
    Chore followMoves() {
        return new Chore() {
            @Override
            public String name() {
                return "moving-organizations";
            }

            @Override
            public Duration every() {
                return Duration.ofSeconds(1);
            }

            @Override
            public boolean runOnce() {
                known.invalidateAll(directory.readAsEngine(MOVING, Args.NONE, row -> row.integer("org")));
                return false;
            }
        };
    }
}
