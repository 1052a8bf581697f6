package dev.spooled.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spooled.engine.Command.Claim;
import dev.spooled.engine.Command.Complete;
import dev.spooled.engine.Command.Enqueue;
import dev.spooled.engine.Command.Holder;
import dev.spooled.engine.Command.Leased;
import dev.spooled.support.TestLane;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.postgresql.PGConnection;
import org.postgresql.copy.PGCopyOutputStream;

/// One cell filled step by step with all a large installation has, measured in turn with an empty one beside
/// it on the same PostgreSQL: enqueueing, claiming and completing must take the same time in both, within a
/// factor.
@Tag("scale")
class CellAtScaleTest {
    private static final int MILLION = 1_000_000;
    private static final int FINISHED = Integer.getInteger("cell.finished", 20 * MILLION);
    private static final int READY = Integer.getInteger("cell.ready", 8 * MILLION);
    private static final int LEASES = Integer.getInteger("cell.leases", 100_000);
    private static final int ORGANIZATIONS = Integer.getInteger("cell.organizations", 1_000);
    private static final int QUEUES = Integer.getInteger("cell.queues", 10_000);
    private static final int CALLERS = Integer.getInteger("cell.callers", 16);
    private static final int WINDOWS = 3;
    private static final Duration WINDOW = Duration.ofSeconds(Integer.getInteger("cell.window", 4));
    private static final double BOUND = Double.parseDouble(System.getProperty("cell.factor", "2"));

    private static final String ID = "(lpad(to_hex((extract(epoch from '2026-11-25T11:59:00Z'::timestamptz"
            + " - make_interval(secs => %1$d - g %% %1$d)) * 1000)::bigint), 12, '0')"
            + " || '7%2$d008000' || lpad(to_hex(g), 12, '0'))::uuid";

    private enum Step {
        ENQUEUE,
        CLAIM,
        COMPLETE
    }

    /// A cell under load: the queues its callers use and the times each step took.
    private static final class Side implements AutoCloseable {
        final String name;
        final TestCell cell = new TestCell();
        final Lane lane;
        int[] orgs;
        int[] queues;
        final List<List<Long>> took = List.of(new ArrayList<>(), new ArrayList<>(), new ArrayList<>());

        Side(String name) {
            this.name = name;
            lane = lane(cell).start();
            orgs = new int[] {cell.org()};
            queues = new int[] {cell.queue(orgs[0], "q")};
        }

        private static Lane lane(TestCell cell) {
            return TestLane.of(cell.address(), cell.clock);
        }

        void window(Duration length) {
            var callers = new ArrayList<Thread>();
            long end = System.nanoTime() + length.toNanos();
            for (int i = 0; i < CALLERS; i++) {
                callers.add(Thread.ofVirtual().start(() -> call(end)));
            }
            for (Thread caller : callers) {
                join(caller);
            }
            cell.chores.rollUp().runOnce();
        }

        private void call(long end) {
            long[][] mine = new long[3][100_000];
            int n = 0;
            while (System.nanoTime() < end && n < mine[0].length) {
                int i = ThreadLocalRandom.current().nextInt(queues.length);
                live(orgs[i % orgs.length], queues[i], mine, n++);
            }
            synchronized (took) {
                for (Step step : Step.values()) {
                    Arrays.stream(mine[step.ordinal()], 0, n)
                            .filter(nanos -> nanos > 0)
                            .forEach(took.get(step.ordinal())::add);
                }
            }
        }

        private void live(int org, int queue, long[][] mine, int n) {
            long began = System.nanoTime();
            lane.run(new Enqueue(List.of(NewJob.plain(org, queue, 0, "{}"))));
            long enqueued = System.nanoTime();
            List<Leased> leased = lane.run(new Claim(org, queue, "w", 1, 3_600, 0, () -> true));
            long claimed = System.nanoTime();
            mine[Step.ENQUEUE.ordinal()][n] = enqueued - began;
            mine[Step.CLAIM.ordinal()][n] = claimed - enqueued;
            for (Leased job : leased) {
                lane.run(new Complete(new Holder(org, job.id(), job.leaseId(), "w"), "{}"));
                mine[Step.COMPLETE.ordinal()][n] = System.nanoTime() - claimed;
            }
        }

        double quantile(Step step, double share) {
            List<Long> sorted = took.get(step.ordinal()).stream().sorted().toList();
            return sorted.get((int) (sorted.size() * share)) / 1e6;
        }

