package dev.spooled.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spooled.engine.Command.Claim;
import dev.spooled.engine.Command.Enqueue;
import dev.spooled.support.ManualClock;
import dev.spooled.support.TestLane;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// A queue's rate limit under claims of several lanes at once: as many as the rate in each second, never more.
class RateLimitTest {
    private static final int LANES = 3;
    private static final int CLAIMERS = 6;
    private static final int RATE = 25;

    private final TestCell cell = new TestCell();
    private final int org = cell.org();
    private final int queue = cell.queue(org, "q");

    @AfterEach
    void close() {
        cell.close();
    }

    private void limit(String rate) {
        cell.execute("insert into queue_rate (cell, queue) values (0, " + queue + ") on conflict do nothing");
        cell.execute("update queue set rate_limit = " + rate + " where id = " + queue);
    }

    private int claim(int limit) {
        return cell.run(new Claim(org, queue, "w", limit, 3_600, 0, () -> true)).size();
    }

    private List<Long> leasesBySecond() {
        return cell.rows(
                "select count(*) as n from lease group by date_trunc('second', started_at)"
                        + " order by date_trunc('second', started_at)",
                row -> row.bigint("n"));
    }

    private Lane lane(ManualClock clock) {
        return TestLane.of(cell.address(), clock).start();
    }

    @Test
    void severalLanesShareTheRateExactly() {
        limit(Integer.toString(RATE));
        int seconds = 6;
        cell.run(new Enqueue(Collections.nCopies(1_000, NewJob.plain(org, queue, 0, "{}"))));
        var lanes = new ArrayList<Lane>();
        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            for (int i = 0; i < LANES; i++) {
                lanes.add(lane(cell.clock));
            }
            for (int second = 0; second < seconds; second++) {
                for (int step = 0; step < 2; step++) {
                    var claims = new ArrayList<java.util.concurrent.Callable<Object>>();
                    for (int i = 0; i < LANES * CLAIMERS; i++) {
                        Lane lane = lanes.get(i % LANES);
                        claims.add(() -> lane.run(new Claim(org, queue, "w", 3, 3_600, 0, () -> true)));
                    }
                    assertThat(threads.invokeAll(claims))
                            .allMatch(claim -> claim.state() == java.util.concurrent.Future.State.SUCCESS);
                    cell.clock.advance(Duration.ofMillis(500));
                }
            }
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        } finally {
            lanes.forEach(Lane::close);
        }
        assertThat(leasesBySecond()).isEqualTo(Collections.nCopies(seconds, (long) RATE));
        assertThat(cell.drift()).isEmpty();
    }

    @Test
    void aClockThatIsBehindDoesNotOpenThePastAgain() {
        limit("2");
        cell.run(new Enqueue(Collections.nCopies(10, NewJob.plain(org, queue, 0, "{}"))));
        var behind = new ManualClock(cell.clock.now());
        try (Lane lane = lane(behind)) {
            assertThat(claim(5)).isEqualTo(2);
            cell.clock.advance(Duration.ofSeconds(1));
            assertThat(claim(1)).isEqualTo(1);
            assertThat(lane.run(new Claim(org, queue, "w", 5, 3_600, 0, () -> true)))
                    .isEmpty();
            behind.advance(Duration.ofSeconds(1));
            assertThat(lane.run(new Claim(org, queue, "w", 5, 3_600, 0, () -> true)))
                    .hasSize(1);
        }
        assertThat(leasesBySecond()).containsExactly(2L, 2L);
    }

    @Test
    void aChangedRateHoldsForTheNextClaim() {
        cell.run(new Enqueue(Collections.nCopies(100, NewJob.plain(org, queue, 0, "{}"))));
        assertThat(claim(10)).isEqualTo(10);
        limit("3");
        assertThat(claim(10)).isEqualTo(3);
        assertThat(claim(10)).isZero();
        limit("5");
        assertThat(claim(10)).isEqualTo(2);
        limit("1");
        assertThat(claim(10)).isZero();
        limit("null");
        assertThat(claim(10)).isEqualTo(10);
    }
}
