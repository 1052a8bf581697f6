package dev.spooled.redis;

import io.lettuce.core.api.StatefulConnection;
import java.io.IOException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// A connection that a thread of its own opens again whenever it is gone. Who needs it while it is not there is told so
/// at once.
final class Kept<C extends StatefulConnection<byte[], byte[]>> implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(Kept.class);
    private static final long LOOK_NANOS = TimeUnit.MILLISECONDS.toNanos(200);

    private final Supplier<C> open;
    private final Thread keeper;
    private volatile @Nullable C connection;
    private volatile boolean closed;

    Kept(String name, Supplier<C> open) {
        this.open = open;
        this.keeper = Thread.ofVirtual().name("redis-" + name).start(this::keep);
    }

    private void keep() {
        while (!closed) {
            C now = connection;
            if (now == null || !now.isOpen()) {
                drop();
                reopen();
            }
            LockSupport.parkNanos(this, LOOK_NANOS);
        }
        drop();
    }

    private void reopen() {
        try {
            connection = open.get();
        } catch (RuntimeException e) {
            log.debug("no Redis: {}", e.getMessage());
        }
    }

    private synchronized void drop() {
        C now = connection;
        connection = null;
        if (now != null && now.isOpen()) {
            now.closeAsync();
        }
    }

    C get() throws IOException {
        C now = connection;
        if (now == null || !now.isOpen()) {
            throw new IOException("no connection to Redis");
        }
        return now;
    }

    /// It may look open and answer nothing.
    void reset() {
        drop();
        LockSupport.unpark(keeper);
    }

    @Override
    public void close() {
        closed = true;
        LockSupport.unpark(keeper);
        try {
            keeper.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
