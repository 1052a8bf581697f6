package dev.spooled.webhooks;

import dev.spooled.access.Seal;
import dev.spooled.outbound.Targets;
import dev.spooled.refusal.Refused;
import dev.spooled.time.Clock;
import dev.spooled.upkeep.Bell;
import dev.spooled.upkeep.Chore;
import dev.spooled.webhooks.Deliveries.Leased;
import dev.spooled.webhooks.Deliveries.SwitchedOff;
import dev.spooled.webhooks.Deliveries.Wanted;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Sends what is due, on every node at once. A delivery is leased for longer than an attempt may take: when the
/// node dies between, another tries again, and nothing is lost. Each attempt has a virtual thread; what came of
/// it is written down by the next pass, with whatever else came in.
public final class Deliver implements Chore, AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(Deliver.class);
    private static final Duration LEASE_BEYOND_ATTEMPT = Duration.ofSeconds(30);
    private static final Duration CLOSE_WAIT = Duration.ofSeconds(3);
    private static final long NUDGE_WAIT_MS = 100;

    /// For what nobody here knows of: deliveries of nodes that died, of another's plan.
    private static final Duration SWEEP = Duration.ofSeconds(1);

    /// Passes are at least so far apart, so that one has more to do than a single attempt.
    private static final long SPACING_NANOS = Duration.ofMillis(10).toNanos();

    private final Deliveries deliveries;
    private final Clock clock;
    private final Parts parts;
    private final Places places;
    private final Semaphore nudged = new Semaphore(0);
    private final Bell bell = new Bell(Duration.ZERO);
    private final NextDue nextDue = new NextDue();
    private final ConcurrentLinkedQueue<Outcome> outcomes = new ConcurrentLinkedQueue<>();
    private String after = "";
    private volatile long lastPass = System.nanoTime() - SPACING_NANOS;
    private volatile boolean closed;

    /// What an attempt needs, and who hears of webhooks that were switched off.
    record Parts(Sender sender, Targets targets, Seal seal, DeliveryMetrics metrics, Consumer<SwitchedOff> onOff) {}

    Deliver(Deliveries deliveries, Clock clock, Parts parts, Places places) {
        this.deliveries = deliveries;
        this.clock = clock;
        this.parts = parts;
        this.places = places;
        parts.metrics().watch(places);
    }

    @Override
    public String name() {
        return "deliver";
    }

    @Override
    public Duration every() {
        Duration left = nextDue.after(clock.now());
        return left.compareTo(SWEEP) < 0 ? left : SWEEP;
    }

    @Override
    public Bell bell() {
        return bell;
    }

    /// There is something to do.
    void nudge() {
        nudged.release();
        bell.ring();
    }

    /// Writes down what came in and begins what is due. With attempts under way and nothing else to do, it
    /// waits a moment for one to end, so that the next begins at once.
    @Override
    public boolean runOnce() {
        long early = SPACING_NANOS - (System.nanoTime() - lastPass);
        if (early > 0) {
            LockSupport.parkNanos(early);
        }
        nudged.drainPermits();
        int begun = pass();
        if (begun > 0 || !outcomes.isEmpty()) {
            return true;
        }
        return places.underWay() > 0 && !closed && waited();
    }

    private boolean waited() {
        try {
            return nudged.tryAcquire(NUDGE_WAIT_MS, TimeUnit.MILLISECONDS) || places.underWay() > 0;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    /// One pass without waiting: answers how many attempts began.
    synchronized int pass() {
        List<Outcome> arrived = arrived();
        long now = System.nanoTime();
        lastPass = now;
        var wanted = new Wanted(
                after,
                closed ? 0 : places.free(now),
                places.bounds().each(),
                places.rooms(now),
                parts.sender().patience().plus(LEASE_BEYOND_ATTEMPT));
        if (arrived.isEmpty() && wanted.limit() <= 0) {
            return 0;
        }
        var off = new ArrayList<SwitchedOff>();
        Leased leased = exchanged(arrived, wanted, off);
        after = leased.last() == null ? "" : leased.last();
        leased.due().forEach(due -> begin(due, leased.until()));
        off.forEach(parts.onOff());
        return leased.due().size();
    }

    private Leased exchanged(List<Outcome> arrived, Wanted wanted, List<SwitchedOff> off) {
        try {
            return deliveries.exchange(arrived, wanted, off);
        } catch (RuntimeException e) {
            outcomes.addAll(arrived);
            throw e;
        }
    }

    private List<Outcome> arrived() {
        var arrived = new ArrayList<Outcome>();
        for (Outcome next = outcomes.poll(); next != null; next = outcomes.poll()) {
            arrived.add(next);
        }
        return arrived;
    }

    private void begin(Due due, Instant token) {
        Places.Attempt attempt = places.enter(due.target(), System.nanoTime());
        Thread.ofVirtual().name("webhook").start(() -> {
            Answered answered = Answered.failed("the attempt broke off", 0);
            try {
                answered = attempted(due);
            } finally {
                Outcome outcome = Outcome.planned(due, token, answered, clock.now());
                nextDue.add(outcome.next());
                outcomes.add(outcome);
                places.leave(attempt, System.nanoTime());
                parts.metrics().attempted(answered);
                nudge();
            }
        });
    }

    private Answered attempted(Due due) {
        return attempt(due, parts.sender().patience());
    }

    /// One attempt, within the given time. Never throws.
    Answered attempt(Due due, Duration within) {
        try {
            var checked = parts.targets().checked("url", due.address());
            return parts.sender().send(due.parcel(checked, parts.seal(), clock.now()), within);
        } catch (Refused e) {
            return Answered.failed("not sent: " + e.getMessage(), 0);
        } catch (RuntimeException e) {
            log.error("delivery {} could not be sent", due.id(), e);
            return Answered.failed("the server could not send it", 0);
        }
    }

    /// No attempt is under way, and what came of all is written down.
    boolean isQuiet() {
        return places.underWay() == 0 && outcomes.isEmpty();
    }

    /// Waits a moment for attempts under way and writes down what came of them. The rest is sent again, by
    /// another node or after a start, when its lease has run out.
    @Override
    public void close() {
        closed = true;
        long end = System.nanoTime() + CLOSE_WAIT.toNanos();
        try {
            while (places.underWay() > 0 && System.nanoTime() < end) {
                var unused = nudged.tryAcquire(NUDGE_WAIT_MS, TimeUnit.MILLISECONDS);
            }
            pass();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (RuntimeException e) {
            log.warn("what came of the last webhooks could not be written down", e);
        }
        parts.sender().close();
    }
}
