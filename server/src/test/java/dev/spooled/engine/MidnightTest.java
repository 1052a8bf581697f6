package dev.spooled.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spooled.engine.Command.Claim;
import dev.spooled.engine.Command.Complete;
import dev.spooled.engine.Command.Enqueue;
import dev.spooled.engine.Command.Enqueued;
import dev.spooled.engine.Command.Holder;
import dev.spooled.engine.Command.Leased;
import dev.spooled.support.TestLane;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/// Three midnights and two dropped days while callers enqueue, claim and complete as fast as they can: nobody waits
/// long for an enqueue, and nothing of a later day is lost. The days pass by the clock moved by hand.
@Tag("soak")
class MidnightTest {
    private static final int CALLERS = Integer.getInteger("midnight.callers", 8);
    private static final int JOBS_BETWEEN = Integer.getInteger("midnight.jobs", 2_000);
    private static final Duration LONGEST_PAUSE = Duration.ofMillis(100);

    private TestCell cell;
    private Lane lane;
    private int org;
    private int queue;
    private volatile boolean over;
    private long disturbed;
    private long undisturbed;
    private final AtomicLong longest = new AtomicLong();
    private final AtomicLong jobs = new AtomicLong();
    private final ConcurrentLinkedQueue<UUID> enqueued = new ConcurrentLinkedQueue<>();

    @BeforeEach
    void open() {
        cell = new TestCell();
        org = cell.org();
        queue = cell.queue(org, "q");
        lane = TestLane.of(cell.address(), cell.clock).start();
        lane.run(new Command.Promote(1));
    }

    @AfterEach
    void close() {
        over = true;
        lane.close();
        cell.close();
    }

    @Test
    void enqueueIsNeverHeldUpForLong() throws Exception {
        List<UUID> lasting = lasting();
        var callers = new ArrayList<Thread>();
        for (int i = 0; i < CALLERS; i++) {
            int number = i;
            callers.add(Thread.ofVirtual().start(() -> work(number)));
        }
        callers.add(Thread.ofVirtual().start(this::read));
        awaitJobs(3 * JOBS_BETWEEN);
        var retention = new Retention(cell.db(), cell.clock, 0, 1, step -> {});
        var dropped = new ArrayList<Boolean>();
        during("midnight", this::midnight);
        during("midnight", this::midnight);
        during("drop", () -> dropped.add(retention.pass()));
        during("midnight", this::midnight);
        during("drop", () -> dropped.add(retention.pass()));
        over = true;
        for (Thread caller : callers) {
            caller.join();
        }
        System.out.printf(
                "midnights: %s, %d jobs; longest enqueue at midnights and drops %.1f ms, between them %.1f ms%n",
                TestLane.WAY, jobs.get(), disturbed / 1e6, undisturbed / 1e6);
        assertThat(dropped).containsExactly(true, true);
        assertThat(cell.count("pg_class where relname in ('job_20261125', 'job_20261126')"))
                .as("whole days left")
                .isZero();
        assertThat(cell.count("job where payload = '{}' and run_at is not null"))
                .isEqualTo(lasting.size());
        assertNothingVisibleIsLost();
        assertThat(disturbed - undisturbed).isLessThan(LONGEST_PAUSE.toNanos());
    }

    /// Runs it between two stretches of equal work, and notes the longest enqueue with it and without.
    private void during(String name, Runnable work) {
        awaitJobs(JOBS_BETWEEN / 2);
        longest.set(0);
        awaitJobs(JOBS_BETWEEN);
        undisturbed = Math.max(undisturbed, longest.getAndSet(0));
        long began = System.nanoTime();
        work.run();
        long took = System.nanoTime() - began;
        awaitJobs(JOBS_BETWEEN / 10);
        long with = longest.get();
        disturbed = Math.max(disturbed, with);
        System.out.printf("midnights: %s took %d ms, longest enqueue %.1f ms%n", name, took / 1_000_000, with / 1e6);
    }

    /// Jobs of the first day that stay scheduled over all of it.
    private List<UUID> lasting() {
        long year = cell.clock.nowMicros() + Duration.ofDays(365).toNanos() / 1_000;
        var jobs = new ArrayList<NewJob>();
        for (int i = 0; i < 100; i++) {
            jobs.add(NewJob.plain(org, queue, 0, "{}").withTimes(year, dev.spooled.db.PgArray.NO_TIME));
        }
        return lane.run(new Enqueue(jobs)).stream().map(Enqueued::id).toList();
    }

    private void midnight() {
        cell.clock.advance(Duration.ofDays(1));
        cell.chores.keepPartitions().runOnce();
    }

    private void awaitJobs(int more) {
        long goal = jobs.get() + more;
        while (jobs.get() < goal) {
            java.util.concurrent.locks.LockSupport.parkNanos(1_000_000);
        }
    }

    private void work(int number) {
        while (!over) {
            long began = System.nanoTime();
            UUID id = lane.run(new Enqueue(List.of(NewJob.plain(org, queue, 0, "{\"by\":" + number + "}"))))
                    .getFirst()
                    .id();
            longest.accumulateAndGet(System.nanoTime() - began, Math::max);
            enqueued.add(id);
            for (Leased leased : lane.run(new Claim(org, queue, "w" + number, 1, 60, 0, () -> true))) {
                lane.run(new Complete(new Holder(org, leased.id(), leased.leaseId(), "w"), "{}"));
            }
            jobs.incrementAndGet();
        }
    }

    /// Somebody lists jobs all the time.
    private void read() {
        while (!over) {
            cell.count("(select id from job order by id desc limit 20000) j");
        }
    }

    private void assertNothingVisibleIsLost() {
        UUID floor = Retention.visibleFrom(cell.clock.now(), 1);
        long visible = enqueued.stream()
                .filter(id -> id.toString().compareTo(floor.toString()) >= 0)
                .count();
        assertThat(cell.count("job where id >= '" + floor + "'")).isEqualTo(visible);
    }
}
