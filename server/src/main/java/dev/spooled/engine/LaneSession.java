package dev.spooled.engine;

import dev.spooled.db.Args;
import dev.spooled.db.DbAddress;
import dev.spooled.db.DbAddress.Role;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.SQLNonTransientConnectionException;
import java.sql.Statement;
import java.time.Duration;
import java.util.HashSet;
import java.util.Properties;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The lane's connection and the number of its batches.
///
/// A lost connection is not a failed batch: each batch writes its number into `lane_mark`, so after reconnecting the
/// session can tell whether the batch in flight committed. The epoch, raised by every new connection and asserted by
/// every batch, keeps a batch that is still in flight somewhere from committing after that was decided.
final class LaneSession implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(LaneSession.class);

    /// Nested loops by key, whatever the statistics say; a lock is waited for briefly, then the batch is taken apart.
    static final String SETTINGS = "-c lock_timeout=250ms -c statement_timeout=20s"
            + " -c idle_in_transaction_session_timeout=20s -c plan_cache_mode=force_generic_plan -c jit=off"
            + " -c enable_hashjoin=off -c enable_mergejoin=off -c enable_seqscan=off -c enable_bitmapscan=off"
            + " -c enable_material=off -c enable_memoize=off";

    private static final long RETRY_NANOS = TimeUnit.MILLISECONDS.toNanos(50);
    private static final Duration DEAD_AFTER = Duration.ofSeconds(60);

    private static final int QUESTIONS_MAX = 10;

    /// The session's key of the barrier that pause and retention pass (`engine.sql`, barrier).
    static long barrierOf(int cell) {
        return 0x5350_4f4f_4c00_0000L | cell;
    }

    /// Who brings to the disk what was committed without waiting for it.
    interface LaterFlush {
        /// Every commit waits for the disk.
        LaterFlush NONE = new LaterFlush() {
            @Override
            public boolean takesOneMore() {
                return false;
            }

            @Override
            public void connected(long committed) {}
        };

        boolean takesOneMore();

        /// A new connection finds batches up to this one: later ones have been undone, by a crash of PostgreSQL.
        void connected(long committed);
    }

    /// What a batch does to find its answers after a reply was lost and the batch turned out to be committed.
    interface Reconcile {
        void run() throws SQLException;
    }

    /// The connection broke and the batch did not commit: it can be run again as it is.
    static final class NotCommitted extends SQLException {
        NotCommitted(SQLException cause) {
            super("connection lost before the commit", "08006", cause);
        }
    }

    private final DbAddress address;
    private final int cell;
    private final boolean namesCell;
    private final UUID node;
    private final long reconnectNanos;
    private volatile @Nullable Connection connection;
    private long epoch;
    private long batch;
    private long committedBatch;
    private long moves;
    private boolean flushed = true;
    private LaterFlush later = LaterFlush.NONE;
    private Set<Integer> departed = Set.of();

    /// `namesCell` is for a database distributed by cells (`RoundTrip.naming`).
    LaneSession(DbAddress address, int cell, boolean namesCell, UUID node, long reconnectSeconds) {
        this.address = address;
        this.cell = cell;
        this.namesCell = namesCell;
        this.node = node;
        this.reconnectNanos = TimeUnit.SECONDS.toNanos(reconnectSeconds);
    }

    void leaveFlushTo(LaterFlush flush) {
        later = flush;
    }

    int cell() {
        return cell;
    }

    /// The number of the newest batch.
    long batch() {
        return batch;
    }

    /// Whether the newest commit waited for the disk.
    boolean isFlushed() {
        return flushed;
    }

    Connection connection() throws SQLException {
        if (connection == null) {
            connect();
        }
        Connection open = connection;
        if (open == null) {
            throw new SQLNonTransientConnectionException("no connection", "08003");
        }
        return open;
    }

    /// Breaks the connection, from any thread. The lane, which may be waiting on it, takes it for lost.
    void sever() {
        DbAddress.sever(connection);
    }

    RoundTrip roundTrip() {
        return namesCell ? RoundTrip.naming(cell) : new RoundTrip();
    }

    /// Adds what every batch begins with.
    void open(RoundTrip trip) throws SQLException {
        connection();
        batch++;
        trip.add(EngineSql.BEGIN, Args.NONE);
        trip.add(EngineSql.BARRIER, Args.of("barrier", barrierOf(cell)));
        trip.add(
                EngineSql.MARK,
                Args.of("batch", batch)
                        .and("cell", cell)
                        .and("node", node)
                        .and("epoch", epoch)
                        .and("moves", moves));
    }

    /// Whether PostgreSQL refused a batch because an organization has left or come.
    static boolean tellsOfMove(SQLException e) {
        return "SPQ02".equals(e.getSQLState());
    }

    /// Organizations whose commands are not for this cell.
    Set<Integer> departed() {
        return departed;
    }

    /// Looks again who is worked here.
    void readDepartures() throws SQLException {
        readDepartures(connection());
    }

    private void readDepartures(Connection from) throws SQLException {
        var gone = new HashSet<Integer>();
        new RoundTrip()
                .add(EngineSql.DEPARTURES, Args.of("cell", cell), row -> {
                    moves = row.bigint("moves");
                    Integer org = row.integerOrNull("org");
                    if (org != null) {
                        gone.add(org);
                    }
                })
                .run(from);
        departed = Set.copyOf(gone);
    }

    /// Commits and sends the round trip. Throws what PostgreSQL reports after undoing everything; on a lost connection
    /// finds out what happened and either reconciles or throws `NotCommitted`.
    void commit(RoundTrip trip, Reconcile onLostReply) throws SQLException {
        flushed = !later.takesOneMore();
        if (!flushed) {
            trip.add(EngineSql.FLUSH_LATER, Args.NONE);
        }
        trip.add(EngineSql.COMMIT, Args.NONE);
        try {
            trip.run(connection());
        } catch (SQLException e) {
            if (!isLost(e)) {
                rollBack();
                throw e;
            }
            log.warn("lane connection lost in batch {}: {}", batch, e.getMessage());
            drop();
            connect();
            if (committedBatch != batch) {
                throw new NotCommitted(e);
            }
            log.info("batch {} had committed; reading its answers back", batch);
            askUntilHeard(onLostReply);
        }
    }

    /// Runs what asks and changes nothing. Its answer may be lost as often as the one before.
    private void askUntilHeard(Reconcile question) throws SQLException {
        for (int tries = 1; ; tries++) {
            try {
                question.run();
                return;
            } catch (SQLException e) {
                if (tries == QUESTIONS_MAX || !isLost(e)) {
                    throw e;
                }
                drop();
                connect();
            }
        }
    }

    /// Sends the first part of a batch whose rest depends on its answers. What is not sent with `commit` did not
    /// happen.
    void ask(RoundTrip trip) throws SQLException {
        try {
            trip.run(connection());
        } catch (SQLException e) {
            if (!isLost(e)) {
                rollBack();
                throw e;
            }
            drop();
            connect();
            throw new NotCommitted(e);
        }
    }

    /// Has PostgreSQL put on disk whatever is committed; returns the newest batch among that.
    long flush() throws SQLException {
        long[] newest = {0};
        askUntilHeard(() -> newest[0] = Flusher.flush(connection(), cell, node));
        return newest[0];
    }

    private boolean isLost(SQLException e) {
        String state = e.getSQLState();
        boolean severed = state == null || state.startsWith("08") || state.startsWith("57P");
        Connection open = connection;
        try {
            return severed || open == null || open.isClosed();
        } catch (SQLException _) {
            return true;
        }
    }

    /// Undoes what was asked and not committed. A connection that breaks meanwhile undoes it as well.
    void rollBack() {
        Connection open = connection;
        if (open == null) {
            return;
        }
        try (Statement statement = open.createStatement()) {
            statement.execute("rollback");
        } catch (SQLException e) {
            log.debug("lane connection lost while undoing batch {}", batch, e);
            drop();
        }
    }

    /// Connects, within a bound, and raises the epoch; waits there for a batch still in flight on an older connection.
    private void connect() throws SQLException {
        long end = System.nanoTime() + reconnectNanos;
        while (true) {
            try {
                openOnce();
                return;
            } catch (SQLException e) {
                drop();
                if (System.nanoTime() - end > 0) {
                    throw e;
                }
                LockSupport.parkNanos(RETRY_NANOS);
            }
        }
    }

    private void openOnce() throws SQLException {
        Properties properties = address.properties(Role.ENGINE, SETTINGS);
        properties.setProperty("preparedStatementCacheQueries", "512");
        properties.setProperty("preparedStatementCacheSizeMiB", "32");
        Connection open = address.open(properties, DEAD_AFTER);
        connection = open;
        new RoundTrip()
                .add(EngineSql.OPEN_LANE, Args.of("cell", cell).and("node", node), row -> {
                    epoch = row.bigint("epoch");
                    committedBatch = row.bigint("batch");
                })
                .run(open);
        readDepartures(open);
        later.connected(committedBatch);
        batch = Math.max(batch, committedBatch);
    }

    private void drop() {
        Connection open = connection;
        if (open != null) {
            try {
                open.close();
            } catch (SQLException e) {
                log.debug("closing a broken connection", e);
            }
            connection = null;
        }
    }

    @Override
    public void close() {
        drop();
    }
}
