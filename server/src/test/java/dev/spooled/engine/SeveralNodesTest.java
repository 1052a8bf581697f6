package dev.spooled.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spooled.db.DbAddress.Role;
import dev.spooled.db.PgArray;
import dev.spooled.engine.Command.Claim;
import dev.spooled.engine.Command.Complete;
import dev.spooled.engine.Command.Enqueue;
import dev.spooled.engine.Command.Enqueued;
import dev.spooled.engine.Command.Holder;
import dev.spooled.engine.Command.Leased;
import dev.spooled.engine.Command.Promote;
import dev.spooled.engine.Command.Reap;
import dev.spooled.engine.Command.Release;
import dev.spooled.engine.Command.Settled;
import dev.spooled.support.Await;
import dev.spooled.support.ChildJvm;
import dev.spooled.support.ManualClock;
import dev.spooled.support.TestLane;
import dev.spooled.time.Clock;
import dev.spooled.upkeep.Upkeep;
import java.io.IOException;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// Two nodes, each with its lane and its chores, on one database; one of them may be frozen or killed.
class SeveralNodesTest {
    private static final int JOBS = 3_000;

    private TestCell cell;
    private Lane first;
    private Lane second;
    private int org;
    private int queue;

    @BeforeEach
    void open() {
        cell = new TestCell();
        org = cell.org();
        queue = cell.queue(org, "q");
        first = lane();
        second = lane();
    }

    @AfterEach
    void close() {
        first.close();
        second.close();
        cell.close();
    }

    private Lane lane() {
        Lane lane = TestLane.of(cell.address(), cell.clock).start();
        lane.setAlone(false);
        lane.run(new Promote(1));
        return lane;
    }

    private List<Leased> claim(Lane lane, int limit) {
        return lane.run(new Claim(org, queue, "w", limit, 60, 0, () -> true));
    }

    private UUID enqueue(Lane lane) {
        return lane.run(new Enqueue(List.of(NewJob.plain(org, queue, 0, "{}"))))
                .getFirst()
                .id();
    }

    private Holder holder(Leased leased) {
        return new Holder(org, leased.id(), leased.leaseId(), "w");
    }

    @Test
    void eachKnowsHowManyLive() {
        var one = cell.chores.registerNode(UUID.randomUUID(), "test");
        var other = cell.chores.registerNode(UUID.randomUUID(), "test");
        one.runOnce();
        assertThat(cell.chores.nodes()).isEqualTo(1);
        other.runOnce();
        one.runOnce();
        assertThat(cell.chores.nodes()).isEqualTo(2);
        cell.clock.advance(Duration.ofMinutes(1));
        one.runOnce();
        assertThat(cell.chores.nodes()).isEqualTo(1);
    }

    /// A lane that is not alone locks beforehand what a batch of two kinds of acknowledgements will change, in one
    /// order
    /// (LockOrder): here it waits for the first row of that order, and has touched neither.
    @Test
    void aBatchAmongOthersLocksBeforehand() throws Exception {
        enqueue(first);
        enqueue(first);
        List<Leased> held = claim(first, 2);
        Lane third = TestLane.of(cell.address(), cell.clock);
        third.setAlone(false);
        try (Connection other = cell.database.connect();
                var both = Executors.newFixedThreadPool(2)) {
            other.setAutoCommit(false);
            Future<?> complete = both.submit(() -> third.run(new Complete(holder(held.getFirst()), null)));
            Future<?> release = both.submit(() -> third.run(
                    new Release(org, held.getLast().id(), held.getLast().leaseId())));
            Await.until(third::waiting, waiting -> waiting == 2);
            try (Statement lock = other.createStatement()) {
                lock.execute("select from lease order by id limit 1 for update");
                third.start();
                Await.until(
                        this::waitingQuery, query -> query.contains("as held from") && query.contains("join lease t"));
            } finally {
                other.rollback();
            }
            complete.get(10, TimeUnit.SECONDS);
            release.get(10, TimeUnit.SECONDS);
        } finally {
            third.close();
        }
    }

