package dev.spooled.engine;

import dev.spooled.db.Args;
import dev.spooled.db.Db;
import dev.spooled.db.DbFault;
import dev.spooled.db.Sql;
import dev.spooled.db.Tx;
import java.time.Duration;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import java.util.function.Function;

/// Transactions that take a lock everybody else needs. Each try waits for it 30 ms at most, because everybody who comes
/// after waits behind it; then it lets them through and tries again.
final class BriefLocks {
    private static final Sql WAIT_BRIEFLY = RetentionSql.ALL.get("wait_briefly");
    private static final Sql ONE_NODE = RetentionSql.ALL.get("one_node");
    private static final long KEY = 0x5350_4f4f_4c52_4554L;
    private static final int TRIES_MAX = 20;
    private static final long REST_NANOS = Duration.ofMillis(120).toNanos();

    private final Db db;

    BriefLocks(Db db) {
        this.db = db;
    }

    /// Runs the work in a transaction. False when a lock was not free in any of the tries: nothing has happened then.
    boolean run(Consumer<Tx> work) {
        return tryAgain(tx -> {
            tx.run(WAIT_BRIEFLY, Args.NONE);
            work.accept(tx);
            return true;
        });
    }

    /// As `run`, on one node at a time: false as well when another node is at such work.
    boolean runAlone(Consumer<Tx> work) {
        return tryAgain(tx -> {
            if (!isFirst(tx)) {
                return false;
            }
            tx.run(WAIT_BRIEFLY, Args.NONE);
            work.accept(tx);
            return true;
        });
    }

    private static boolean isFirst(Tx tx) {
        return tx.first(ONE_NODE, Args.of("key", KEY), row -> row.bool("mine")).orElse(false);
    }

    private boolean tryAgain(Function<Tx, Boolean> work) {
        for (int attempt = 1; attempt <= TRIES_MAX; attempt++) {
            try {
                return db.asEngine(work);
            } catch (DbFault e) {
                if (e.kind() != DbFault.Kind.RETRY) {
                    throw e;
                }
                LockSupport.parkNanos(REST_NANOS);
            }
        }
        return false;
    }
}
