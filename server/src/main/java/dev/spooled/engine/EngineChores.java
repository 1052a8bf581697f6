package dev.spooled.engine;

import dev.spooled.db.Args;
import dev.spooled.db.Db;
import dev.spooled.db.DbFault;
import dev.spooled.db.PgArray;
import dev.spooled.db.Sql;
import dev.spooled.db.Statements;
import dev.spooled.db.Tx;
import dev.spooled.time.Clock;
import dev.spooled.time.DatabaseClock;
import dev.spooled.time.Ids;
import dev.spooled.upkeep.Chore;
import java.time.Duration;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.function.BooleanSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The passes that keep a cell's live jobs moving. What changes live jobs goes through the lane, so that the lane knows
/// every change; the rest has statements of its own in chores.sql.
public final class EngineChores {
    private static final Statements SQL = Statements.beside(EngineChores.class, "chores.sql");
    private static final Sql ROLL_UP = SQL.get("roll_up");
    private static final Sql LIST_JOBS = SQL.get("list_jobs");
    private static final Sql CHECK_LISTING = SQL.get("check_listing");
    private static final Sql BY_KEY = SQL.get("by_key");
    private static final Sql FILLED_QUEUES = SQL.get("filled_queues");
    private static final Sql QUEUES_READY = SQL.get("queues_ready");
    private static final Sql HOOKED = SQL.get("hooked");
    private static final Sql FORGET_EVENTS = SQL.get("forget_events");
    private static final Sql ENSURE_DAY = SQL.get("ensure_day");
    private static final Sql REGISTER_NODE = SQL.get("register_node");
    private static final Sql OTHER_NODES = SQL.get("other_nodes");
    private static final Sql INSTALLATION = SQL.get("installation");
    private static final Sql LEAVE_MARKS = SQL.get("leave_marks");
    private static final Sql LEAVE_NODE = SQL.get("leave_node");
    private static final Sql FORGET_MARKS = SQL.get("forget_marks");
    private static final Sql FORGET_NODES = SQL.get("forget_nodes");
    private static final Sql LIVE_DRIFT = SQL.get("live_drift");
    private static final Sql DATABASE_TIME = SQL.get("database_time");

    private static final int MOVED_MAX = 1_000;
    private static final int DELTAS_MAX = 2_000;
    private static final int LISTED_MAX = 5_000;
    private static final Duration LISTED_AFTER = Duration.ofSeconds(2);
    private static final Duration CHECKED_AFTER = Duration.ofSeconds(90);
    private static final int EVENTS_MAX = 5_000;
    private static final Duration EVENTS_KEPT = Duration.ofDays(3);
    private static final int DAYS_AHEAD = 7;
    private static final long PROMPT_NANOS = Duration.ofMillis(100).toNanos();
    private static final int READINGS = 3;
    private static final Duration LIVES_WITHIN = Duration.ofSeconds(20);
    private static final Duration FORGET_NODES_AFTER = Duration.ofDays(1);

    private static final Logger log = LoggerFactory.getLogger(EngineChores.class);

    private volatile List<String> drift = List.of();
    private volatile int nodes = 1;

    private final Lane lane;
    private final Db db;
    private final BriefLocks locks;
    private final Clock clock;
    private final int cell;

    public EngineChores(Lane lane, Db db, Clock clock, int cell) {
        this.lane = lane;
        this.db = db;
        this.locks = new BriefLocks(db);
        this.clock = clock;
        this.cell = cell;
    }

    public List<Chore> all() {
        return List.of(
                promote(),
                reap(),
                expire(),
                settle(),
                rollUp(),
                list(),
                checkListing(),
                wakeParked(),
                noteHooks(),
                forgetEvents(),
                keepPartitions(),
                recount());
    }

    /// Scheduled jobs whose time has come become ready.
    public Chore promote() {
        return chore("promote", Duration.ofMillis(250), () -> lane.run(new Command.Promote(MOVED_MAX)) == MOVED_MAX);
    }

    /// Jobs whose lease ran out go back to their queue or to the dead letters.
    public Chore reap() {
        return chore("reap", Duration.ofSeconds(1), () -> lane.run(new Command.Reap(MOVED_MAX)) == MOVED_MAX);
    }

