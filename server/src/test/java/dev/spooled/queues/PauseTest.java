package dev.spooled.queues;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spooled.access.ApiKeys;
import dev.spooled.access.Caller;
import dev.spooled.access.Remembered;
import dev.spooled.announce.Announcer;
import dev.spooled.db.Args;
import dev.spooled.db.Sql;
import dev.spooled.engine.Command;
import dev.spooled.engine.Lane;
import dev.spooled.engine.NewJob;
import dev.spooled.orgs.Queues;
import dev.spooled.support.ManualClock;
import dev.spooled.support.TestDb;
import dev.spooled.support.TestLane;
import dev.spooled.support.TestOrganizations;
import java.time.Instant;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// Two lanes on one database, as two servers have them, under claims without rest.
final class PauseTest {
    private static final int ROUNDS = 15;
    private static final int CLAIMERS = 8;
    private static final int JOBS = 20_000;

    private final TestDb database = TestDb.create();
    private final ManualClock clock = new ManualClock(Instant.parse("2026-11-25T12:00:00Z"));
    private final Remembered remembered = new Remembered();
    private final ApiKeys keys = new ApiKeys(database.db(), clock, remembered);
    private final Lane one = TestLane.of(database.address(), clock).start();
    private final Lane other = TestLane.of(database.address(), clock).start();

    @AfterEach
    void close() {
        one.close();
        other.close();
        database.close();
    }

    @Test
    void onceAPauseIsAcknowledgedNoLaneHandsOutAJob() {
        var organizations = TestOrganizations.of(database, clock, keys, remembered);
        Caller caller = keys.caller(
                        organizations.ensureDefault().orElseThrow().key().key())
                .orElseThrow();
        var queues = new Queues(database.db(), clock, Queues.Defaults.STANDARD);
        var settings = new QueueSettings(
                database.db(),
                clock,
                queues,
                TestOrganizations.limits(database, clock),
                new QueueSettings.Told(one, Announcer.NOBODY));
        int queue = queues.named(caller, "q").number();
        for (int i = 0; i < JOBS; i += 1_000) {
            one.run(new Command.Enqueue(Collections.nCopies(1_000, NewJob.plain(caller.org(), queue, 0, "{}"))));
        }
        var claims = new AtomicLong();
        var stop = new AtomicBoolean();
        var threads = Executors.newVirtualThreadPerTaskExecutor();
        try {
            for (Lane lane : List.of(one, other)) {
                for (int i = 0; i < CLAIMERS; i++) {
                    threads.submit(() -> claimUntil(stop, lane, caller, queue, claims));
                }
            }
            pauseAndResume(settings, caller, claims);
        } finally {
            stop.set(true);
            threads.close();
        }
    }

    private void pauseAndResume(QueueSettings settings, Caller caller, AtomicLong claims) {
        for (int round = 0; round < ROUNDS; round++) {
            long before = leases();
            await(() -> leases() - before, 50);
            settings.pause(caller, "q", null);
            long acknowledged = leases();
            long asked = claims.get();
            await(() -> claims.get() - asked, 20L * CLAIMERS);
            assertThat(leases()).as("round " + round).isEqualTo(acknowledged);
            settings.resume(caller, "q");
        }
    }

    private static void claimUntil(AtomicBoolean stop, Lane lane, Caller caller, int queue, AtomicLong claims) {
        while (!stop.get()) {
            lane.run(new Command.Claim(caller.org(), queue, "w", 1, 3_600, 0, () -> true));
            claims.incrementAndGet();
        }
    }

    private static void await(LongSupplier progress, long least) {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
        while (progress.getAsLong() < least) {
            assertThat(System.nanoTime() - end).as("the lanes have stalled").isNegative();
            Thread.onSpinWait();
        }
    }

    private long leases() {
        var count = new Sql("count_leases", "select count(*) as n from lease", List.of());
        return database.db()
                .asEngine(tx -> tx.list(count, Args.NONE, row -> row.bigint("n")))
                .getFirst();
    }
}
