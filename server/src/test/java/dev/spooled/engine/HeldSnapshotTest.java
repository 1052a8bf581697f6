package dev.spooled.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spooled.db.DbAddress.Role;
import dev.spooled.db.PgArray;
import dev.spooled.engine.Command.Claim;
import dev.spooled.engine.Command.Complete;
import dev.spooled.engine.Command.Enqueue;
import dev.spooled.engine.Command.Fail;
import dev.spooled.engine.Command.Holder;
import dev.spooled.engine.Command.Leased;
import dev.spooled.engine.Command.Promote;
import dev.spooled.support.TestLane;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// A long transaction elsewhere keeps PostgreSQL from taking dead rows back: how claims fare meanwhile and afterwards,
/// with five priorities and retries, over few queues and over many. The figures are printed; nothing may be lost, and
/// when it is over all is as before, whatever has been done meanwhile.
@Tag("chaos")
class HeldSnapshotTest {
    private static final int CALLERS = Integer.getInteger("held.callers", 32);
    private static final Duration HELD = Duration.ofSeconds(Integer.getInteger("held.seconds", 60));
    private static final Duration WINDOW = Duration.ofSeconds(Integer.getInteger("held.window", 10));
    private static final Pattern PAGES = Pattern.compile("shared hit=(\\d+)");

    private final ConcurrentLinkedQueue<Long> claims = new ConcurrentLinkedQueue<>();
    private volatile boolean over;

    @ParameterizedTest
    @ValueSource(ints = {1_000, 5})
    void claimsGoOn(int queueCount) throws Exception {
        try (var cell = new TestCell()) {
            int org = cell.org();
            int[] queues = new int[queueCount];
            Arrays.setAll(queues, i -> cell.queue(org, "q-" + i));
            try (Lane lane = TestLane.of(cell.address(), cell.clock).start()) {
                List<Thread> callers = start(cell, lane, org, queues);
                window(cell, queues[0], queueCount + " queues, warming up");
                double before = window(cell, queues[0], queueCount + " queues, before");
                try (Connection holder = hold(cell)) {
                    for (long left = HELD.toSeconds(); left > 0; left -= WINDOW.toSeconds()) {
                        window(cell, queues[0], queueCount + " queues, held");
                    }
                    holder.rollback();
                }
                window(cell, queues[0], queueCount + " queues, let go");
                double after = window(cell, queues[0], queueCount + " queues, after");
                over = true;
                for (Thread caller : callers) {
                    caller.join();
                }
                assertThat(after).isLessThan(3 * before);
            }
            assertThat(cell.drift()).isEmpty();
            long live = cell.count("ready") + cell.count("scheduled") + cell.count("lease");
            assertThat(cell.count("job")).isEqualTo(live + cell.count("done"));
        }
    }

    private List<Thread> start(TestCell cell, Lane lane, int org, int[] queues) {
        over = false;
        var threads = new ArrayList<Thread>();
        for (int i = 0; i < CALLERS; i++) {
            threads.add(Thread.ofVirtual().start(() -> {
                while (!over) {
                    live(cell, lane, org, queues[ThreadLocalRandom.current().nextInt(queues.length)]);
                }
            }));
        }
        threads.add(Thread.ofVirtual().start(() -> {
            while (!over) {
                cell.clock.advance(Duration.ofMillis(250));
                lane.run(new Promote(1_000));
                LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(250));
            }
        }));
        return threads;
    }

    /// One job in, one claimed; every tenth fails and is tried again a second later.
    private void live(TestCell cell, Lane lane, int org, int queue) {
        var random = ThreadLocalRandom.current();
        lane.run(new Enqueue(List.of(
                NewJob.plain(org, queue, random.nextInt(5), "{}").withTimes(PgArray.NO_TIME, PgArray.NO_TIME))));
        long began = System.nanoTime();
        List<Leased> leased = lane.run(new Claim(org, queue, "w", 1, 3_600, 0, () -> true));
        claims.add(System.nanoTime() - began);
        for (Leased job : leased) {
            var holder = new Holder(org, job.id(), job.leaseId(), "w");
            lane.run(random.nextInt(10) == 0 ? new Fail(holder, "no", true, 1) : new Complete(holder, "{}"));
        }
    }

    private static Connection hold(TestCell cell) throws SQLException {
        Connection holder = DriverManager.getConnection(
                cell.address().jdbcUrl(), cell.address().properties(Role.ENGINE, ""));
        holder.setAutoCommit(false);
        holder.setTransactionIsolation(Connection.TRANSACTION_REPEATABLE_READ);
        try (var statement = holder.createStatement()) {
            statement.execute("select count(*) from ready");
        }
        return holder;
    }

    /// How claims fare for a while: the median time, in ms.
    private double window(TestCell cell, int queue, String name) {
        claims.clear();
        LockSupport.parkNanos(WINDOW.toNanos());
        long[] took = claims.stream().mapToLong(Long::longValue).sorted().toArray();
        double median = took[took.length / 2] / 1e6;
        System.out.printf(
                "held: %s, %-24s %6d claims/s, p50 %.1f ms, p99 %.1f ms, a claim's scan %d pages%n",
                TestLane.WAY,
                name,
                took.length / WINDOW.toSeconds(),
                median,
                took[took.length * 99 / 100] / 1e6,
                pages(cell, queue));
        return median;
    }

    private static long pages(TestCell cell, int queue) {
        return cell
                .rows(
                        "explain (analyze, buffers, timing off) select id from ready where cell = 0 and queue = "
                                + queue + " order by priority desc, id limit 10",
                        row -> row.text("QUERY PLAN"))
                .stream()
                .map(PAGES::matcher)
                .filter(Matcher::find)
                .mapToLong(found -> Long.parseLong(found.group(1)))
                .findFirst()
                .orElse(0);
    }
}
