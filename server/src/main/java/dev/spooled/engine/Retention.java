package dev.spooled.engine;

import dev.spooled.db.Args;
import dev.spooled.db.Db;
import dev.spooled.db.PgArray;
import dev.spooled.db.Sql;
import dev.spooled.db.Statements;
import dev.spooled.db.Tx;
import dev.spooled.time.Clock;
import dev.spooled.time.Ids;
import dev.spooled.upkeep.Chore;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Jobs past the longest retention leave, a day at a time, under the eyes of those still alive.
///
/// First the floor is raised, and a barrier passed, so that no batch is left that could bring an older job back to
/// life. From then on what is needed of a day can only become less: its partitions are dropped when nothing is, and
/// otherwise each is swapped for a copy of the needed rows, once. Every step is a transaction that can be repeated, so
/// a node may die between any two and several may run the pass at once.
///
/// What plans with a shorter retention let go before is taken out row by row (`orgs.ShorterRetention`).
public final class Retention {
    private static final Statements SQL = RetentionSql.ALL;
    private static final Sql RAISE_FLOOR = SQL.get("raise_floor");
    private static final Sql PASS_BARRIER = SQL.get("pass_barrier");
    private static final Sql DAY_PARTITIONS = SQL.get("day_partitions");
    private static final Sql NEEDED = SQL.get("needed");
    private static final Sql OPEN_KEPT = SQL.get("open_kept");
    private static final Sql FILL_KEPT = SQL.get("fill_kept");
    private static final Sql SWAP_KEPT = SQL.get("swap_kept");
    private static final Sql DROP_DAY = SQL.get("drop_day");
    private static final Sql SUBTRACT_DAYS = SQL.get("subtract_days");

    /// The tables partitioned by the day of a job's id.
    static final List<String> TABLES_BY_DAY = List.of("job", "job_by_queue", "done", "attempt");

    /// The longest a plan keeps ended jobs.
    public static final int LONGEST_DAYS = 90;

    /// A day with more than this still needed is left whole: a copy would save little and block its writers for long.
    static final int KEPT_MAX = 10_000;

    private static final int COUNTS_MAX = 5_000;

    private static final Logger log = LoggerFactory.getLogger(Retention.class);

    private record Partition(String base, String day, boolean kept) {}

    private final Db db;
    private final BriefLocks locks;
    private final Clock clock;
    private final int cell;
    private final int days;
    private final Consumer<String> onStep;

    public Retention(Db db, Clock clock, int cell) {
        this(db, clock, cell, LONGEST_DAYS, step -> {});
    }

    /// `onStep` hears of each step before it is taken: a test stops there.
    Retention(Db db, Clock clock, int cell, int days, Consumer<String> onStep) {
        this.db = db;
        this.locks = new BriefLocks(db);
        this.clock = clock;
        this.cell = cell;
        this.days = days;
        this.onStep = onStep;
    }

    /// The smallest id that a retention of so many days still keeps.
    public static UUID visibleFrom(Instant now, int days) {
        return Ids.floor(startOfDay(now, days).toEpochMilli());
    }

    private static Instant startOfDay(Instant now, int daysBefore) {
        LocalDate today = LocalDate.ofInstant(now, ZoneOffset.UTC);
        return today.minusDays(daysBefore).atStartOfDay(ZoneOffset.UTC).toInstant();
    }

    public Chore dropDays() {
        return new Chore() {
            @Override
            public String name() {
                return "drop-days";
            }

            @Override
            public Duration every() {
                return Duration.ofMinutes(10);
            }

            @Override
            public boolean runOnce() {
                pass();
                return false;
            }
        };
    }

    /// One whole pass. Returns false when some step could not be taken and is left for the next pass.
    boolean pass() {
        onStep.accept("raise floor");
        Args floor = Args.of("cell", cell).and("floor", visibleFrom(clock.now(), days));
        db.asEngine(tx -> tx.run(RAISE_FLOOR, floor));
        onStep.accept("barrier");
        Args barrier = Args.of("barrier", LaneSession.barrierOf(cell));
        if (!locks.runAlone(tx -> tx.list(PASS_BARRIER, barrier, row -> true))) {
            return false;
        }
        subtract();
        boolean all = true;
        for (Map.Entry<String, List<Partition>> day : partitionsByDay().entrySet()) {
            all &= clear(day.getKey(), day.getValue());
        }
        return all;
    }

    private void subtract() {
        int gone;
        do {
            onStep.accept("subtract");
            Args args = Args.of("cell", cell).and("limit", COUNTS_MAX);
            gone = db.asEngine(tx -> tx.run(SUBTRACT_DAYS, args));
        } while (gone == COUNTS_MAX);
    }

    private Map<String, List<Partition>> partitionsByDay() {
        List<Partition> found = db.asEngine(tx -> tx.list(
                DAY_PARTITIONS, Args.NONE, row -> new Partition(row.text("base"), row.text("day"), row.bool("kept"))));
        var byDay = new TreeMap<String, List<Partition>>();
        found.forEach(partition -> byDay.merge(
                partition.day(),
                List.of(partition),
                (a, b) -> java.util.stream.Stream.concat(a.stream(), b.stream()).toList()));
        return byDay;
    }

    private boolean clear(String day, List<Partition> partitions) {
        onStep.accept("look at " + day);
        List<UUID> needed = needed(day);
        if (needed.isEmpty()) {
            return drop(day, partitions);
        }
        if (needed.size() > KEPT_MAX) {
            log.info("{}: more than {} jobs are still needed, the day stays whole", day, KEPT_MAX);
            return true;
        }
        PgArray ids = PgArray.uuids();
        needed.forEach(ids::add);
        boolean all = true;
        for (Partition partition : partitions) {
            all &= partition.kept() || keep(partition, ids);
        }
        return all;
    }

    private List<UUID> needed(String day) {
        LocalDate date = LocalDate.parse(day);
        Args args = Args.of("lower", floorOf(date))
                .and("upper", floorOf(date.plusDays(1)))
                .and("limit", KEPT_MAX + 1);
        return db.asEngine(tx -> tx.list(NEEDED, args, row -> row.uuid("id")));
    }

    private static UUID floorOf(LocalDate date) {
        return Ids.floor(date.atStartOfDay(ZoneOffset.UTC).toInstant().toEpochMilli());
    }

    private boolean drop(String day, List<Partition> partitions) {
        boolean all = true;
        for (Partition partition : partitions) {
            onStep.accept("drop " + partition.base() + " of " + day);
            all &= locks.runAlone(
                    tx -> call(tx, DROP_DAY, Args.of("base", partition.base()).and("day", day)));
        }
        log.info("{}: {}", day, all ? "dropped, nothing of it is needed" : "not all dropped yet");
        return all;
    }

    private boolean keep(Partition partition, PgArray needed) {
        Args args =
                Args.of("base", partition.base()).and("day", partition.day()).and("ids", needed);
        onStep.accept("keep some of " + partition.base() + " of " + partition.day());
        return locks.runAlone(tx -> {
            call(tx, OPEN_KEPT, args);
            onStep.accept("fill");
            call(tx, FILL_KEPT, args);
            onStep.accept("swap");
            call(tx, SWAP_KEPT, args);
            onStep.accept("commit");
        });
    }

    private static void call(Tx tx, Sql function, Args args) {
        tx.list(function, args, row -> true);
    }
}
