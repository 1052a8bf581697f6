package dev.spooled.web;

import io.helidon.common.buffers.DataReader;
import io.helidon.common.buffers.DataWriter;
import io.helidon.common.concurrency.limits.Limit;
import io.helidon.common.socket.HelidonSocket;
import io.helidon.common.socket.PeerInfo;
import io.helidon.common.task.InterruptableTask;
import io.helidon.webserver.CloseConnectionException;
import io.helidon.webserver.ConnectionContext;
import io.helidon.webserver.ListenerContext;
import io.helidon.webserver.Router;
import io.helidon.webserver.spi.ServerConnection;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.FutureTask;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// One client's connection: what it may take how long for, and whether its client is still there.
///
/// A connection is idle, sending the head of a request, being served, or sending a body. Each but the third has a
/// deadline for the whole phase, so that a client cannot keep a connection by sending one byte at a time; `Connections`
/// closes what is past its deadline.
public final class Connection implements ServerConnection, InterruptableTask<Void> {
    private static final Logger LOG = LoggerFactory.getLogger(Connection.class);
    private static final ScopedValue<Connection> CURRENT = ScopedValue.newInstance();
    private static final Duration HEAD = Duration.ofSeconds(10);
    private static final Duration BODY = Duration.ofSeconds(30);
    private static final Duration LINGER = Duration.ofSeconds(2);
    static final Duration IDLE = Duration.ofSeconds(75);
    private static final Duration FOREVER = Duration.ofDays(365);

    private final HelidonSocket socket;
    private final ServerConnection http;
    private final Consumer<Connection> onEnd;
    private volatile boolean waiting = true;
    private volatile boolean unread;
    private volatile long deadlineNanos;

    /// What a watch reads ahead. Touched by the connection's own thread only.
    private @Nullable FutureTask<byte @Nullable []> ahead;

    Connection(
            ConnectionContext context,
            java.util.function.Function<ConnectionContext, ServerConnection> protocol,
            Consumer<Connection> onEnd) {
        this.socket = context.serverSocket();
        this.onEnd = onEnd;
        within(HEAD);
        this.http = protocol.apply(new Watched(context, DataReader.create(this::receive)));
    }

    /// Starts to watch for the client of this thread's request hanging up. The supplier, for any thread,
    /// is true as long as it has not.
    ///
    /// The only way to learn of it is to read ahead: a virtual thread waits for the client's next bytes,
    /// and `receive` then takes them from it. A client that closes only its sending side counts as gone.
    /// Without a connection (in tests of operations) the client never leaves.
    public static BooleanSupplier watchClient() {
        return watchClient(() -> {});
    }

    /// As above; `onLeft` runs on another thread when the client hangs up.
    public static BooleanSupplier watchClient(Runnable onLeft) {
        return CURRENT.isBound() ? CURRENT.get().readAhead(onLeft) : () -> true;
    }

    /// What breaks this thread's connection off, whatever it is doing then.
    public static Runnable cutter() {
        return CURRENT.isBound() ? CURRENT.get()::cut : () -> {};
    }

    private BooleanSupplier readAhead(Runnable onLeft) {
        var next = ahead;
        if (next == null) {
            next = new FutureTask<>(socket::get) {
                @Override
                protected void done() {
                    if (hasEnded(this)) {
                        onLeft.run();
                    }
                }
            };
            ahead = next;
            Thread.ofVirtual().name("watch-" + socket.childSocketId()).start(next);
        }
        FutureTask<byte @Nullable []> watched = next;
        return () -> !hasEnded(watched);
    }

    private static boolean hasEnded(FutureTask<byte @Nullable []> next) {
        return switch (next.state()) {
            case RUNNING -> false;
            case SUCCESS -> next.resultNow() == null;
            case FAILED, CANCELLED -> true;
        };
    }

    /// A stretch of a connection's life; closing it ends the stretch.
    interface Phase extends AutoCloseable {
        @Override
        void close();
    }

    /// From the first filter to the end of the answer.
    static Phase serving() {
        return CURRENT.isBound() ? CURRENT.get().serve() : () -> {};
    }