    /// Jobs past their `expires_at` are cancelled.
    public Chore expire() {
        return chore("expire", Duration.ofSeconds(1), () -> lane.run(new Command.Expire(MOVED_MAX)) >= MOVED_MAX);
    }

    /// Jobs that wait for ended ones hear of it, where a batch did not come to it (its node stopped, or there were
    /// many).
    public Chore settle() {
        return chore("settle", Duration.ofSeconds(1), () -> lane.run(new Command.Settle()) > 0);
    }

    /// Appended counter deltas are folded into the counters.
    public Chore rollUp() {
        return chore("roll-up", Duration.ofSeconds(1), () -> {
            Args args = Args.of("cell", cell).and("limit", DELTAS_MAX);
            int folded = db.asEngine(tx -> tx.first(ROLL_UP, args, row -> row.integer("n")))
                    .orElse(0);
            return folded == DELTAS_MAX;
        });
    }

    /// New jobs enter the listing a moment after they were made, in order, so that lists need not be kept by the
    /// enqueue.
    public Chore list() {
        return chore("list", Duration.ofSeconds(1), () -> listUpTo(LIST_JOBS, LISTED_AFTER));
    }

    /// Jobs whose commit came after the listing had passed them are listed after all.
    public Chore checkListing() {
        return chore("check-listing", Duration.ofSeconds(15), () -> listUpTo(CHECK_LISTING, CHECKED_AFTER));
    }

    private boolean listUpTo(Sql pass, Duration ago) {
        Args args = Args.of("cell", cell)
                .and("until", Ids.floor(clock.nowMillis() - ago.toMillis()))
                .and("limit", LISTED_MAX);
        return db.asEngine(tx -> tx.first(pass, args, row -> row.integer("n"))).orElse(0) == LISTED_MAX;
    }

    /// Parked claims hear of ready jobs that another node's commit left for them.
    public Chore wakeParked() {
        return chore("wake", Duration.ofSeconds(1), () -> {
            Set<Integer> awaited = lane.awaited();
            if (!awaited.isEmpty()) {
                lane.wake(db.asEngine(tx -> filled(tx, awaited)));
            }
            return false;
        });
    }

    /// Goes from one queue with ready rows to the next; where these are more than are waited on, looks each of those
    /// up.
    private List<Integer> filled(Tx tx, Set<Integer> awaited) {
        tx.list(BY_KEY, Args.NONE, row -> 0);
        Args walk = Args.of("cell", cell)
                .and("first", Collections.min(awaited))
                .and("last", Collections.max(awaited))
                .and("most", awaited.size() + 1);
        List<Integer> filled = tx.list(FILLED_QUEUES, walk, row -> row.integer("q"));
        if (filled.size() <= awaited.size()) {
            return filled.stream().filter(awaited::contains).toList();
        }
        PgArray queues = PgArray.ints();
        awaited.forEach(queues::add);
        return tx.list(QUEUES_READY, Args.of("cell", cell).and("queues", queues), row -> row.integer("q"));
    }

    /// The lane knows which organizations have webhooks. Until it does, on another node for up to a second after the
    /// first webhook of an organization was made, nothing is kept for them.
    public Chore noteHooks() {
        return chore("hooks", Duration.ofSeconds(1), () -> {
            lane.setHooked(Set.copyOf(db.readAsEngine(HOOKED, Args.of("cell", cell), row -> row.integer("org"))));
            return false;
        });
    }

    /// The outbox is bounded by time: what was not fetched within three days is forgotten.
    public Chore forgetEvents() {
        return chore("forget-events", Duration.ofMinutes(1), () -> {
            Args args = Args.of("cell", cell)
                    .and("before", clock.now().minus(EVENTS_KEPT))
                    .and("limit", EVENTS_MAX);
            return db.asEngine(tx -> tx.list(FORGET_EVENTS, args, row -> true)).size() == EVENTS_MAX;
        });
    }

    /// Day partitions exist a week before they are needed.
    public Chore keepPartitions() {
        return chore("partitions", Duration.ofHours(1), () -> {
            LocalDate today = LocalDate.ofInstant(clock.now(), ZoneOffset.UTC);
            for (int ahead = -1; ahead <= DAYS_AHEAD; ahead++) {
                ensureDay(today.plusDays(ahead));
            }
            return false;
        });
    }

