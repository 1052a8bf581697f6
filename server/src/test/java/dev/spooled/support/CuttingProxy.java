package dev.spooled.support;

import dev.spooled.db.DbAddress;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/// A TCP proxy before PostgreSQL, or any server, that cuts a connection at the two instants that matter: when a
/// request arrives and before any of it is forwarded, or when the answer to it arrives and before any of that is.
/// A request is one burst of bytes of the client, an answer one of the server.
public final class CuttingProxy implements AutoCloseable {
    private enum Cut {
        NONE,
        REQUEST,
        REPLY
    }

    private final @Nullable DbAddress behind;
    private final String host;
    private final int port;
    private final ServerSocket listener;
    private final Set<Socket> open = ConcurrentHashMap.newKeySet();
    private final AtomicInteger cuts = new AtomicInteger();
    private volatile Cut next = Cut.NONE;
    private volatile boolean dropping;
    private final AtomicReference<@Nullable Marked> marks = new AtomicReference<>();

    /// Requests whose replies are cut, and how many are still to come.
    private record Marked(String text, int times) {}

    private CuttingProxy(@Nullable DbAddress behind, String host, int port) throws IOException {
        this.behind = behind;
        this.host = host;
        this.port = port;
        this.listener = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
        Thread.ofVirtual().name("cutting-proxy").start(this::accept);
    }

    public static CuttingProxy before(DbAddress behind) throws IOException {
        URI real = URI.create(behind.jdbcUrl().substring("jdbc:".length()));
        return new CuttingProxy(behind, real.getHost(), real.getPort());
    }

    /// Before a server on this machine.
    public static CuttingProxy before(int port) throws IOException {
        return new CuttingProxy(null, "127.0.0.1", port);
    }

    public int port() {
        return listener.getLocalPort();
    }

    /// The same login and database, through the proxy.
    public DbAddress address() {
        DbAddress database = Objects.requireNonNull(behind);
        URI real = URI.create(database.jdbcUrl().substring("jdbc:".length()));
        String url = "jdbc:postgresql://127.0.0.1:" + listener.getLocalPort() + real.getPath();
        return new DbAddress(url, database.user(), database.password());
    }

    /// The next request dies before PostgreSQL sees it.
    public void cutNextRequest() {
        next = Cut.REQUEST;
    }

    /// The next request is forwarded whole and carried out; its answer dies here.
    public void cutNextReply() {
        next = Cut.REPLY;
    }

    /// So many requests that have `text` in them are carried out, each without an answer.
    public void cutRepliesTo(String text, int times) {
        marks.set(new Marked(text, times));
    }

    /// From now on everything is lost on its way, and nobody is told: what is open stays open at both ends, for good.
    public void dropAll() {
        dropping = true;
    }

    /// Connections that are made from now on work.
    public void dropNoMore() {
        dropping = false;
    }

    /// Every connection dies now, at both ends.
    public void cutAll() throws IOException {
        for (Socket socket : open) {
            socket.close();
        }
        open.clear();
    }

    public int cuts() {
        return cuts.get();
    }

    private void accept() {
        while (!listener.isClosed()) {
            try {
                Socket client = listener.accept();
                Socket server = new Socket(host, port);
                client.setTcpNoDelay(true);
                server.setTcpNoDelay(true);
                open.add(client);
                open.add(server);
                var dead = new AtomicBoolean(dropping);
                Thread.ofVirtual().start(() -> forward(client, server, Cut.REQUEST, dead));
                Thread.ofVirtual().start(() -> forward(server, client, Cut.REPLY, dead));
            } catch (IOException e) {
                return;
            }
        }
    }

    private void forward(Socket from, Socket to, Cut side, AtomicBoolean dead) {
        byte[] buffer = new byte[1 << 20];
        try (from) {
            InputStream in = from.getInputStream();
            OutputStream out = to.getOutputStream();
            for (int read = in.read(buffer); read >= 0; read = in.read(buffer)) {
                if (isDropped(dead)) {
                    continue;
                }
                if (side == Cut.REQUEST) {
                    lookForMark(buffer, read);
                }
                if (next == side) {
                    next = Cut.NONE;
                    cuts.incrementAndGet();
                    break;
                }
                out.write(buffer, 0, read);
                out.flush();
            }
        } catch (IOException e) {
            // either side is gone: the other goes with it
        }
        if (!isDropped(dead)) {
            close(to);
        }
    }

    private static void close(Socket socket) {
        try {
            socket.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /// A connection that lost something has lost all that follows.
    private boolean isDropped(AtomicBoolean dead) {
        if (dropping) {
            dead.set(true);
        }
        return dead.get();
    }

    private void lookForMark(byte[] request, int length) {
        Marked marked = marks.get();
        if (marked != null && new String(request, 0, length, StandardCharsets.ISO_8859_1).contains(marked.text())) {
            marks.set(marked.times() > 1 ? new Marked(marked.text(), marked.times() - 1) : null);
            cutNextReply();
        }
    }

    @Override
    public void close() throws IOException {
        listener.close();
        cutAll();
    }
}
