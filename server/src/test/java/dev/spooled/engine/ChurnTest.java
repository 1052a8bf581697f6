package dev.spooled.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spooled.db.PgArray;
import dev.spooled.engine.Command.Claim;
import dev.spooled.engine.Command.Complete;
import dev.spooled.engine.Command.Enqueue;
import dev.spooled.engine.Command.Fail;
import dev.spooled.engine.Command.Holder;
import dev.spooled.engine.Command.Leased;
import dev.spooled.support.TestLane;
import dev.spooled.time.Clock;
import dev.spooled.time.DatabaseClock;
import dev.spooled.upkeep.Upkeep;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/// Ten minutes of jobs that come and go (`-Dchurn.seconds=600`, or until `-Dchurn.jobs=10000000` are done)
/// over 100 queues and five priorities, every twentieth failing once, with the chores a server has: the tables of live
/// jobs must not grow with what has passed through them.
@Tag("soak")
class ChurnTest {
    private static final Duration LENGTH = Duration.ofSeconds(Integer.getInteger("churn.seconds", 600));
    private static final long ENOUGH = Long.getLong("churn.jobs", 10_000_000);
    private static final int CALLERS = Integer.getInteger("churn.callers", 200);
    private static final int UNFINISHED_MAX = 4_000;
    private static final int SAMPLES = 20;
    private static final List<String> LIVE = List.of("ready", "lease", "scheduled", "count_delta", "count");

    /// More than this a table grew if its last third takes so many times what its middle third took; less
    /// than a megabyte is no growth.
    private static final double FLAT = 1.5;

    private static final long LITTLE = 1 << 20;

    private final AtomicLong made = new AtomicLong();
    private final AtomicLong ended = new AtomicLong();
    private volatile boolean over;

    @Test
    void liveTablesStaySmall() throws Exception {
        try (var cell = new TestCell()) {
            Clock clock = new DatabaseClock(EngineChores.readTime(cell.db()), System.nanoTime());
            int org = cell.org();
            int[] queues = new int[100];
            Arrays.setAll(queues, i -> cell.queue(org, "q-" + i));
            try (Lane lane = TestLane.of(cell.address(), clock).start();
                    var upkeep = new Upkeep(new EngineChores(lane, cell.db(), clock, 0).all())) {
                var threads = new ArrayList<Thread>();
                for (int i = 0; i < CALLERS; i++) {
                    int queue = queues[i % queues.length];
                    threads.add(Thread.ofVirtual().start(() -> produce(lane, org, queue)));
                    threads.add(Thread.ofVirtual().start(() -> work(lane, org, queue)));
                }
                List<long[]> sizes = watch(cell);
                over = true;
                for (Thread thread : threads) {
                    thread.join();
                }
                assertFlat(sizes);
            }
            assertThat(cell.drift()).isEmpty();
            long live = cell.count("ready") + cell.count("scheduled") + cell.count("lease");
            assertThat(cell.count("job")).isEqualTo(made.get()).isEqualTo(live + cell.count("done"));
        }
    }

    private void produce(Lane lane, int org, int queue) {
        while (!over) {
            if (made.get() - ended.get() > UNFINISHED_MAX) {
                LockSupport.parkNanos(5_000_000);
                continue;
            }
            int priority = ThreadLocalRandom.current().nextInt(5);
            lane.run(new Enqueue(List.of(NewJob.plain(org, queue, priority, "{\"to\":\"somebody@example.com\"}")
                    .withTimes(PgArray.NO_TIME, PgArray.NO_TIME))));
            made.incrementAndGet();
        }
    }

    private void work(Lane lane, int org, int queue) {
        while (!over) {
            for (Leased job : lane.run(new Claim(org, queue, "w", 10, 60, 1_000, () -> !over))) {
                var holder = new Holder(org, job.id(), job.leaseId(), "w");
                if (job.retryCount() == 0 && ThreadLocalRandom.current().nextInt(20) == 0) {
                    lane.run(new Fail(holder, "no", true, 1));
                } else {
                    lane.run(new Complete(holder, "{}"));
                    ended.incrementAndGet();
                }
            }
        }
    }

    /// What each live table takes with its indexes, in bytes, `SAMPLES` times.
    private List<long[]> watch(TestCell cell) {
        var sizes = new ArrayList<long[]>();
        long began = System.nanoTime();
        for (int i = 1; i <= SAMPLES; i++) {
            long end = began + LENGTH.toNanos() * i / SAMPLES;
            long enough = ENOUGH * i / SAMPLES;
            while (System.nanoTime() < end && ended.get() < enough) {
                LockSupport.parkNanos(50_000_000);
            }
            long[] now = LIVE.stream()
                    .mapToLong(table -> cell.rows(
                                    "select pg_total_relation_size('" + table + "') as bytes",
                                    row -> row.bigint("bytes"))
                            .getFirst())
                    .toArray();
            sizes.add(now);
            System.out.printf(
                    Locale.ROOT,
                    "churn: %s, %4.0f s, %,d jobs ended, KB of %s: %s%n",
                    TestLane.WAY,
                    (System.nanoTime() - began) / 1e9,
                    ended.get(),
                    LIVE,
                    Arrays.toString(Arrays.stream(now).map(bytes -> bytes >> 10).toArray()));
        }
        return sizes;
    }

    private static void assertFlat(List<long[]> sizes) {
        int third = sizes.size() / 3;
        for (int table = 0; table < LIVE.size(); table++) {
            long middle = most(sizes.subList(third, 2 * third), table);
            long last = most(sizes.subList(2 * third, sizes.size()), table);
            assertThat(last).as(LIVE.get(table)).isLessThan((long) (FLAT * middle) + LITTLE);
        }
    }

    private static long most(List<long[]> sizes, int table) {
        return sizes.stream().mapToLong(one -> one[table]).max().orElseThrow();
    }
}
