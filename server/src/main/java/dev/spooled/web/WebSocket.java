package dev.spooled.web;

import dev.spooled.web.WebSocketFrames.Broken;
import dev.spooled.web.WebSocketFrames.Incoming;
import io.helidon.common.buffers.BufferData;
import io.helidon.common.buffers.DataReader;
import io.helidon.common.buffers.DataWriter;
import java.io.ByteArrayOutputStream;
import java.util.Collection;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/// An open WebSocket. One thread reads, others may write; a write waits until the client's side takes it.
public final class WebSocket {
    /// Codes to close with.
    public static final int GOING_AWAY = 1001;

    public static final int NOT_ALLOWED = 1008;
    public static final int COME_BACK_LATER = 1013;

    private final WebSocketFrames frames;
    private final DataWriter out;
    private final ReentrantLock writing = new ReentrantLock();
    private final CountDownLatch clientClosed = new CountDownLatch(1);
    private volatile long lastHeard = System.nanoTime();
    private volatile boolean broken;
    private boolean closed;

    WebSocket(DataReader in, DataWriter out) {
        this.frames = new WebSocketFrames(in);
        this.out = out;
    }

    /// The next text from the client; null when it closed the connection, left, or broke the protocol. Pings are
    /// answered on the way, binary messages passed over.
    public @Nullable String read() {
        try {
            while (true) {
                Incoming next = frames.next();
                lastHeard = System.nanoTime();
                switch (next) {
                    case Incoming.Text text -> {
                        return text.text();
                    }
                    case Incoming.Ping ping -> pong(ping.payload());
                    case Incoming.Close close -> {
                        close(close.code(), "");
                        return end();
                    }
                    case Incoming.Binary binary -> {}
                    case Incoming.Pong pong -> {}
                    case Incoming.Part part -> {}
                }
            }
        } catch (Broken e) {
            broken = true;
            close(e.code(), "");
            return end();
        } catch (RuntimeException left) {
            return end();
        }
    }

    private @Nullable String end() {
        clientClosed.countDown();
        return null;
    }

    /// Whether the client broke the protocol: what it sends after that is not understood any more.
    boolean isBroken() {
        return broken;
    }

    /// The monotonic time at which the client last gave a sign of life.
    public long lastHeardNanos() {
        return lastHeard;
    }

    /// Sends texts in one go, each a message of its own.
    public void send(Collection<byte[]> texts) {
        var buffer = new ByteArrayOutputStream(1_024);
        texts.forEach(text -> WebSocketFrames.text(text, buffer));
        write(buffer, false);
    }

    public void ping() {
        var buffer = new ByteArrayOutputStream(2);
        WebSocketFrames.ping(buffer);
        write(buffer, false);
    }

    private void pong(byte[] payload) {
        var buffer = new ByteArrayOutputStream(128);
        WebSocketFrames.pong(payload, buffer);
        write(buffer, false);
    }

    /// Says goodbye, once; nothing is sent after it. `reason` is a few words in ASCII.
    public void close(int code, String reason) {
        var buffer = new ByteArrayOutputStream(128);
        WebSocketFrames.close(code, reason, buffer);
        write(buffer, true);
    }

    /// Waits for the client's part of the goodbye; it may be that long in coming.
    void awaitClient(long nanos) throws InterruptedException {
        var unused = clientClosed.await(nanos, TimeUnit.NANOSECONDS);
    }

    private void write(ByteArrayOutputStream bytes, boolean last) {
        writing.lock();
        try {
            if (!closed) {
                closed = last;
                out.writeNow(BufferData.create(bytes.toByteArray()));
            }
        } finally {
            writing.unlock();
        }
    }
}