    static Phase readingBody() {
        return CURRENT.isBound() ? CURRENT.get().readBody() : () -> {};
    }

    /// This thread's connection may end while its client still sends what nobody will read.
    static void leavesUnread() {
        if (CURRENT.isBound()) {
            CURRENT.get().unread = true;
        }
    }

    /// Reads and drops what this thread's client still sends, for a while, before its connection is closed.
    static void linger() {
        if (CURRENT.isBound()) {
            CURRENT.get().drain();
        }
    }

    private Phase serve() {
        waiting = false;
        unread = false;
        within(FOREVER);
        return () -> {
            waiting = true;
            within(IDLE);
        };
    }

    private Phase readBody() {
        within(BODY);
        return () -> within(FOREVER);
    }

    /// The first bytes after a pause begin a new request. Null at the end of the stream.
    private byte @Nullable [] receive() {
        byte[] bytes = nextBytes();
        if (waiting) {
            waiting = false;
            within(HEAD);
        }
        return bytes;
    }

    private byte @Nullable [] nextBytes() {
        var next = ahead;
        if (next == null) {
            return socket.get();
        }
        ahead = null;
        try {
            return next.get();
        } catch (ExecutionException e) {
            throw new CloseConnectionException("the client left", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new CloseConnectionException("the server stops", e);
        }
    }

    private void within(Duration span) {
        deadlineNanos = System.nanoTime() + span.toNanos();
    }

    boolean isOverdue(long nowNanos) {
        return nowNanos - deadlineNanos > 0;
    }

    boolean isWaiting() {
        return waiting;
    }

    void cut() {
        close(socket);
    }

    /// Also of one that is closed already, or is being closed by another thread.
    static void close(HelidonSocket socket) {
        try {
            socket.close();
        } catch (UncheckedIOException closed) {
            LOG.trace("a connection was closed twice", closed);
        }
    }

    @Override
    public void handle(Limit limit) throws InterruptedException {
        try {
            ScopedValue.where(CURRENT, this).call(() -> {
                http.handle(limit);
                return null;
            });
        } finally {
            if (unread) {
                drain();
            }
            onEnd.accept(this);
        }
    }

    /// To close a connection on bytes that were not read resets it, and a reset throws away the answer on its way to
    /// the client (RFC 9112, section 9.6). So what it still sends is read for a while, and dropped.
    private void drain() {
        within(LINGER);
        try {
            byte[] dropped = nextBytes();
            while (dropped != null) {
                dropped = nextBytes();
            }
        } catch (RuntimeException left) {
            LOG.trace("a client left its connection without a goodbye", left);
        }
    }

    /// The library counts from when a request began, and closes what is idle for too long: one that is being served is
    /// not.
    @Override
    public Duration idleTime() {
        return waiting ? http.idleTime() : Duration.ZERO;
    }

    @Override
    public void close(boolean interrupt) {
        http.close(interrupt);
    }

    @Override
    public boolean canInterrupt() {
        return http instanceof InterruptableTask<?> task && task.canInterrupt();
    }

    @Override
    public Void call() {
        throw new UnsupportedOperationException("a connection is handled, not called");
    }

    /// The context the protocol works with: the original, except that what it reads passes `receive`.
    private record Watched(ConnectionContext original, DataReader reader) implements ConnectionContext {
        @Override
        public DataReader dataReader() {
            return reader;
        }

        @Override
        public ListenerContext listenerContext() {
            return original.listenerContext();
        }

        @Override
        public ExecutorService executor() {
            return original.executor();
        }

        @Override
        public DataWriter dataWriter() {
            return original.dataWriter();
        }

        @Override
        public Router router() {
            return original.router();
        }

        @Override
        public HelidonSocket serverSocket() {
            return original.serverSocket();
        }

        @Override
        public PeerInfo remotePeer() {
            return original.remotePeer();
        }

        @Override
        public PeerInfo localPeer() {
            return original.localPeer();
        }

        @Override
        public boolean isSecure() {
            return original.isSecure();
        }

        @Override
        public String socketId() {
            return original.socketId();
        }

        @Override
        public String childSocketId() {
            return original.childSocketId();
        }
    }
}
