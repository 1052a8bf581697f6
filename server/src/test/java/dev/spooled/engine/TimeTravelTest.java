package dev.spooled.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spooled.db.PgArray;
import dev.spooled.engine.Command.Claim;
import dev.spooled.engine.Command.Complete;
import dev.spooled.engine.Command.Enqueue;
import dev.spooled.engine.Command.Expire;
import dev.spooled.engine.Command.Fail;
import dev.spooled.engine.Command.Heartbeat;
import dev.spooled.engine.Command.Holder;
import dev.spooled.engine.Command.Leased;
import dev.spooled.engine.Command.Promote;
import dev.spooled.engine.Command.Reap;
import dev.spooled.engine.Command.Settled;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// Days of a job's life in milliseconds, by the one clock that everything asks: retries, leases, expiry, partitions,
/// each exact to the microsecond.
class TimeTravelTest {
    private static final Duration TICK = Duration.ofNanos(1_000);

    private TestCell cell;
    private int org;
    private int queue;

    @BeforeEach
    void open() {
        cell = new TestCell();
        org = cell.org();
        queue = cell.queue(org, "q");
    }

    @AfterEach
    void close() {
        cell.close();
    }

    private UUID enqueue(NewJob job) {
        return cell.run(new Enqueue(List.of(job))).getFirst().id();
    }

    private List<Leased> claim() {
        return cell.run(new Claim(org, queue, "w", 1, 60, 0, () -> true));
    }

    private Holder holder(Leased leased) {
        return new Holder(org, leased.id(), leased.leaseId(), "w");
    }

    @Test
    void aJobLivesThroughAllItsBackoffs() {
        enqueue(NewJob.plain(org, queue, 0, "{}").withMaxRetries(12));
        Instant began = cell.clock.now();
        for (int retry = 0; retry < 12; retry++) {
            Leased leased = claim().getFirst();
            assertThat(leased.retryCount()).isEqualTo(retry);
            Duration wait = Duration.ofMinutes(Math.min(1L << Math.min(retry, 6), 60));
            assertThat(cell.run(new Fail(holder(leased), "no", true, null)))
                    .isEqualTo(new Settled.WillRetry(cell.clock.now().plus(wait)));
            cell.clock.advance(wait.minus(TICK));
            assertThat(cell.run(new Promote(10))).isZero();
            cell.clock.advance(TICK);
            assertThat(cell.run(new Promote(10))).isEqualTo(1);
        }
        Leased last = claim().getFirst();
        assertThat(last.attempt()).isEqualTo(13);
        assertThat(cell.run(new Fail(holder(last), "no", true, null))).isInstanceOf(Settled.DeadLettered.class);
        assertThat(Duration.between(began, cell.clock.now()))
                .isEqualTo(Duration.ofMinutes(1 + 2 + 4 + 8 + 16 + 32 + 6 * 60));
        assertThat(cell.count("attempt")).isEqualTo(13);
        assertThat(cell.drift()).isEmpty();
    }

    @Test
    void anEventThatNobodyFetchesIsForgottenAfterThreeDays() {
        enqueue(NewJob.plain(org, queue, 0, "{}").withCompletionWebhook("https://example.com/done"));
        cell.run(new Complete(holder(claim().getFirst()), "{}"));
        assertThat(cell.count("outbox")).isEqualTo(1);
        cell.clock.advance(Duration.ofDays(3));
        cell.chores.forgetEvents().runOnce();
        assertThat(cell.count("outbox")).as("at three days").isEqualTo(1);
        cell.clock.advance(TICK);
        cell.chores.forgetEvents().runOnce();
        assertThat(cell.count("outbox")).as("past them").isZero();
    }

    @Test
    void aLeaseIsKeptForAsLongAsItsTimeOutAllowsAndNoLonger() {
        UUID job = enqueue(NewJob.plain(org, queue, 0, "{}"));
        Leased leased = claim().getFirst();
        for (int minute = 0; minute < 5; minute++) {
            cell.clock.advance(Duration.ofSeconds(59));
            assertThat(cell.run(new Heartbeat(holder(leased), 60))).isInstanceOf(Settled.Renewed.class);
            assertThat(cell.run(new Reap(10))).isZero();
        }
        cell.clock.advance(Duration.ofSeconds(5).minus(TICK));
        assertThat(cell.run(new Reap(10))).isZero();
        cell.clock.advance(TICK);
        assertThat(cell.run(new Heartbeat(holder(leased), 60))).isInstanceOf(Settled.Missed.class);
        assertThat(cell.run(new Reap(10))).isEqualTo(1);
        assertThat(claim()).extracting(Leased::id).containsExactly(job);
        assertThat(cell.drift()).isEmpty();
    }

    @Test
    void aJobExpiresOnTheDot() {
        long tomorrow = cell.clock.nowMicros() + Duration.ofDays(1).toNanos() / 1_000;
        enqueue(NewJob.plain(org, queue, 0, "{}").withTimes(PgArray.NO_TIME, tomorrow));
        cell.clock.advance(Duration.ofDays(1).minus(TICK));
        assertThat(cell.run(new Expire(10))).isZero();
        cell.clock.advance(TICK);
        assertThat(claim()).isEmpty();
        assertThat(cell.run(new Expire(10))).isEqualTo(1);
        assertThat(cell.count("done where status = 6")).isEqualTo(1);
        assertThat(cell.drift()).isEmpty();
    }

    @Test
    void eachDayHasItsPartitionOverTheEndsOfMonthAndYear() {
        cell.clock.advance(Duration.ofHours(11).plusMinutes(59).plusSeconds(59));
        for (int day = 0; day < 40; day++) {
            assertPartition(day, "2026-11-25");
            cell.clock.advance(Duration.ofSeconds(1));
            assertPartition(day + 1, "2026-11-25");
            cell.clock.advance(Duration.ofDays(1).minusSeconds(1));
            cell.chores.keepPartitions().runOnce();
        }
        assertThat(cell.count("job where tableoid = 'job_default'::regclass")).isZero();
        assertThat(cell.drift()).isEmpty();
    }

    private void assertPartition(int days, String since) {
        UUID job = enqueue(NewJob.plain(org, queue, 0, "{}"));
        String day = java.time.LocalDate.parse(since).plusDays(days).toString().replace("-", "");
        assertThat(cell.rows(
                        "select tableoid::regclass::text as place from job where id = '" + job + "'",
                        row -> row.text("place")))
                .containsExactly("job_" + day);
    }
}
