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

/// The requests a caller may send: a bucket for each key or person, as large as its plan's burst and filled at
/// its plan's rate, so that callers of one organization do not take each other's. A key's own rate makes its
/// bucket smaller, never larger. Several live nodes share the bucket in Redis if there is one (`SharedBuckets`);
/// else, and while it does not answer, each gives out an equal part.
///
/// A bucket is one number: the instant at which it will be full. Safe for any number of threads.
public final class RateLimits implements RateGate {
    private static final long SECOND = 1_000_000_000L;
    private static final long MICRO = 1_000L;

    /// Faster ones are not worth a round trip each.
    private static final long SHARED_UP_TO = 100_000;

    private static final int MAX_BUCKETS = 200_000;
    private static final Duration KEPT = Duration.ofHours(1);

    /// Of one whose plan cannot be read right now: a fault of ours refuses nobody.
    private static final Rate OPEN = new Rate(1_000_000, 2_000_000);

    private final Clock clock;
    private final IntFunction<PlanLimits> limits;
    private final IntSupplier nodes;
    private final @Nullable SharedBuckets shared;

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

        Allowance allowance(long nanosToFull, long now) {
            long left = (nanosToFill() - nanosToFull) / nanosPerRequest();
            return new Allowance((int) burst, (int) left, Math.ceilDiv(now + nanosToFull, SECOND));
        }
    }

    public RateLimits(Clock clock, Limits limits, IntSupplier nodes, @Nullable SharedBuckets shared) {
        this(clock, limits::of, nodes, shared);
    }

    RateLimits(Clock clock, IntFunction<PlanLimits> limits, IntSupplier nodes, @Nullable SharedBuckets shared) {
        this.clock = clock;
        this.limits = limits;
        this.nodes = nodes;
        this.shared = shared;
    }

    @Override
    public Allowance pass(Caller caller) {
        Rate whole = rateOf(caller).atMost(caller.rateLimit());
        int live = nodes.getAsInt();
        var bucket = new Bucket(caller.org(), caller.actor().id());
        AtomicLong own = fullAt.get(bucket, it -> new AtomicLong());
        if (shared != null && live > 1 && whole.perSecond() <= SHARED_UP_TO) {
            SharedBuckets.Taken taken = take(shared, bucket, whole);
            if (taken != null) {
                return together(taken, whole, own, whole.shared(live));
            }
        }
        return alone(own, whole.shared(live));
    }

    private static SharedBuckets.@Nullable Taken take(SharedBuckets shared, Bucket bucket, Rate rate) {
        return shared.take(
                bucket.org() + ":" + bucket.actor(), rate.nanosPerRequest() / MICRO, rate.nanosToFill() / MICRO);
    }

    /// What was given out here is noted here, too, so that this node's own part is not untouched when Redis goes away.
    private Allowance together(SharedBuckets.Taken taken, Rate whole, AtomicLong own, Rate part) {
        long now = nowNanos();
        long nanosToFull = taken.microsToFull() * MICRO;
        if (!taken.granted()) {
            throw refused(whole, nanosToFull + whole.nanosPerRequest() - whole.nanosToFill(), now + nanosToFull);
        }
        own.updateAndGet(was -> Math.min(Math.max(was, now) + part.nanosPerRequest(), now + part.nanosToFill()));
        return whole.allowance(nanosToFull, now);
    }

    private Allowance alone(AtomicLong bucket, Rate rate) {
        long now = nowNanos();
        while (true) {
            long was = bucket.get();
            long next = Math.max(was, now) + rate.nanosPerRequest();
            if (next - now > rate.nanosToFill()) {
                throw refused(rate, next - now - rate.nanosToFill(), was);
            }
            if (bucket.compareAndSet(was, next)) {
                return rate.allowance(next - now, now);
            }
        }
    }

    private long nowNanos() {
        return clock.nowMicros() * MICRO;
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
