package dev.spooled.webhooks;

import dev.spooled.db.Args;
import dev.spooled.db.Db;
import dev.spooled.db.DbFault;
import dev.spooled.db.Sql;
import dev.spooled.db.Statements;
import dev.spooled.time.Clock;
import dev.spooled.upkeep.Bell;
import dev.spooled.upkeep.Chore;
import java.time.Duration;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Makes deliveries of events, in batches, on every node at once: an event leaves the outbox in the transaction
/// that makes its deliveries, so each is made once.
public final class FanOut implements Chore {
    private static final Statements SQL = Statements.beside(FanOut.class, "deliveries.sql");
    private static final Sql FAN_OUT = SQL.get("fan_out");
    private static final Logger log = LoggerFactory.getLogger(FanOut.class);

    /// Events in a batch at most, and about how many deliveries may come of them.
    static final int BATCH = 500;

    private static final int DELIVERIES = 5_000;

    /// Between passes that the bell asks for, so that each has more than one event to do.
    private static final Duration SPACING = Duration.ofMillis(100);

    /// Larger results are left out.
    static final int RESULT_MAX = 256 * 1024;

    private final Db db;
    private final Clock clock;
    private final int cell;
    private final Runnable onMade;
    private final Bell bell = new Bell(SPACING);
    private volatile int batch = BATCH / 10;

    private record Made(int taken, int made) {}

    /// `onMade` is run after deliveries were made.
    public FanOut(Db db, Clock clock, int cell, Runnable onMade) {
        this.db = db;
        this.clock = clock;
        this.cell = cell;
        this.onMade = onMade;
    }

    @Override
    public String name() {
        return "fan-out";
    }

    @Override
    public Duration every() {
        return Duration.ofSeconds(1);
    }

    /// Rung when events may be there. Without it they are found by the rhythm: those of another node that died.
    @Override
    public Bell bell() {
        return bell;
    }

    @Override
    public boolean runOnce() {
        int limit = batch;
        Made made = taken(limit);
        if (made.made() > 0) {
            onMade.run();
        }
        if (made.taken() > 0) {
            batch = Math.clamp((long) DELIVERIES * made.taken() / Math.max(made.made(), 1), 1, BATCH);
        }
        return made.taken() == limit;
    }

    private Made taken(int limit) {
        try {
            return run(limit, false);
        } catch (DbFault e) {
            if (e.kind() != DbFault.Kind.BUG) {
                throw e;
            }
            log.error("a batch of events could not be made deliveries of, taking them one by one", e);
            return oneByOne(limit);
        }
    }

    /// So that one event that cannot be written as JSON holds up no other: it goes without what others wrote
    /// into it.
    private Made oneByOne(int limit) {
        int made = 0;
        for (int i = 0; i < limit; i++) {
            Made one = single();
            if (one.taken() == 0) {
                return new Made(i, made);
            }
            made += one.made();
        }
        return new Made(limit, made);
    }

    private Made single() {
        try {
            return run(1, false);
        } catch (DbFault e) {
            if (e.kind() != DbFault.Kind.BUG) {
                throw e;
            }
            return run(1, true);
        }
    }

    private Made run(int limit, boolean bare) {
        Args args = Args.of("cell", cell)
                .and("now", clock.now())
                .and("limit", limit)
                .and("result_max", RESULT_MAX)
                .and("bare", bare);
        return db.asEngine(tx -> tx.first(FAN_OUT, args, row -> new Made(row.integer("taken"), row.integer("made"))))
                .orElseThrow();
    }
}
