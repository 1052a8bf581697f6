package dev.spooled.web;

import io.helidon.common.buffers.DataReader;
import io.helidon.common.buffers.DataWriter;
import io.helidon.common.concurrency.limits.Limit;
import io.helidon.common.socket.HelidonSocket;
import io.helidon.common.socket.PeerInfo;
import io.helidon.common.task.InterruptableTask;
import io.helidon.webserver.ConnectionContext;
import io.helidon.webserver.ListenerContext;
import io.helidon.webserver.Router;
import io.helidon.webserver.spi.ServerConnection;
import java.time.Duration;
import java.util.concurrent.ExecutorService;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;

/// One client's connection: what it may take how long for, and whether its client is still there.
///
/// A connection is idle, sending the head of a request, being served, or sending a body. Each but the third has a
/// deadline for the whole phase, so that a client cannot keep a connection by sending one byte at a time; `Connections`
/// closes what is past its deadline.
public final class Connection implements ServerConnection, InterruptableTask<Void> {
    private static final ScopedValue<Connection> CURRENT = ScopedValue.newInstance();
    private static final Duration HEAD = Duration.ofSeconds(10);
    private static final Duration BODY = Duration.ofSeconds(30);
    static final Duration IDLE = Duration.ofSeconds(75);
    private static final Duration FOREVER = Duration.ofDays(365);

    private final HelidonSocket socket;
    private final ServerConnection http;
    private final Consumer<Connection> onEnd;
    private volatile boolean waiting = true;
    private volatile long deadlineNanos;

    Connection(
            ConnectionContext context,
            java.util.function.Function<ConnectionContext, ServerConnection> protocol,
            Consumer<Connection> onEnd) {
        this.socket = context.serverSocket();
        this.onEnd = onEnd;
        within(HEAD);
        this.http = protocol.apply(new Watched(context, DataReader.create(this::receive)));
    }

    /// Starts to watch for the client of this thread's request hanging up, until the next read from it. The supplier is
    /// true as long as it has not.
    ///
    /// Costs a virtual thread that waits in a read. Without a connection (in tests of operations) the client never
    /// leaves.
    public static BooleanSupplier watchClient() {
        if (!CURRENT.isBound()) {
            return () -> true;
        }
        HelidonSocket socket = CURRENT.get().socket;
        socket.idle();
        return socket::isConnected;
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

    private Phase serve() {
        waiting = false;
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

    /// The first bytes after a pause begin a new request.
    private byte[] receive() {
        byte[] bytes = socket.get();
        if (waiting) {
            waiting = false;
            within(HEAD);
        }
        return bytes;
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
        socket.close();
    }

    @Override
    public void handle(Limit limit) throws InterruptedException {
        try {
            ScopedValue.where(CURRENT, this).call(() -> {
                http.handle(limit);
                return null;
            });
        } finally {
            onEnd.accept(this);
        }
    }

    @Override
    public Duration idleTime() {
        return http.idleTime();
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
