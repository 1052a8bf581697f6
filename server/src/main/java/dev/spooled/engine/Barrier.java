package dev.spooled.engine;

import dev.spooled.db.Args;
import dev.spooled.db.Db;
import dev.spooled.db.DbFault;
import dev.spooled.db.Sql;
import dev.spooled.db.Statements;
import dev.spooled.refusal.Refused;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/// Passes when no batch of any lane of the cell is left that began before: whatever was committed before the call is
/// seen by every batch that commits after it. What makes a pause hold on all nodes once it is acknowledged.
///
/// Each batch holds the barrier's key shared. Taking it exclusively waits for those under way, and those that come
/// meanwhile wait behind; so one try is short, and lanes are let through between two.
public final class Barrier {
    private static final Statements SQL = Statements.beside(Barrier.class, "chores.sql");
    private static final Sql WAIT_BRIEFLY = SQL.get("wait_briefly");
    private static final Sql PASS_BARRIER = SQL.get("pass_barrier");

    private static final String WAIT = "100ms";
    private static final int TRIES_MAX = 50;
    private static final long REST_NANOS = TimeUnit.MILLISECONDS.toNanos(50);

    private final Db db;
    private final long key;

    public Barrier(Db db) {
        this.db = db;
        this.key = LaneSession.barrierOf(db.cell());
    }

    /// Returns when passed, which takes milliseconds; `Unavailable` when a batch hangs for seconds.
    public void pass() {
        for (int i = 0; i < TRIES_MAX; i++) {
            if (tryPass()) {
                return;
            }
            LockSupport.parkNanos(REST_NANOS);
        }
        throw Refused.unavailable("The change is stored, but a batch that began before it still runs; try again");
    }

    private boolean tryPass() {
        try {
            return db.asEngine(tx -> {
                tx.first(WAIT_BRIEFLY, Args.of("wait", WAIT), row -> true);
                return tx.first(PASS_BARRIER, Args.of("barrier", key), row -> true)
                        .isPresent();
            });
        } catch (DbFault e) {
            if (e.kind() == DbFault.Kind.RETRY) {
                return false;
            }
            throw e;
        }
    }
}