    /// What a session of the database that waits for a lock is at.
    private String waitingQuery() {
        try (Connection admin = cell.database.connect();
                Statement look = admin.createStatement();
                ResultSet found = look.executeQuery("select query from pg_stat_activity"
                        + " where wait_event_type = 'Lock' and datname = current_database()")) {
            return found.next() ? found.getString(1) : "";
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
    }

    @Test
    void twoPromotersMoveEachJobOnce() throws Exception {
        long soon = cell.clock.nowMicros() + 1_000_000;
        for (int n = 0; n < JOBS; n += 1_000) {
            cell.run(new Enqueue(
                    Collections.nCopies(1_000, NewJob.plain(org, queue, 0, "{}").withTimes(soon, PgArray.NO_TIME))));
        }
        cell.clock.advance(Duration.ofSeconds(1));
        assertThat(movedByBoth(() -> new Promote(100))).isEqualTo(JOBS);
        assertThat(cell.count("(select distinct id from ready) r")).isEqualTo(JOBS);
        assertThat(cell.count("ready")).isEqualTo(JOBS);
        assertThat(cell.count("scheduled")).isZero();
        assertThat(cell.drift()).isEmpty();
    }

    @Test
    void twoReapersTakeEachLeaseOnce() throws Exception {
        for (int n = 0; n < JOBS; n += 1_000) {
            cell.run(new Enqueue(Collections.nCopies(1_000, NewJob.plain(org, queue, 0, "{}"))));
            cell.run(new Claim(org, queue, "w", 1_000, 60, 0, () -> true));
        }
        cell.clock.advance(Duration.ofMinutes(2));
        assertThat(movedByBoth(() -> new Reap(100))).isEqualTo(JOBS);
        assertThat(cell.count("(select distinct id from ready) r")).isEqualTo(JOBS);
        assertThat(cell.count("attempt")).isEqualTo(JOBS);
        assertThat(cell.count("lease")).isZero();
        assertThat(cell.drift()).isEmpty();
    }

    private int movedByBoth(Supplier<Command<Integer>> pass) throws Exception {
        try (var both = Executors.newFixedThreadPool(2)) {
            List<Future<Integer>> sums = new ArrayList<>();
            for (Lane lane : List.of(first, second)) {
                sums.add(both.submit(() -> moveAll(lane, pass)));
            }
            return sums.getFirst().get(60, TimeUnit.SECONDS) + sums.getLast().get(60, TimeUnit.SECONDS);
        }
    }

    private static int moveAll(Lane lane, Supplier<Command<Integer>> pass) {
        int sum = 0;
        int idle = 0;
        while (idle < 3) {
            int moved = lane.run(pass.get());
            idle = moved == 0 ? idle + 1 : 0;
            sum += moved;
        }
        return sum;
    }

    /// The node is stopped by SIGSTOP while its batch holds a lock. Who wants the same row hears so after the
    /// lock timeout and its tries, everybody else is served, and once PostgreSQL ends the session the row is free.
    @Test
    void aFrozenNodeHoldsUpNobodyForLong() throws Exception {
        UUID job = enqueue(first);
        Leased leased = claim(first, 1).getFirst();
        assertThat(leased.id()).isEqualTo(job);
        try (ChildJvm frozen = ChildJvm.start(Holding.class, cell.address(), job.toString())) {
            assertThat(frozen.readLine()).isEqualTo("holding");
            signal(frozen, "STOP");
            long began = System.nanoTime();
            var blocked = Thread.ofVirtual().start(() -> completeUntilDone(leased));
            long longest = 0;
            for (int i = 0; i < 50; i++) {
                long asked = System.nanoTime();
                enqueue(first);
                assertThat(claim(first, 1)).hasSize(1);
                longest = Math.max(longest, System.nanoTime() - asked);
            }
            System.out.printf(
                    "frozen node: 50 enqueues and claims beside it in %d ms, longest %d ms%n",
                    (System.nanoTime() - began) / 1_000_000, longest / 1_000_000);
            assertThat(longest).isLessThan(TimeUnit.SECONDS.toNanos(3));
            blocked.join(Duration.ofSeconds(30));
            assertThat(cell.count("done where id = '" + job + "' and status = 3"))
                    .isEqualTo(1);
            signal(frozen, "CONT");
        }
        assertThat(cell.drift()).isEmpty();
    }

    private void completeUntilDone(Leased leased) {
        while (true) {
            try {
                assertThat(first.run(new Complete(holder(leased), "{}"))).isInstanceOf(Settled.Completed.class);
                return;
            } catch (dev.spooled.refusal.Refused e) {
                java.util.concurrent.locks.LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(100));
            }
        }
    }

