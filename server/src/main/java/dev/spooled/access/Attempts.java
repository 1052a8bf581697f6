package dev.spooled.access;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import dev.spooled.refusal.Refusal;
import dev.spooled.refusal.Refused;
import dev.spooled.time.Clock;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;

/// Counts what one name (an address, a hash) did in a window that begins with its first attempt, on this server. Safe
/// for any number of threads; the least used names are forgotten first.
public final class Attempts {
    private static final int MAX_NAMES = 100_000;

    private final Clock clock;
    private final int limit;
    private final Duration window;
    private final Cache<String, Count> counts;

    private record Count(long endsAtMillis, AtomicInteger used) {}

    public Attempts(Clock clock, int limit, Duration window) {
        this.clock = clock;
        this.limit = limit;
        this.window = window;
        this.counts = Caffeine.newBuilder()
                .maximumSize(MAX_NAMES)
                .expireAfterWrite(window)
                .ticker(() -> clock.nowMicros() * 1_000)
                .build();
    }

    /// Counts one attempt, or refuses it when there were too many.
    public void count(String name, String message) {
        Count count = counts.get(name, it -> new Count(clock.nowMillis() + window.toMillis(), new AtomicInteger()));
        if (count.used().incrementAndGet() > limit) {
            long seconds = Math.ceilDiv(count.endsAtMillis() - clock.nowMillis(), 1_000L);
            int wait = (int) Math.max(1, seconds);
            throw new Refused(
                    new Refusal.RateLimited(limit, 0, Math.ceilDiv(count.endsAtMillis(), 1_000L), wait, message));
        }
    }
}
