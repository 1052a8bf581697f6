package dev.spooled.conformance;

import dev.spooled.conformance.fleet.Fleet;
import dev.spooled.conformance.fleet.Node;
import java.io.IOException;
import java.time.Duration;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/// Disturbs the fleet, one thing at a time, until told to stop: kill -9 of a node, a node that stands still for
/// longer than a lease, kill -9 of PostgreSQL, an orderly restart; and, beside all that, Redis and the wall clocks.
final class Faults {
    private static final int REDIS_AWAY_MILLIS = 6_000;
    private static final int CLOCK_MILLIS = 90_000;

    private final Fleet fleet;
    private final Random random;
    private final Thread nodes;
    private final Thread redis;
    private final Thread clocks;
    private volatile boolean going = true;
    private volatile @Nullable Exception failure;

    Faults(Fleet fleet, boolean killRedis, Random random) {
        this.fleet = fleet;
        this.random = random;
        this.nodes = Thread.ofPlatform().name("faults").start(() -> repeat(this::disturbNodes));
        this.redis = Thread.ofPlatform().name("redis-faults").start(() -> {
            if (killRedis) {
                repeat(this::disturbRedis);
            }
        });
        var dice = new Random(random.nextLong());
        this.clocks = Thread.ofPlatform().name("clock-faults").start(() -> {
            if (fleet.hasSteppedClocks()) {
                repeat(() -> stepClock(dice));
            }
        });
    }

    private interface Disturbance {
        void once() throws IOException;
    }

    private void repeat(Disturbance disturbance) {
        try {
            while (going) {
                disturbance.once();
            }
        } catch (IOException | RuntimeException e) {
            failure = e;
        }
    }

    private void disturbNodes() throws IOException {
        pause(2_000 + random.nextInt(5_000));
        if (!going) {
            return;
        }
        Node victim = fleet.nodes().get(random.nextInt(fleet.nodes().size()));
        double dice = random.nextDouble();
        if (dice < 0.45) {
            fleet.kill(victim);
        } else if (dice < 0.7) {
            fleet.freeze(victim, Duration.ofMillis(1_000 + random.nextInt(7_000)));
        } else if (dice < 0.85) {
            fleet.killDatabase();
        } else {
            fleet.restart(victim);
        }
    }

    private void disturbRedis() throws IOException {
        pause(4_000 + random.nextInt(6_000));
        if (going) {
            fleet.killRedis(Duration.ofMillis(random.nextInt(REDIS_AWAY_MILLIS)));
        }
    }

    /// Once in five times a wrong clock is set right.
    private void stepClock(Random dice) throws IOException {
        pause(3_000 + dice.nextInt(9_000));
        if (going) {
            Node victim = fleet.nodes().get(dice.nextInt(fleet.nodes().size()));
            int wrong = dice.nextInt(5) == 0 ? 0 : dice.nextInt(2 * CLOCK_MILLIS) - CLOCK_MILLIS;
            fleet.step(victim, Duration.ofMillis(wrong));
        }
    }

    private void pause(long millis) {
        long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(millis);
        while (going && System.nanoTime() - end < 0) {
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(50));
        }
    }

    /// Waits for the last disturbance to be over.
    void stop() throws InterruptedException, IOException {
        going = false;
        nodes.join();
        redis.join();
        clocks.join();
        switch (failure) {
            case IOException e -> throw e;
            case RuntimeException e -> throw e;
            case null, default -> {}
        }
    }
}