    private static void signal(ChildJvm child, String name) throws IOException, InterruptedException {
        new ProcessBuilder("kill", "-" + name, Long.toString(child.handle().pid()))
                .start()
                .waitFor();
    }

    /// A node in the middle of a batch: holds the barrier, its mark and a lease.
    static final class Holding {
        private Holding() {}

        public static void main(String[] args) throws Exception {
            var properties = ChildJvm.address().properties(Role.ENGINE, LaneSession.SETTINGS);
            try (Connection connection =
                            DriverManager.getConnection(ChildJvm.address().jdbcUrl(), properties);
                    Statement statement = connection.createStatement()) {
                statement.execute("set idle_in_transaction_session_timeout = '4s'");
                connection.setAutoCommit(false);
                statement.execute("select pg_advisory_xact_lock_shared(" + LaneSession.barrierOf(0) + ")");
                statement.execute("delete from lease where id = '" + args[0] + "'");
                System.out.println("holding");
                System.in.read();
            }
        }
    }

    @Test
    void aWaitingClaimHearsOfAnotherNodesJob() throws Exception {
        var chores = new EngineChores(first, cell.db(), cell.clock, 0);
        try (var upkeep = new Upkeep(List.of(chores.wakeParked()));
                var caller = Executors.newSingleThreadExecutor()) {
            long longest = 0;
            for (int round = 0; round < 3; round++) {
                Future<List<Leased>> waiting =
                        caller.submit(() -> first.run(new Claim(org, queue, "w", 1, 60, 10_000, () -> true)));
                while (!first.awaited().contains(queue)) {
                    Thread.onSpinWait();
                }
                long put = System.nanoTime();
                UUID job = enqueue(second);
                assertThat(waiting.get(5, TimeUnit.SECONDS))
                        .extracting(Leased::id)
                        .containsExactly(job);
                longest = Math.max(longest, System.nanoTime() - put);
            }
            System.out.println("waking: another node's job was in hand after at most " + longest / 1_000_000 + " ms");
            assertThat(longest).isLessThan(TimeUnit.SECONDS.toNanos(2));
        }
    }

    /// A killed node's last batch is whole or absent, its acknowledged jobs are there, and the same node may come back.
    @Test
    void aKilledNodesMarkIsTakenUp() throws Exception {
        var node = UUID.randomUUID();
        var acknowledged = new HashSet<String>();
        try (ChildJvm child = ChildJvm.start(
                Enqueuing.class, cell.address(), node.toString(), Integer.toString(org), Integer.toString(queue))) {
            while (acknowledged.size() < 500) {
                acknowledged.add(child.readLine());
            }
            child.handle().destroyForcibly();
            child.readAll().stream().filter(line -> line.length() == 36).forEach(acknowledged::add);
        }
        long mark = mark(node, "batch");
        long epoch = mark(node, "epoch");
        var found = new HashSet<>(cell.rows("select id::text as id from job", row -> row.text("id")));
        assertThat(found).containsAll(acknowledged);
        assertThat(found.size() - acknowledged.size()).isLessThanOrEqualTo(1);
        assertThat(mark).isGreaterThanOrEqualTo(500);
        try (Lane back = TestLane.of(cell.address(), node, cell.clock).start()) {
            enqueue(back);
        }
        assertThat(mark(node, "epoch")).isEqualTo(epoch + 1);
        assertThat(mark(node, "batch")).isGreaterThan(mark);
        assertThat(cell.drift()).isEmpty();
    }

    private long mark(UUID node, String column) {
        return cell.rows(
                        "select " + column + " as n from lane_mark where node = '" + node + "'", row -> row.bigint("n"))
                .getFirst();
    }

    /// A node that says the id of each job as soon as it is acknowledged.
    static final class Enqueuing {
        private Enqueuing() {}

        public static void main(String[] args) {
            Clock clock = new ManualClock(TestCell.NOON);
            var lane = TestLane.of(ChildJvm.address(), UUID.fromString(args[0]), clock)
                    .start();
            NewJob job = NewJob.plain(Integer.parseInt(args[1]), Integer.parseInt(args[2]), 0, "{}");
            while (true) {
                Enqueued answer = lane.run(new Enqueue(List.of(job))).getFirst();
                System.out.println(answer.id());
            }
        }
    }
}
