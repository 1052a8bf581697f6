package dev.spooled.live;

import dev.spooled.db.DbFault;
import dev.spooled.live.Feed.Entry;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// An SSE stream, from its first byte to its end, on the thread of its connection.
final class SseStream {
    private static final Logger log = LoggerFactory.getLogger(SseStream.class);

    /// Events that go into one write, and bytes after which one is made.
    private static final int EVENTS_AT_ONCE = 128;

    private static final int BYTES_AT_ONCE = 32 * 1024;

    private final Listener listener;
    private final Course course;
    private final Frames frames;
    private final Rhythm rhythm;
    private final Turns turns;
    private final Supplier<Instant> now;
    private final OutputStream out;
    private final ByteArrayOutputStream buffer = new ByteArrayOutputStream(512);
    private long quietSince;
    private long againAt;

    SseStream(Listener listener, Course course, Frames frames, Hub hub, OutputStream out) {
        this.listener = listener;
        this.course = course;
        this.frames = frames;
        this.rhythm = hub.rhythm();
        this.turns = hub.turns();
        this.now = hub::now;
        this.out = out;
    }

    /// Returns when the stream is at its end or has been told to end; throws what the client's leaving comes to.
    void run(List<LiveEvent> before) throws IOException {
        buffer.writeBytes(Frames.CONNECTED);
        flush();
        before.forEach(this::put);
        if (!opens()) {
            return;
        }
        againAt = System.nanoTime() + spread(course.every().toNanos());
        while (listener.ended() == null) {
            List<Entry> news = listener.take(EVENTS_AT_ONCE);
            for (Entry entry : news) {
                send(entry);
            }
            flush();
            if (news.isEmpty() && course.isOver()) {
                return;
            }
            if (news.isEmpty()) {
                rest();
            }
        }
        if (listener.ended() == Listener.End.STOPPING || listener.ended() == Listener.End.LOST) {
            buffer.writeBytes(Frames.FAREWELL);
            flush();
        }
    }

    /// Clients that come back together after a restart are not all served again at the same moment.
    private static long spread(long nanos) {
        return nanos / 2 + ThreadLocalRandom.current().nextLong(nanos / 2 + 1);
    }

    /// False when the database cannot say what the stream begins with.
    private boolean opens() throws IOException {
        boolean read = true;
        try {
            course.opening().forEach(this::put);
        } catch (DbFault e) {
            put(LiveEvent.error("The database cannot answer right now, come back soon", now.get()));
            buffer.writeBytes(Frames.FAREWELL);
            read = false;
        }
        flush();
        return read;
    }

    private void send(Entry entry) throws IOException {
        if (course.takes(entry.event())) {
            buffer.writeBytes(frames.of(entry));
        }
        if (buffer.size() > BYTES_AT_ONCE) {
            flush();
        }
    }

    /// What is no part of the feed: whoever comes back to it comes back to where the stream is.
    private void put(LiveEvent event) {
        buffer.writeBytes(frames.frame(event, listener.place()));
    }

    /// There is nothing to send: waits until there is, or until it is time to say something all the same.
    private void rest() throws IOException {
        long keepAliveAt = quietSince + rhythm.keepAlive().toNanos();
        listener.await(Math.min(keepAliveAt, againAt));
        long now = System.nanoTime();
        if (now - againAt >= 0) {
            againAt = now + course.every().toNanos();
            again();
        }
        if (now - keepAliveAt >= 0 && buffer.size() == 0) {
            buffer.writeBytes(Frames.KEEP_ALIVE);
        }
        flush();
    }

    private void again() {
        try {
            course.again().forEach(this::put);
        } catch (DbFault e) {
            log.debug("nothing could be read: {}", e.getMessage());
        }
    }

    /// Lets others have their turn after each write: one far behind would keep the processor for long.
    private void flush() throws IOException {
        if (buffer.size() == 0) {
            return;
        }
        listener.writing(true);
        buffer.writeTo(out);
        out.flush();
        listener.writing(false);
        buffer.reset();
        quietSince = System.nanoTime();
        turns.pass();
    }
}
