package dev.spooled.engine;

import dev.spooled.db.Args;
import dev.spooled.db.DbAddress;
import dev.spooled.db.DbAddress.Role;
import dev.spooled.refusal.Refused;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Properties;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Batches that are committed and not yet published: a batch is published, in its order, when PostgreSQL has it on
/// disk.
///
/// While there is much to do, the lane's commits do not wait for the disk (docs/decisions/0014-flushed-beside.md).
/// A thread with a session of its own then has PostgreSQL flush its log, once for as many batches as there are,
/// while the lane works on the next. What it flushed is known by the mark it reads in the same transaction, not by
/// having been told of a commit: a batch that a crash of PostgreSQL undid is in no mark, and the lane refuses it
/// when it connects again.
///
/// When that session fails, nothing is lost: the lane's commits wait for the disk again and flush what was before
/// them.
final class Flusher implements AutoCloseable {
    /// With so many batches not on disk the lane waits for the disk itself.
    static final int UNFLUSHED_MAX = 8;

    /// What its session is called in PostgreSQL's views.
    static final String NAME = "spooled flush";

    private static final String SETTINGS = "-c statement_timeout=20s -c lock_timeout=250ms";
    private static final Duration DEAD_AFTER = Duration.ofSeconds(60);
    private static final long RETRY_NANOS = TimeUnit.MILLISECONDS.toNanos(50);
    private static final long IDLE_RETRY_NANOS = TimeUnit.SECONDS.toNanos(1);

    private static final Logger log = LoggerFactory.getLogger(Flusher.class);

    /// What is to be said of a committed batch. `queues` are those that other nodes may find ready rows in.
    record Outcome(long batch, Moves moves, boolean leftEvents, List<Ticket<?>> answered, List<Integer> queues) {}

    private final DbAddress address;
    private final int cell;
    private final UUID node;
    private final Consumer<Outcome> publication;
    private final Runnable onStuck;
    private final Thread thread;

    /// Held while batches are published or given up, so that nobody overtakes.
    private final ReentrantLock order = new ReentrantLock();

    private final ArrayDeque<Outcome> unpublished = new ArrayDeque<>();
    private volatile @Nullable Connection connection;
    private volatile boolean failing;
    private volatile boolean closing;

    /// `publication` is run by this thread or the lane's; `onStuck` when the lane is needed.
    Flusher(DbAddress address, int cell, UUID node, Consumer<Outcome> publication, Runnable onStuck) {
        this.address = address;
        this.cell = cell;
        this.node = node;
        this.publication = publication;
        this.onStuck = onStuck;
        this.thread = Thread.ofPlatform().name("flush-" + cell).daemon().unstarted(this::work);
    }

    void start() {
        thread.start();
    }

    /// Whether a commit may leave the disk to this.
    boolean hasRoom() {
        return !failing && !closing && size() < UNFLUSHED_MAX;
    }

    /// Takes what is to be said of the newest committed batch; `flushed` when its commit waited for the disk, and
    /// so all before it are there, too.
    void committed(Outcome outcome, boolean flushed) {
        synchronized (unpublished) {
            unpublished.addLast(outcome);
        }
        if (flushed) {
            publishUpTo(outcome.batch());
        } else {
            LockSupport.unpark(thread);
        }
    }

    /// Publishes all batches up to this one: they are on disk.
    void publishUpTo(long batch) {
        order.lock();
        try {
            for (Outcome next = pollUpTo(batch); next != null; next = pollUpTo(batch)) {
                publish(next);
            }
        } finally {
            order.unlock();
        }
    }

    private void publish(Outcome outcome) {
        try {
            publication.accept(outcome);
        } catch (RuntimeException e) {
            log.error("what batch {} did could not be told to all", outcome.batch(), e);
            outcome.answered().forEach(Ticket::settle);
        }
    }

    /// The lane has a new session that finds batches up to this one: later ones have been undone.
    void connected(long committed) {
        order.lock();
        try {
            for (Outcome last = pollBeyond(committed); last != null; last = pollBeyond(committed)) {
                log.warn("batch {} was undone before it was on disk", last.batch());
                refuse(last);
            }
        } finally {
            order.unlock();
        }
    }

    /// Refuses whoever waits: nobody knows whether the batches will reach the disk.
    void giveUp() {
        order.lock();
        try {
            for (Outcome next = pollUpTo(Long.MAX_VALUE); next != null; next = pollUpTo(Long.MAX_VALUE)) {
                refuse(next);
            }
        } finally {
            order.unlock();
        }
    }

    /// Breaks the session, from any thread; until there is another the lane flushes by itself.
    void sever() {
        DbAddress.sever(connection);
    }

    /// Whether batches wait for the disk and this cannot bring them there.
    boolean isStuck() {
        return failing && size() > 0;
    }

    int size() {
        synchronized (unpublished) {
            return unpublished.size();
        }
    }

    private static void refuse(Outcome outcome) {
        outcome.answered().forEach(ticket -> ticket.refuse(Refused.unavailable("the database is not available")));
    }

    private @Nullable Outcome pollUpTo(long batch) {
        synchronized (unpublished) {
            Outcome first = unpublished.peekFirst();
            return first != null && first.batch() <= batch ? unpublished.pollFirst() : null;
        }
    }

    private @Nullable Outcome pollBeyond(long batch) {
        synchronized (unpublished) {
            Outcome last = unpublished.peekLast();
            return last != null && last.batch() > batch ? unpublished.pollLast() : null;
        }
    }

    private long firstBatch() {
        synchronized (unpublished) {
            Outcome first = unpublished.peekFirst();
            return first == null ? 0 : first.batch();
        }
    }

    /// Has PostgreSQL put on disk whatever is committed; returns the newest of this node's batches among that.
    static long flush(Connection session, int cell, UUID node) throws SQLException {
        long[] batch = {0};
        new RoundTrip()
                .add(EngineSql.FLUSH, Args.of("cell", cell).and("node", node), row -> batch[0] = row.bigint("batch"))
                .run(session);
        return batch[0];
    }

    // ---- the thread of its own

    private void work() {
        while (!closing) {
            // One that failed tries again though the lane has helped itself: until then the lane asks nothing of it.
            if (size() == 0 && !failing) {
                LockSupport.park(this);
            } else if (!flushOnce()) {
                waitToTryAgain();
            }
        }
        drop();
    }

    private void waitToTryAgain() {
        if (size() > 0) {
            onStuck.run();
            LockSupport.parkNanos(this, RETRY_NANOS);
        } else {
            LockSupport.parkNanos(this, IDLE_RETRY_NANOS);
        }
    }

    private boolean flushOnce() {
        try {
            long first = firstBatch();
            long flushed = flush(session(), cell, node);
            publishUpTo(flushed);
            failing = flushed < first;
        } catch (SQLException e) {
            log.debug("the log could not be flushed", e);
            failing = true;
            drop();
        }
        return !failing;
    }

    private Connection session() throws SQLException {
        Connection open = connection;
        if (open == null) {
            Properties properties = address.properties(Role.ENGINE, SETTINGS);
            properties.setProperty("ApplicationName", NAME);
            open = address.open(properties, DEAD_AFTER);
            connection = open;
        }
        return open;
    }

    private void drop() {
        Connection open = connection;
        connection = null;
        if (open != null) {
            try {
                open.close();
            } catch (SQLException e) {
                log.debug("closing a broken connection", e);
            }
        }
    }

    @Override
    public void close() {
        closing = true;
        LockSupport.unpark(thread);
    }
}
