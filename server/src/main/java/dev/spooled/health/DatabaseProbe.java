package dev.spooled.health;

import dev.spooled.db.Args;
import dev.spooled.db.Db;
import dev.spooled.db.DbFault;
import dev.spooled.db.Sql;
import dev.spooled.db.Statements;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;

/// Whether the database answers. Asked by anybody without a key, so it really looks at most once a second.
public final class DatabaseProbe implements BooleanSupplier {
    private static final Sql PING =
            Statements.beside(DatabaseProbe.class, "health.sql").get("ping");
    private static final long REMEMBERED_NANOS = TimeUnit.SECONDS.toNanos(1);

    private final Db db;
    private boolean answered;
    private boolean looked;
    private long lookedAt;

    public DatabaseProbe(Db db) {
        this.db = db;
    }

    @Override
    public synchronized boolean getAsBoolean() {
        long now = System.nanoTime();
        if (!looked || now - lookedAt > REMEMBERED_NANOS) {
            answered = look();
            looked = true;
            lookedAt = now;
        }
        return answered;
    }

    private boolean look() {
        try {
            return db.asEngine(tx -> tx.first(PING, Args.NONE, row -> true).isPresent());
        } catch (DbFault away) {
            return false;
        }
    }
}
