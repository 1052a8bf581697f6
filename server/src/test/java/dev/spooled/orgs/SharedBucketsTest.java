package dev.spooled.orgs;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spooled.access.Actor;
import dev.spooled.access.Caller;
import dev.spooled.access.RateGate.Allowance;
import dev.spooled.access.Scope;
import dev.spooled.redis.Redis;
import dev.spooled.refusal.Refusal;
import dev.spooled.refusal.Refused;
import dev.spooled.support.Await;
import dev.spooled.support.RedisServer;
import dev.spooled.time.Clock;
import dev.spooled.time.DatabaseClock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// Two nodes and a Redis: together they give out a rate, however uneven the load; without it each its part.
class SharedBucketsTest {
    private static final String LIMITS = "{\"rate_limit_requests_per_second\":100,\"rate_limit_burst\":200}";
    private static final int RATE = 100;
    private static final int BURST = 200;
    private static final Duration WINDOW = Duration.ofMillis(1_500);

    private static final Duration PATIENCE = Duration.ofMillis(50);

    /// For a node that must not give out its part only because the machine was busy.
    private static final Duration LONG = Duration.ofSeconds(10);

    private final RedisServer server = RedisServer.start();
    private final Clock clock = new DatabaseClock(System.currentTimeMillis() * 1_000, System.nanoTime());
    private final List<Redis> clients = new ArrayList<>();
    private RateLimits one = node(PATIENCE);
    private RateLimits other = node(PATIENCE);
    private final AtomicLong slowest = new AtomicLong();

    /// What may pass until the last thread has stopped: a burst, and what fills up meanwhile.
    private double most;

    private RateLimits node(Duration patience) {
        var redis = new Redis(server.url());
        clients.add(redis);
        return new RateLimits(
                clock, it -> new Plans(false).of("free", LIMITS), () -> 2, new SharedBuckets(redis, "test", patience));
    }

    @AfterEach
    void close() {
        clients.forEach(Redis::close);
        server.close();
    }

    private static Caller caller() {
        return new Caller(1, UUID.randomUUID(), false, Actor.key(UUID.randomUUID()), Set.of(), Scope.ADMIN, null);
    }

    private @Nullable Allowance tried(RateLimits node, Caller caller) {
        long at = System.nanoTime();
        try {
            return node.pass(caller);
        } catch (Refused refused) {
            return null;
        } finally {
            slowest.accumulateAndGet(System.nanoTime() - at, Math::max);
        }
    }

    /// As many as pass within that time, of far too many, of which the first node gets most.
    private int passed(Caller caller, Duration within) {
        var passed = new AtomicInteger();
        long begun = System.nanoTime();
        long end = System.nanoTime() + within.toNanos();
        var threads = new ArrayList<Thread>();
        for (int i = 0; i < 8; i++) {
            RateLimits node = i == 0 ? other : one;
            threads.add(Thread.ofVirtual().start(() -> {
                while (System.nanoTime() - end < 0) {
                    if (tried(node, caller) != null) {
                        passed.incrementAndGet();
                    }
                    LockSupport.parkNanos(200_000);
                }
            }));
        }
        threads.forEach(SharedBucketsTest::join);
        most = (BURST + (System.nanoTime() - begun) / 1e9 * RATE) * 1.05;
        return passed.get();
    }

    private static void join(Thread thread) {
        try {
            thread.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /// Whether the bucket is the whole one, not this node's part.
    private boolean isTogether(RateLimits node) {
        Allowance allowance = tried(node, caller());
        return allowance != null && allowance.limit() == BURST;
    }

    private void awaitTogether() {
        Await.until(() -> isTogether(one) && isTogether(other), together -> together);
    }

    @Test
    void togetherTheyGiveOutTheRate() {
        one = node(LONG);
        other = node(LONG);
        awaitTogether();
        slowest.set(0);
        int passed = passed(caller(), WINDOW);
        System.out.printf(
                "two nodes over Redis: %d passed in 1.5 s of a rate of %d/s and a burst of %d; slowest %.1f ms%n",
                passed, RATE, BURST, slowest.get() / 1e6);
        assertThat(passed).isBetween(BURST + RATE / 2, (int) most);
    }

    @Test
    void headersTellOfTheWhole() {
        one = node(LONG);
        other = node(LONG);
        awaitTogether();
        Caller caller = caller();
        long now = clock.now().getEpochSecond();
        Allowance first = Objects.requireNonNull(tried(one, caller));
        assertThat(first.limit()).isEqualTo(BURST);
        assertThat(first.remaining()).isEqualTo(BURST - 1);
        assertThat(first.resetAtSeconds()).isBetween(now, now + 2);
        Allowance second = Objects.requireNonNull(tried(other, caller));
        assertThat(second.remaining()).isBetween(BURST - 2, BURST - 1);
        @Nullable Refused refused = null;
        for (int i = 0; i < 2 * BURST && refused == null; i++) {
            try {
                var unused = one.pass(caller);
            } catch (Refused e) {
                refused = e;
            }
        }
        var limited = (Refusal.RateLimited) Objects.requireNonNull(refused).refusal();
        assertThat(limited.limit()).isEqualTo(BURST);
        assertThat(limited.retryAfterSeconds()).isEqualTo(1);
        assertThat(limited.resetAtSeconds()).isBetween(now + 1, now + 5);
    }

    @Test
    void whenRedisIsKilledEachGivesOutItsPartAndNobodyWaits() {
        awaitTogether();
        Caller caller = caller();
        int before = passed(caller, Duration.ofMillis(500));
        server.kill();
        slowest.set(0);
        int without = passed(caller, WINDOW);
        System.out.printf(
                "Redis killed: %d passed in half a second before, %d in the 1.5 s after; slowest %.1f ms%n",
                before, without, slowest.get() / 1e6);
        assertThat(without).isBetween(RATE / 2, (int) most);
        assertThat(slowest.get()).isLessThan(PATIENCE.toNanos() + TimeUnit.SECONDS.toNanos(1));
        server.restart();
        awaitTogether();
    }

    @Test
    void aFrozenRedisHoldsUpNobodyBeyondItsBound() {
        awaitTogether();
        Caller caller = caller();
        server.freeze();
        slowest.set(0);
        int passed = passed(caller, WINDOW);
        System.out.printf("Redis frozen: %d passed in 1.5 s; slowest %.1f ms%n", passed, slowest.get() / 1e6);
        assertThat(passed).isBetween(RATE / 2, (int) most);
        assertThat(slowest.get()).isLessThan(PATIENCE.toNanos() + TimeUnit.SECONDS.toNanos(1));
        server.thaw();
        awaitTogether();
        assertThat(server.ask("FLUSHALL")).startsWith("+OK");
        assertThat(server.ask("SCRIPT FLUSH")).startsWith("+OK");
        awaitTogether();
    }
}
