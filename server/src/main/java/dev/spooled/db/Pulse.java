package dev.spooled.db;

import dev.spooled.db.DbAddress.Role;
import java.net.SocketTimeoutException;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Properties;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Whether a database answers, asked once a second over a connection of its own.
///
/// A PostgreSQL that is gone closes its connections, and whoever waits on one hears so. One that is frozen, or behind
/// a network that drops everything, says nothing: whoever waits would wait as long as the time-out of the longest
/// statement. This notices within seconds and has the others give up.
///
/// Until it is started it takes the database to answer.
final class Pulse implements AutoCloseable {
    /// An answer takes a fraction of a millisecond; this is for a machine with much else to do.
    private static final int PATIENCE_SECONDS = 3;

    private static final long REST_NANOS = TimeUnit.SECONDS.toNanos(1);

    /// A restart may take so long without anybody being sent away.
    private static final long GRACE_NANOS = TimeUnit.SECONDS.toNanos(5);

    private static final String SETTINGS = "-c statement_timeout=" + PATIENCE_SECONDS + "s";

    private static final Logger log = LoggerFactory.getLogger(Pulse.class);

    private final DbAddress address;
    private final Thread thread;
    private @Nullable Connection connection;
    private volatile Runnable onSilence = () -> {};
    private volatile boolean beating = true;
    private volatile long answeredAt = System.nanoTime();
    private volatile boolean closing;

    Pulse(DbAddress address, int cell) {
        this.address = address;
        this.thread = Thread.ofPlatform().name("pulse-" + cell).daemon().unstarted(this::work);
    }

    /// Runs `onSilence` whenever an answer did not come in time, from this thread: it must return at once.
    void start(Runnable onSilence) {
        this.onSilence = onSilence;
        answeredAt = System.nanoTime();
        thread.start();
    }

    /// Whether the last question was answered.
    boolean isBeating() {
        return beating;
    }

    /// Whether nothing was answered for longer than a restart takes.
    boolean isLost() {
        return !beating && System.nanoTime() - answeredAt > GRACE_NANOS;
    }

    private void work() {
        while (!closing) {
            ask();
            LockSupport.parkNanos(this, REST_NANOS);
        }
        drop();
    }

    private void ask() {
        try (Statement statement = session().createStatement()) {
            statement.execute("select 1");
            answeredAt = System.nanoTime();
            if (!beating) {
                log.info("the database answers again");
            }
            beating = true;
        } catch (SQLException e) {
            drop();
            if (beating && !closing) {
                log.warn("the database does not answer: {}", e.getMessage());
            }
            beating = false;
            if (isTimeOut(e)) {
                onSilence.run();
            }
        }
    }

    private static boolean isTimeOut(SQLException e) {
        for (Throwable cause = e; cause != null; cause = cause.getCause()) {
            if (cause instanceof SocketTimeoutException) {
                return true;
            }
        }
        return false;
    }

    private Connection session() throws SQLException {
        Connection open = connection;
        if (open == null) {
            Properties properties = address.properties(Role.ENGINE, SETTINGS);
            properties.setProperty("connectTimeout", Integer.toString(PATIENCE_SECONDS));
            properties.setProperty("socketTimeout", Integer.toString(PATIENCE_SECONDS));
            open = DriverManager.getConnection(address.jdbcUrl(), properties);
            connection = open;
        }
        return open;
    }

    private void drop() {
        DbAddress.sever(connection);
        connection = null;
    }

    @Override
    public void close() {
        closing = true;
        LockSupport.unpark(thread);
    }
}