        @Override
        public void close() {
            lane.close();
            cell.close();
        }
    }

    private final List<String> slow = new ArrayList<>();

    @Test
    void aFullCellIsAsQuickAsAnEmptyOne() throws SQLException {
        try (var empty = new Side("empty");
                var full = new Side("full")) {
            empty.window(WINDOW.multipliedBy(2));
            full.window(WINDOW.multipliedBy(2));
            compare("both empty", empty, full);
            hold(full);
            compare(LEASES + " leases", empty, full);
            wait(full);
            compare("and " + QUEUES + " queues with a waiting claim", empty, full);
            finish(full);
            compare("and " + FINISHED + " finished", empty, full);
            backlog(full, 0, Math.min(READY, MILLION));
            compare("and " + Math.min(READY, MILLION) + " ready", empty, full);
            backlog(full, Math.min(READY, MILLION), READY);
            compare("and " + READY + " ready", empty, full);
            cap(full);
            compare("and " + ORGANIZATIONS + " capped organizations", empty, full);
        }
        assertThat(slow).isEmpty();
    }

    private void compare(String what, Side empty, Side full) {
        empty.took.forEach(List::clear);
        full.took.forEach(List::clear);
        for (int i = 0; i < WINDOWS; i++) {
            empty.window(WINDOW);
            full.window(WINDOW);
        }
        for (Step step : Step.values()) {
            double before = empty.quantile(step, 0.99);
            double after = full.quantile(step, 0.99);
            System.out.printf(
                    Locale.ROOT,
                    "cell: %s, %-45s %-8s p50 %6.2f -> %6.2f ms, p99 %6.2f -> %6.2f ms (%.2f times), %d -> %d calls%n",
                    TestLane.WAY,
                    what,
                    step.name().toLowerCase(Locale.ROOT),
                    empty.quantile(step, 0.5),
                    full.quantile(step, 0.5),
                    before,
                    after,
                    after / before,
                    empty.took.get(step.ordinal()).size(),
                    full.took.get(step.ordinal()).size());
            if (after > before * BOUND) {
                slow.add(what + ": " + step + " " + after + " ms against " + before);
            }
        }
    }

    /// Jobs in the hands of workers of another queue.
    private static void hold(Side side) throws SQLException {
        int queue = side.cell.queue(side.orgs[0], "held");
        String made = "from generate_series(1, " + LEASES + ") g";
        String id = ID.formatted(3_600, 1);
        run(
                side,
                "insert into job (id, cell, org, queue, timeout_seconds, priority, max_retries, payload) select " + id
                        + ", 0, " + side.orgs[0] + ", " + queue + ", 300, 0, 3, '{}' " + made,
                "insert into lease (cell, queue, org, attempt, timeout_seconds, priority, retry_count, flags, id,"
                        + " lease_id, started_at, expires_at, worker) select 0, " + queue + ", " + side.orgs[0]
                        + ", 1, 300, 0, 0, 0, " + id + ", gen_random_uuid(), now(), '2026-11-26', 'w' " + made,
                "vacuum analyze job, lease");
    }

