package dev.spooled.orgs;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import dev.spooled.access.Caller;
import dev.spooled.access.RateGate;
import dev.spooled.db.DbFault;
import dev.spooled.refusal.Refusal;
import dev.spooled.refusal.Refused;
import dev.spooled.time.Clock;
import java.time.Duration;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.IntFunction;
import java.util.function.IntSupplier;
import org.jspecify.annotations.Nullable;

/// The requests a caller may send: a bucket for each key or person, as large as its plan's burst and filled at its
/// plan's
/// rate, so that callers of one organization do not take each other's. A key's own rate makes its bucket smaller, never
/// larger. Each of several live nodes gives out an equal share.
///
/// A bucket is one number: the instant at which it will be full. Safe for any number of threads.
public final class RateLimits implements RateGate {
    private static final long SECOND = 1_000_000_000L;
    private static final int MAX_BUCKETS = 200_000;
    private static final Duration KEPT = Duration.ofHours(1);

    /// Of one whose plan cannot be read right now: a fault of ours refuses nobody.
    private static final Rate OPEN = new Rate(1_000_000, 2_000_000);

    private final Clock clock;
    private final IntFunction<PlanLimits> limits;
    private final IntSupplier nodes;

    private final Cache<Bucket, AtomicLong> fullAt = Caffeine.newBuilder()
            .maximumSize(MAX_BUCKETS)
            .expireAfterAccess(KEPT)
            .build();

    private record Bucket(int org, UUID actor) {}

    /// Requests a second, and at once.
    private record Rate(long perSecond, long burst) {
        /// At 2 billion requests, one a second each, this and the time of day still fit into a `long`.
        Rate {
            perSecond = Math.clamp(perSecond, 1, SECOND);
            burst = Math.clamp(burst, 1, Integer.MAX_VALUE);
        }

        Rate shared(int nodes) {
            return nodes <= 1 ? this : new Rate(perSecond / nodes, burst / nodes);
        }

        Rate atMost(@Nullable Integer own) {
            return own == null || own >= perSecond ? this : new Rate(own, Math.min(burst, 2L * own));
        }

        long nanosPerRequest() {
            return SECOND / perSecond;
        }

        long nanosToFill() {
            return burst * nanosPerRequest();
        }
    }

    public RateLimits(Clock clock, Limits limits, IntSupplier nodes) {
        this(clock, limits::of, nodes);
    }

    RateLimits(Clock clock, IntFunction<PlanLimits> limits, IntSupplier nodes) {
        this.clock = clock;
        this.limits = limits;
        this.nodes = nodes;
    }

    @Override
    public Allowance pass(Caller caller) {
        Rate rate = rateOf(caller).atMost(caller.rateLimit()).shared(nodes.getAsInt());
        AtomicLong bucket = fullAt.get(new Bucket(caller.org(), caller.actor().id()), it -> new AtomicLong());
        long now = clock.nowMicros() * 1_000;
        while (true) {
            long was = bucket.get();
            long next = Math.max(was, now) + rate.nanosPerRequest();
            if (next - now > rate.nanosToFill()) {
                throw refused(rate, next - now - rate.nanosToFill(), was);
            }
            if (bucket.compareAndSet(was, next)) {
                long left = (rate.nanosToFill() - (next - now)) / rate.nanosPerRequest();
                return new Allowance((int) rate.burst(), (int) left, Math.ceilDiv(next, SECOND));
            }
        }
    }

    private Rate rateOf(Caller caller) {
        try {
            PlanLimits plan = limits.apply(caller.org());
            return new Rate(plan.requestsPerSecond(), plan.burst());
        } catch (DbFault e) {
            return OPEN;
        }
    }

    private static Refused refused(Rate rate, long nanos, long full) {
        int seconds = (int) Math.max(1, Math.ceilDiv(nanos, SECOND));
        return new Refused(new Refusal.RateLimited(
                (int) rate.burst(),
                0,
                Math.ceilDiv(full, SECOND),
                seconds,
                "Too many requests, retry in " + seconds + " s"));
    }
}
