package dev.spooled.live;

import dev.spooled.access.Caller;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/// One connection's place in the feed of its organization. Its own thread takes and writes; others wake and end it.
///
/// A listener that sleeps has seen everything that concerns it. The first event that may concern it is noted in
/// `pending`, and from there it reads on when it comes to it; so the feed is its queue, and costs nothing per listener.
final class Listener implements AutoCloseable {
    /// Why a connection is to end.
    enum End {
        /// The client left.
        GONE,
        /// The client does not take what it is sent.
        SLOW,
        /// Events were lost on their way, so what would follow would not be whole.
        LOST,
        REVOKED,
        /// The client gives no sign of life.
        SILENT,
        STOPPING
    }

    private static final long NOTHING = -1;

    private final Feed feed;
    private final Door door;
    private final String credential;
    private final Runnable cut;
    private final Runnable onClose;
    private final AtomicBoolean left = new AtomicBoolean();
    private volatile Caller caller;
    private volatile @Nullable Thread thread;
    private volatile @Nullable End end;
    private volatile long writingSince;
    private volatile long endedAt;

    // What follows is guarded by the feed.
    private Interest interest;
    private long pending = NOTHING;
    private long position;
    private long counted;
    private int waiting;
    private long waitingBytes;

    /// How the listener came in.
    enum Door {
        SSE,
        WEBSOCKET
    }

    /// Who listens, and under which credential; it is looked at again while the connection is open.
    record Who(Door door, Caller caller, String credential) {}

    /// `cut` breaks the connection, whatever its thread is doing.
    Listener(Feed feed, Who who, Interest interest, Runnable cut, Runnable onClose) {
        this.feed = feed;
        this.door = who.door();
        this.caller = who.caller();
        this.credential = who.credential();
        this.interest = interest;
        this.cut = cut;
        this.onClose = onClose;
    }

    Door door() {
        return door;
    }

    Caller caller() {
        return caller;
    }

    String credential() {
        return credential;
    }

    Interest interest() {
        synchronized (feed) {
            return interest;
        }
    }

    void subscribe(Set<Filter> subscriptions) {
        feed.change(this, interest().with(subscriptions));
    }

    void speaks(Dialect dialect) {
        feed.change(this, interest().in(dialect));
    }

    /// The credential holds, but may say something else now.
    void heldBy(Caller now) {
        if (!now.queues().equals(caller.queues())) {
            feed.change(this, interest().in(now.queues()));
        }
        caller = now;
    }

    // ---- the listener's own thread

    /// What has happened since, at most so much; empty when there is nothing now. After an overrun `ended` says so.
    List<Feed.Entry> take(int most) {
        return feed.take(this, most);
    }

    /// Where the listener is, for one to come back to.
    String place() {
        return feed.place(this);
    }

    /// Waits for something to do, no longer than until that time of the monotonic clock. May return early.
    void await(long untilNanos) {
        thread = Thread.currentThread();
        long left = untilNanos - System.nanoTime();
        if (left > 0 && end == null && !feed.hasNews(this)) {
            LockSupport.parkNanos(this, left);
        }
    }

    /// Around every write: what lies between is a write that may hang.
    void writing(boolean begins) {
        long now = System.nanoTime();
        writingSince = begins ? now == 0 ? 1 : now : 0;
    }

    @Nullable
    End ended() {
        return end;
    }

    @Override
    public void close() {
        if (left.compareAndSet(false, true)) {
            feed.leave(this);
            onClose.run();
        }
    }

    // ---- others

    /// The first reason counts. The connection's thread says goodbye if it can.
    void end(End why) {
        synchronized (this) {
            if (end == null) {
                endedAt = System.nanoTime();
                end = why;
            }
        }
        wake();
    }

    void wake() {
        Thread sleeper = thread;
        if (sleeper != null) {
            LockSupport.unpark(sleeper);
        }
    }

    void cut() {
        cut.run();
    }

    /// How long the present write has been going on; 0 without one.
    long writingNanos(long now) {
        long since = writingSince;
        return since == 0 ? 0 : Math.max(0, now - since);
    }

    /// How long ago it was told to end; 0 if it was not.
    long endingNanos(long now) {
        return end == null ? 0 : Math.max(1, now - endedAt);
    }

    /// Whether more waits for it than a connection may keep waiting.
    boolean isBehind(int events, long bytes) {
        return feed.isBehind(this, events, bytes);
    }

    // ---- the feed, which holds its own lock

    Interest interestInFeed() {
        return interest;
    }

    void becomes(Interest changed) {
        interest = changed;
    }

    /// Notes that something from there on may concern it. Whether it had nothing to do before; then it is to be woken.
    boolean hear(long sequence) {
        if (pending != NOTHING) {
            return false;
        }
        pending = sequence;
        return true;
    }

    boolean isIdle() {
        return pending == NOTHING;
    }

    long pending() {
        return pending;
    }

    long position() {
        return position;
    }

    /// It has read up to before `next`; `all` when that is where the feed ends.
    void readTo(long next, boolean all) {
        position = next - 1;
        pending = all ? NOTHING : next;
        counted = 0;
    }

    /// Goes on counting what waits, from where the count was left.
    long countedFrom() {
        if (counted < pending) {
            counted = pending;
            waiting = 0;
            waitingBytes = 0;
        }
        return counted;
    }

    void count(LiveEvent event) {
        waiting++;
        waitingBytes += event.weight();
    }

    boolean countedTo(long next, int events, long bytes) {
        counted = next;
        return waiting > events || waitingBytes > bytes;
    }
}
