package dev.spooled.orgs;

import dev.spooled.db.Args;
import dev.spooled.db.Db;
import dev.spooled.db.Homes;
import dev.spooled.db.PgArray;
import dev.spooled.db.Row;
import dev.spooled.db.Sql;
import dev.spooled.db.Statements;
import dev.spooled.db.Tx;
import dev.spooled.time.Clock;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Collection;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// What organizations use of what a plan caps. Days are those of UTC.
public final class Usage {
    private static final Statements SQL = Statements.beside(Usage.class, "usage.sql");
    private static final Sql FIGURES = SQL.get("figures");
    private static final Sql API_KEYS = SQL.get("api_keys");
    private static final Sql RESET = SQL.get("reset");
    static final Duration SILENCE = Duration.ofMinutes(2);

    private final Db directory;
    private final Homes homes;
    private final Clock clock;

    public Usage(Db db, Clock clock) {
        this(db, db, clock);
    }

    public Usage(Db directory, Homes homes, Clock clock) {
        this.directory = directory;
        this.homes = homes;
        this.clock = clock;
    }

    public record Figures(Map<Resource, Long> used, long totalJobs) {
        public long of(Resource resource) {
            return used.getOrDefault(resource, 0L);
        }
    }

    /// By internal number, in one statement a cell however many there are. Those whose cell is away are left out.
    public Map<Integer, Figures> of(Collection<Integer> orgs) {
        var found = new HashMap<Integer, Figures>();
        homes.byHome(orgs).forEach((home, those) -> found.putAll(of(home, those)));
        return found;
    }

    private Map<Integer, Figures> of(Db home, Collection<Integer> orgs) {
        Map<Integer, Figures> found = home.asEngine(tx -> of(tx, orgs));
        return home == directory ? found : withKeys(found);
    }

    /// Keys are in the directory, wherever their organization lives.
    private Map<Integer, Figures> withKeys(Map<Integer, Figures> figures) {
        PgArray numbers = PgArray.ints();
        figures.keySet().forEach(numbers::add);
        Args args = Args.of("orgs", numbers).and("now", clock.now());
        directory.readAsEngine(API_KEYS, args, row -> {
            Figures one = figures.get(row.integer("org"));
            if (one != null) {
                one.used().put(Resource.API_KEYS, row.bigint("n"));
            }
            return true;
        });
        return figures;
    }

    /// As above, within a transaction of the engine.
    Map<Integer, Figures> of(Tx tx, Collection<Integer> orgs) {
        if (orgs.isEmpty()) {
            return Map.of();
        }
        PgArray numbers = PgArray.ints();
        orgs.forEach(numbers::add);
        Instant now = clock.now();
        Args args = Args.of("orgs", numbers)
                .and("now", now)
                .and("midnight", now.truncatedTo(ChronoUnit.DAYS))
                .and("day", (int)
                        Math.floorDiv(clock.nowMillis(), Duration.ofDays(1).toMillis()))
                .and("silent_since", now.minus(SILENCE));
        var found = new HashMap<Integer, Figures>();
        tx.list(FIGURES, args, row -> {
            found.put(row.integer("id"), figures(row));
            return true;
        });
        return found;
    }

    public Figures of(int org) {
        return of(homes.of(org), List.of(org)).getOrDefault(org, new Figures(Map.of(), 0));
    }

    public void reset(int org) {
        Args args = Args.of("org", org).and("now", clock.now());
        Db home = homes.of(org);
        directory.asEngine(tx -> tx.run(RESET, args));
        if (home != directory) {
            home.asEngine(tx -> tx.run(RESET, args));
        }
    }

    private static Figures figures(Row row) throws SQLException {
        var used = new EnumMap<Resource, Long>(Resource.class);
        for (Resource resource : Resource.values()) {
            used.put(resource, Math.max(0, row.bigint(resource.usage())));
        }
        return new Figures(used, Math.max(0, row.bigint("total_jobs")));
    }
}
