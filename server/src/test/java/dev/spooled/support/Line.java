package dev.spooled.support;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.LockSupport;

/// The network between a client and a server, which a test can break: by a reset that both sides notice, or so that
/// nothing comes through any more and nobody is told.
public final class Line implements AutoCloseable {
    /// Little lies on the line itself.
    private static final int BUFFER = 1 << 16;

    private static final long LOOK_AGAIN_NANOS = 20_000_000;

    private final ServerSocket listener;
    private final int port;
    private final Set<Socket> open = ConcurrentHashMap.newKeySet();
    private volatile boolean swallowing;

    /// To a server on this machine.
    public Line(int port) {
        this.port = port;
        try {
            listener = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        Thread.ofVirtual().name("line").start(this::accept);
    }

    public int port() {
        return listener.getLocalPort();
    }

    /// Both sides of every connection get a reset.
    public void reset() {
        for (Socket socket : open) {
            try {
                socket.setSoLinger(true, 0);
                socket.close();
            } catch (IOException e) {
                open.remove(socket);
            }
        }
        open.clear();
    }

    /// From now on nothing is taken from either side and nothing is said of it.
    public void swallow() {
        swallowing = true;
    }

    private void accept() {
        while (!listener.isClosed()) {
            try {
                Socket client = listener.accept();
                var server = new Socket();
                server.setReceiveBufferSize(BUFFER);
                server.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
                client.setTcpNoDelay(true);
                server.setTcpNoDelay(true);
                open.add(client);
                open.add(server);
                Thread.ofVirtual().start(() -> forward(client, server));
                Thread.ofVirtual().start(() -> forward(server, client));
            } catch (IOException e) {
                return;
            }
        }
    }

    private void forward(Socket from, Socket to) {
        byte[] buffer = new byte[BUFFER];
        try (from;
                to) {
            InputStream in = from.getInputStream();
            OutputStream out = to.getOutputStream();
            for (int read = in.read(buffer); read >= 0; read = in.read(buffer)) {
                while (swallowing && !listener.isClosed()) {
                    LockSupport.parkNanos(LOOK_AGAIN_NANOS);
                }
                out.write(buffer, 0, read);
                out.flush();
            }
            while (swallowing && !listener.isClosed()) {
                LockSupport.parkNanos(LOOK_AGAIN_NANOS);
            }
        } catch (IOException e) {
            // either side is gone: the other goes with it
        }
    }

    @Override
    public void close() {
        try {
            listener.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        reset();
    }
}
