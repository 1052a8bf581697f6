package dev.spooled.orgs;

import dev.spooled.redis.Redis;
import dev.spooled.redis.Script;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Buckets that several nodes fill and empty together, in a Redis. Each is one number, the instant at which it will be
/// full, by the time of Redis. When Redis does not answer in time nobody asks it for a second, and then one does.
public final class SharedBuckets {
    private static final Logger log = LoggerFactory.getLogger(SharedBuckets.class);
    private static final long LEFT_ALONE_NANOS = TimeUnit.SECONDS.toNanos(1);

    /// Takes from the bucket, if it may, and says in how many microseconds it will be full.
    private static final Script TAKE = Script.of("""
            local time = redis.call('TIME')
            local now = time[1] * 1000000 + time[2]
            local full = math.max(tonumber(redis.call('GET', KEYS[1]) or '0'), now)
            local after = full + tonumber(ARGV[1]) - now
            if after > tonumber(ARGV[2]) then
              return {0, full - now}
            end
            redis.call('SET', KEYS[1], string.format('%.0f', now + after), 'PX', math.ceil(after / 1000) + 1000)
            return {1, after}
            """);

    private final Redis redis;
    private final String prefix;
    private final Duration patience;

    /// When Redis may be asked again, in nanoseconds of the monotonic timer; 0 while it answers.
    private final AtomicLong askAgainAt = new AtomicLong();

    record Taken(boolean granted, long microsToFull) {}

    /// `installation` tells apart those who share a Redis and no database.
    public SharedBuckets(Redis redis, String installation, Duration patience) {
        this.redis = redis;
        this.prefix = installation + ":rate:";
        this.patience = patience;
    }

    /// Takes one request, which costs so many of the microseconds that the bucket takes to fill. Null when Redis cannot
    /// say, within the bound.
    @Nullable
    Taken take(String bucket, long costMicros, long fillMicros) {
        if (!mayAsk()) {
            return null;
        }
        try {
            List<String> arguments = List.of(Long.toString(costMicros), Long.toString(fillMicros));
            long[] answer = redis.run(TAKE, prefix + bucket, arguments, patience);
            if (askAgainAt.getAndSet(0) != 0) {
                log.info("rates are shared over Redis again");
            }
            return new Taken(answer[0] == 1, answer[1]);
        } catch (IOException e) {
            if (askAgainAt.getAndSet(later()) == 0) {
                log.warn("rates are not shared for now, each node gives out its part: {}", e.getMessage());
            }
            return null;
        }
    }

    private boolean mayAsk() {
        long at = askAgainAt.get();
        return at == 0 || System.nanoTime() - at >= 0 && askAgainAt.compareAndSet(at, later());
    }

    private static long later() {
        long later = System.nanoTime() + LEFT_ALONE_NANOS;
        return later == 0 ? 1 : later;
    }
}
