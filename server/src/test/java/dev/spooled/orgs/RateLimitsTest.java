package dev.spooled.orgs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.spooled.access.Actor;
import dev.spooled.access.Caller;
import dev.spooled.access.RateGate.Allowance;
import dev.spooled.access.Scope;
import dev.spooled.db.DbFault;
import dev.spooled.refusal.Refusal;
import dev.spooled.refusal.Refused;
import dev.spooled.support.ManualClock;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/// The buckets under a clock moved by hand. The free plan: 5 a second, 10 at once.
class RateLimitsTest {
    private final ManualClock clock = new ManualClock(Instant.parse("2026-11-26T12:00:00Z"));
    private final AtomicInteger nodes = new AtomicInteger(1);
    private final RateLimits rates = new RateLimits(clock, it -> new Plans(false).of("free", null), nodes::get, null);

    private static Caller caller(@Nullable Integer rate) {
        return new Caller(1, UUID.randomUUID(), false, Actor.key(UUID.randomUUID()), Set.of(), Scope.ADMIN, rate);
    }

    private int passed(Caller caller, int tries) {
        int passed = 0;
        for (int i = 0; i < tries; i++) {
            passed += refusal(caller) == null ? 1 : 0;
        }
        return passed;
    }

    private Refusal.@Nullable RateLimited refusal(Caller caller) {
        try {
            var unused = rates.pass(caller);
            return null;
        } catch (Refused refused) {
            return (Refusal.RateLimited) refused.refusal();
        }
    }

    @Test
    void aBurstThenTheRate() {
        Caller caller = caller(null);
        assertThat(passed(caller, 30)).isEqualTo(10);
        clock.advance(Duration.ofMillis(199));
        assertThat(passed(caller, 5)).isZero();
        clock.advance(Duration.ofMillis(1));
        assertThat(passed(caller, 5)).isEqualTo(1);
        clock.advance(Duration.ofSeconds(1));
        assertThat(passed(caller, 30)).isEqualTo(5);
        clock.advance(Duration.ofHours(5));
        assertThat(passed(caller, 30)).as("never more than a burst").isEqualTo(10);
    }

    @Test
    void whatIsLeftIsTold() {
        Caller caller = caller(null);
        long now = clock.now().getEpochSecond();
        assertThat(rates.pass(caller)).isEqualTo(new Allowance(10, 9, now + 1));
        for (int left = 8; left >= 0; left--) {
            assertThat(rates.pass(caller).remaining()).isEqualTo(left);
        }
        var refused = Objects.requireNonNull(refusal(caller));
        assertThat(refused.limit()).isEqualTo(10);
        assertThat(refused.remaining()).isZero();
        assertThat(refused.resetAtSeconds()).isEqualTo(now + 2);
        assertThat(refused.retryAfterSeconds()).isEqualTo(1);
    }

    @Test
    void callersOfAnOrganizationHaveEachTheirOwn() {
        Caller one = caller(null);
        Caller other = caller(null);
        assertThat(passed(one, 100)).isEqualTo(10);
        assertThat(passed(other, 100)).isEqualTo(10);
    }

    @Test
    void aKeysOwnRateIsSmallerNeverLarger() {
        assertThat(passed(caller(2), 100)).isEqualTo(4);
        assertThat(passed(caller(10_000), 100)).isEqualTo(10);
    }

    @Test
    void nodesShare() {
        nodes.set(2);
        Caller caller = caller(null);
        assertThat(passed(caller, 100)).isEqualTo(5);
        nodes.set(50);
        assertThat(passed(caller(null), 100)).as("never nothing").isEqualTo(1);
    }

    @Test
    void manyAtOnceTakeExactlyTheBurst() throws Exception {
        Caller caller = caller(null);
        List<Callable<Boolean>> calls = new ArrayList<>();
        for (int i = 0; i < 200; i++) {
            calls.add(() -> refusal(caller) == null);
        }
        int passed = 0;
        try (var threads = Executors.newFixedThreadPool(8)) {
            for (Future<Boolean> call : threads.invokeAll(calls)) {
                passed += call.get() ? 1 : 0;
            }
        }
        assertThat(passed).isEqualTo(10);
    }

    @Test
    void theWidestNumbersDoNotOverflow() {
        String widest = "{\"rate_limit_requests_per_second\":1,\"rate_limit_burst\":2147483647}";
        var wide = new RateLimits(clock, it -> new Plans(false).of("free", widest), () -> 1, null);
        assertThat(wide.pass(caller(null)).remaining()).isEqualTo(Integer.MAX_VALUE - 1);
        String fastest = "{\"rate_limit_requests_per_second\":2147483647}";
        var fast = new RateLimits(clock, it -> new Plans(false).of("free", fastest), () -> 1, null);
        assertThat(fast.pass(caller(null)).remaining()).isEqualTo(9);
    }

    @Test
    void aFaultOfOursRefusesNobody() {
        var broken = new RateLimits(
                clock,
                it -> {
                    throw new DbFault("plan", new SQLException("away", "08006"));
                },
                () -> 1,
                null);
        assertThat(broken.pass(caller(null)).limit()).isEqualTo(2_000_000);
        assertThat(catchThrowableOfType(Refused.class, () -> broken.pass(caller(1))))
                .isNull();
    }
}