    /// A claim that waits in each of many queues.
    private static void wait(Side side) throws SQLException {
        run(
                side,
                "insert into queue (cell, org, public_id, name, created_at, updated_at) select 0, " + side.orgs[0]
                        + ", gen_random_uuid(), 'waiting-' || g, now(), now() from generate_series(1, " + QUEUES
                        + ") g",
                "vacuum analyze queue");
        int[] queues = numbers(side, "select id from queue where name like 'waiting-%'");
        int org = side.orgs[0];
        for (int queue : queues) {
            Thread.ofVirtual().start(() -> {
                try {
                    side.lane.run(new Claim(org, queue, "w", 1, 60, 3_600_000, () -> true));
                } catch (RuntimeException e) {
                    // The lane was closed at the end.
                }
            });
        }
        while (side.lane.parkedClaims() < QUEUES) {
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(5));
        }
    }

    private static void finish(Side side) throws SQLException {
        run(side, "select ensure_day('2026-11-26'::date - n) from generate_series(0, 32) n");
        String id = ID.formatted(30 * 86_400, 2);
        for (int from = 1; from <= FINISHED; from += 2 * MILLION) {
            String made = "from generate_series(" + from + ", " + Math.min(FINISHED, from + 2 * MILLION - 1) + ") g";
            copy(
                    side,
                    "job (id, cell, org, queue, timeout_seconds, priority, max_retries, payload)",
                    "select " + id + ", 0, " + side.orgs[0] + ", " + side.queues[0]
                            + ", 300, 0, 3, '{\"to\":\"somebody@example.com\"}' " + made);
            copy(
                    side,
                    "done (cell, queue, org, attempt, status, retry_count, id, completed_at, started_at, worker, result)",
                    "select 0, " + side.queues[0] + ", " + side.orgs[0] + ", 1, 3, 0, " + id
                            + ", now(), now(), 'w', '{}' " + made);
        }
        run(side, "vacuum analyze job, done");
    }

    /// Jobs in the very queue that is measured, older than all that enter it.
    private static void backlog(Side side, int from, int to) throws SQLException {
        String id = ID.formatted(3_600, 3);
        for (int at = from; at < to; at += MILLION) {
            String made = "from generate_series(" + (at + 1) + ", " + Math.min(to, at + MILLION) + ") g";
            run(
                    side,
                    "insert into job (id, cell, org, queue, timeout_seconds, priority, max_retries, payload) select "
                            + id + ", 0, " + side.orgs[0] + ", " + side.queues[0] + ", 300, 0, 3, '{}' " + made,
                    "insert into ready (cell, queue, org, attempt, priority, retry_count, flags, id) select 0, "
                            + side.queues[0] + ", " + side.orgs[0] + ", 0, g % 5, 0, 0, " + id + " " + made);
        }
        run(side, "vacuum analyze job, ready");
    }

    /// From here on the load is of many organizations, each with its own queue and caps.
    private static void cap(Side side) throws SQLException {
        run(
                side,
                "insert into organization (public_id, name, slug, created_at, updated_at) select gen_random_uuid(),"
                        + " 'o', 'capped-' || g, now(), now() from generate_series(1, " + ORGANIZATIONS + ") g",
                "insert into queue (cell, org, public_id, name, created_at, updated_at) select 0, id,"
                        + " gen_random_uuid(), 'capped', now(), now() from organization where slug like 'capped-%'",
                "vacuum analyze organization, queue");
        side.orgs = numbers(side, "select id from organization where slug like 'capped-%' order by id");
        side.queues = numbers(side, "select id from queue where name = 'capped' order by org");
        for (int org : side.orgs) {
            side.cell.cap(org, 1_000_000_000, 1_000_000_000, 1_000_000_000);
        }
        countFirst(side);
    }

    /// With a new cap it is not known how many active jobs an organization has: its next job has them counted, once.
    private static void countFirst(Side side) {
        long began = System.nanoTime();
        for (int i = 0; i < side.orgs.length; i++) {
            side.live(side.orgs[i], side.queues[i], new long[3][1], 0);
        }
        System.out.printf(
                Locale.ROOT,
                "cell: %s, the first job of each of %d newly capped organizations: %.1f ms%n",
                TestLane.WAY,
                side.orgs.length,
                (System.nanoTime() - began) / 1e6 / side.orgs.length);
    }

    private static int[] numbers(Side side, String query) {
        return side.cell.rows(query, row -> row.integer("id")).stream()
                .mapToInt(Integer::intValue)
                .toArray();
    }

    /// COPY of what a query makes.
    private static void copy(Side side, String into, String query) throws SQLException {
        try (var from = side.cell.database.connect();
                var to = side.cell.database.connect();
                var prepare = to.createStatement()) {
            prepare.execute("set synchronous_commit = off");
            try (var rows = new PGCopyOutputStream(
                    to.unwrap(PGConnection.class), "copy spooled." + into + " from stdin", 1 << 20)) {
                from.unwrap(PGConnection.class).getCopyAPI().copyOut("copy (" + query + ") to stdout", rows);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void run(Side side, String... statements) throws SQLException {
        long began = System.nanoTime();
        try (var connection = side.cell.database.connect();
                var statement = connection.createStatement()) {
            statement.execute("set search_path = spooled, public");
            statement.execute("set synchronous_commit = off");
            for (String each : statements) {
                statement.execute(each);
            }
        }
        if (System.nanoTime() - began > 5_000_000_000L) {
            System.out.printf(Locale.ROOT, "cell: filled a part in %.0f s%n", (System.nanoTime() - began) / 1e9);
        }
    }

    private static void join(Thread thread) {
        try {
            thread.join();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }
}