    private void ensureDay(LocalDate day) {
        for (String base : Retention.TABLES_BY_DAY) {
            Args args = Args.of("base", base).and("day", day.toString());
            if (!locks.run(tx -> tx.list(ENSURE_DAY, args, row -> true))) {
                log.warn("the partition of {} for {} could not be made yet", base, day);
            }
        }
    }

    /// Recounts the live tables against the counters. Any difference is a fault of ours: logged, and shown by `drift`.
    public Chore recount() {
        return chore("recount", Duration.ofMinutes(10), () -> {
            List<String> differences = db.asEngine(tx -> tx.list(
                    LIVE_DRIFT,
                    Args.of("cell", cell),
                    row -> "queue " + row.integer("queue") + " kind " + row.integer("kind") + ": counted "
                            + row.bigint("counted") + ", found " + row.bigint("found")));
            if (!differences.isEmpty()) {
                log.error("counters differ from the tables: {}", differences);
            }
            drift = differences;
            return false;
        });
    }

    /// How many nodes live, this one counted, as of the last look.
    public int nodes() {
        return nodes;
    }

    /// What the last recount found to differ, a line each; empty when all is well.
    public List<String> drift() {
        return drift;
    }

    /// The node registry knows this node lives, and the lane whether others do; rows of nodes long gone are removed,
    /// and their lanes' marks.
    public Chore registerNode(UUID node, String version) {
        return chore("node", Duration.ofSeconds(5), () -> {
            Args args = Args.of("id", node)
                    .and("name", "node-" + node.toString().substring(0, 8))
                    .and("version", version)
                    .and("address", null)
                    .and("now", clock.now());
            Args old = Args.of("before", clock.now().minus(FORGET_NODES_AFTER));
            db.asEngine(tx -> tx.run(REGISTER_NODE, args) + tx.run(FORGET_MARKS, old) + tx.run(FORGET_NODES, old));
            Args others = Args.of("id", node).and("since", clock.now().minus(LIVES_WITHIN));
            int found = db.readAsEngine(OTHER_NODES, others, row -> row.integer("n"))
                    .getFirst();
            lane.setAlone(found == 0);
            nodes = found + 1;
            return false;
        });
    }

    /// A node that stops in order does not count among the living any longer; one that is killed does for a while.
    void leave(UUID node) {
        try {
            db.asEngine(tx -> tx.run(LEAVE_MARKS, Args.of("id", node)) + tx.run(LEAVE_NODE, Args.of("id", node)));
        } catch (DbFault e) {
            log.debug("this node could not say that it leaves: {}", e.getMessage());
        }
    }

    UUID installation() {
        return db.readAsEngine(INSTALLATION, Args.NONE, row -> row.uuid("id")).getFirst();
    }

    /// Keeps a `DatabaseClock` on the database's time. Of some readings the one that took least counts, as of its
    /// middle, so that the clocks of nodes differ by little; one that took long says little and is left out.
    public static Chore followClock(Db db, DatabaseClock clock) {
        return chore("clock", Duration.ofSeconds(1), () -> {
            long least = PROMPT_NANOS;
            long micros = 0;
            long middle = 0;
            for (int i = 0; i < READINGS; i++) {
                long asked = System.nanoTime();
                long read = readTime(db);
                long took = System.nanoTime() - asked;
                if (took < least) {
                    least = took;
                    micros = read;
                    middle = asked + took / 2;
                }
            }
            if (least < PROMPT_NANOS) {
                clock.follow(micros, middle);
            }
            return false;
        });
    }

    /// The database's time, in microseconds since 1970.
    public static long readTime(Db db) {
        return db.asEngine(tx -> tx.first(DATABASE_TIME, Args.NONE, row -> row.bigint("micros")))
                .orElseThrow();
    }

    private static Chore chore(String name, Duration every, BooleanSupplier pass) {
        return new Pass(name, every, pass);
    }

    private record Pass(String name, Duration every, BooleanSupplier pass) implements Chore {
        @Override
        public boolean runOnce() {
            return pass.getAsBoolean();
        }
    }
}
