package dev.spooled.bus;

import dev.spooled.redis.Redis;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/// Frames over a channel of Redis. Who closes the `Redis` is who made it.
public final class RedisLink implements Link {
    private static final int LARGEST_FRAME = 256 << 10;
    private static final Duration PATIENCE = Duration.ofSeconds(1);
    private static final long REST_NANOS = TimeUnit.MICROSECONDS.toNanos(500);

    private final Redis redis;
    private final String channel;

    /// `installation` tells apart those who share a Redis and no database.
    public RedisLink(Redis redis, String installation) {
        this.redis = redis;
        this.channel = installation + ":bus";
    }

    @Override
    public void listen(Consumer<byte[]> reader) {
        redis.subscribe(channel, reader);
    }

    @Override
    public void send(List<byte[]> frames) throws IOException {
        redis.publish(channel, frames, PATIENCE);
    }

    @Override
    public int largestFrame() {
        return LARGEST_FRAME;
    }

    @Override
    public long restNanos() {
        return REST_NANOS;
    }

    @Override
    public boolean isWatchedAlone() {
        return true;
    }

    @Override
    public void reset() {
        redis.reset();
    }

    @Override
    public void close() {}
}
