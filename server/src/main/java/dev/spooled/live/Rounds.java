package dev.spooled.live;

import dev.spooled.access.Caller;
import dev.spooled.access.Credentials;
import dev.spooled.db.DbFault;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Looks after those who listen: who takes nothing is ended, whose credential is gone, too, and who was told to end
/// and hangs is cut off. Tells counters of queues. What may wait for the database has a thread of its own.
final class Rounds implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(Rounds.class);

    /// Of an organization, in one reading; the rest waits for the next.
    static final int QUEUES_AT_ONCE = 100;

    /// What may wait behind a write that hangs.
    private static final int EVENTS_BEHIND = 256;

    private static final long BYTES_BEHIND = 1 << 20;

    /// A write may take so long, in units of `slow`, whatever waits.
    private static final int PATIENCE = 15;

    private static final Duration TELL_OTHERS = Duration.ofSeconds(3);

    private final Hub hub;
    private final Credentials credentials;
    private final Rhythm rhythm;
    private final CountDownLatch closed = new CountDownLatch(1);

    Rounds(Hub hub, Credentials credentials, Rhythm rhythm) {
        this.hub = hub;
        this.credentials = credentials;
        this.rhythm = rhythm;
        start("live-rounds", rhythm.slow().dividedBy(4), this::look);
        start("live-counts", rhythm.stats(), hub::tellCounts);
        start("live-elsewhere", TELL_OTHERS, hub::tellOthers);
        start("live-credentials", rhythm.recheck(), this::recheck);
    }

    private void start(String name, Duration every, Runnable round) {
        Thread.ofVirtual().name(name).start(() -> {
            while (!closedWithin(every)) {
                try {
                    round.run();
                } catch (DbFault e) {
                    log.debug("{} put off: {}", name, e.getMessage());
                } catch (RuntimeException e) {
                    log.error("{} failed", name, e);
                }
            }
        });
    }

    private boolean closedWithin(Duration rest) {
        try {
            return closed.await(rest.toNanos(), TimeUnit.NANOSECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return true;
        }
    }

    private void look() {
        long now = System.nanoTime();
        hub.listeners().forEach(listener -> look(listener, now));
        hub.forgetDeserted(now);
    }

    private void look(Listener listener, long now) {
        if (listener.endingNanos(now) > rhythm.farewell().toNanos()) {
            listener.cut();
        } else if (listener.ended() == null && isStuck(listener, now)) {
            hub.endSlow(listener);
        }
    }

    private boolean isStuck(Listener listener, long now) {
        long writing = listener.writingNanos(now);
        long slow = rhythm.slow().toNanos();
        return writing > slow * PATIENCE || writing > slow && listener.isBehind(EVENTS_BEHIND, BYTES_BEHIND);
    }

    /// Each credential once, however many listen under it. While the database cannot say, all go on.
    private void recheck() {
        Map<String, Optional<Caller>> known = new HashMap<>();
        for (Listener listener : hub.listeners()) {
            Optional<Caller> now = known.computeIfAbsent(listener.credential(), credentials::behind);
            if (now.filter(it -> it.org() == listener.caller().org()).isPresent()) {
                listener.heldBy(now.get());
            } else {
                listener.end(Listener.End.REVOKED);
            }
        }
    }

    @Override
    public void close() {
        closed.countDown();
    }
}
