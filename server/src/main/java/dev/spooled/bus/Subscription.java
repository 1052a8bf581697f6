package dev.spooled.bus;

import dev.spooled.bus.Bus.Subscriber;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// One who hears, with the thread that tells it and what waits for it. When that becomes too much, nothing more is kept
/// until it has caught up and has been told that it missed something.
final class Subscription<M extends Message> implements AutoCloseable {
    static final long MAX_BYTES = 16L << 20;
    private static final Logger log = LoggerFactory.getLogger(Subscription.class);

    private final Class<M> kind;
    private final Subscriber<M> subscriber;
    private final ConcurrentLinkedQueue<M> waiting = new ConcurrentLinkedQueue<>();
    private final AtomicLong bytes = new AtomicLong();
    private final Thread thread;
    private volatile boolean behind;
    private volatile boolean missed;
    private volatile boolean closed;

    Subscription(Class<M> kind, Subscriber<M> subscriber) {
        this.kind = kind;
        this.subscriber = subscriber;
        this.thread = Thread.ofVirtual().name("bus-" + kind.getSimpleName()).start(this::tell);
    }

    void offer(Message message) {
        if (!kind.isInstance(message) || behind) {
            return;
        }
        if (bytes.addAndGet(message.weight()) > MAX_BYTES) {
            bytes.addAndGet(-message.weight());
            behind = true;
        } else {
            waiting.add(kind.cast(message));
        }
        LockSupport.unpark(thread);
    }

    /// Something did not come.
    void miss() {
        missed = true;
        LockSupport.unpark(thread);
    }

    private void tell() {
        while (!closed) {
            M next = missed ? null : waiting.poll();
            if (next != null) {
                bytes.addAndGet(-next.weight());
                guarded(() -> subscriber.heard(next));
            } else if (missed || behind) {
                missed = false;
                behind = behind && !waiting.isEmpty();
                guarded(subscriber::missed);
            } else {
                LockSupport.park(this);
            }
        }
    }

    private void guarded(Runnable work) {
        try {
            work.run();
        } catch (RuntimeException e) {
            log.warn("what other nodes tell could not be taken in ({})", kind.getSimpleName(), e);
        }
    }

    @Override
    public void close() {
        closed = true;
        LockSupport.unpark(thread);
    }
}
