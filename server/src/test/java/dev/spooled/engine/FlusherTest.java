package dev.spooled.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.spooled.db.DbAddress;
import dev.spooled.engine.Command.Claim;
import dev.spooled.engine.Command.Complete;
import dev.spooled.engine.Command.Enqueue;
import dev.spooled.engine.Command.Holder;
import dev.spooled.engine.Command.Leased;
import dev.spooled.engine.Command.Settle;
import dev.spooled.engine.Flusher.Outcome;
import dev.spooled.refusal.Refused;
import dev.spooled.support.Hardship;
import java.nio.file.Path;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// Nobody is answered before the disk has it, whoever brings it there; what a crash undid is refused, and all is told
/// in
/// the order of the batches.
class FlusherTest {
    private static final int CALLERS = 100;
    private static final int JOBS_EACH = 10;

    private final TestCell cell = new TestCell();
    private final int org = cell.org();
    private final int queue = cell.queue(org, "q");

    @AfterEach
    void close() {
        cell.close();
    }

    private Flusher flusher(DbAddress address, List<Long> told, Runnable onStuck) {
        return new Flusher(address, 0, cell.node, outcome -> told.add(outcome.batch()), onStuck);
    }

    private static Outcome outcome(long batch, List<Ticket<?>> answered) {
        return new Outcome(batch, new Moves(false, 0), false, answered, List.of());
    }

    private void mark(long batch) {
        cell.execute("insert into lane_mark (cell, node, epoch, batch) values (0, '" + cell.node + "', 1, " + batch
                + ") on conflict (cell, node) do update set batch = excluded.batch");
    }

    @Test
    void whatThePreviousMomentLostIsRefusedAndTheRestIsTold() {
        List<Long> told = new ArrayList<>();
        try (var flusher = flusher(cell.address(), told, () -> {})) {
            var lost = new Ticket<>(new Settle());
            flusher.committed(outcome(4, List.of()), false);
            flusher.committed(outcome(6, List.of(lost)), false);
            flusher.connected(5);
            assertThatThrownBy(lost::await).isInstanceOf(Refused.class);
            assertThat(told).isEmpty();
            flusher.committed(outcome(7, List.of()), true);
            assertThat(told).containsExactly(4L, 7L);
        }
    }

    /// The mark stands for what PostgreSQL has committed in this life: a batch it does not name is not told, however
    /// often the log is flushed.
    @Test
    void aBatchThatIsInNoMarkIsNotTold() throws Exception {
        List<Long> told = new CopyOnWriteArrayList<>();
        var stuck = new CountDownLatch(3);
        mark(4);
        try (var flusher = flusher(cell.address(), told, stuck::countDown)) {
            flusher.start();
            flusher.committed(outcome(4, List.of()), false);
            flusher.committed(outcome(5, List.of()), false);
            assertThat(stuck.await(20, TimeUnit.SECONDS)).isTrue();
            assertThat(told).containsExactly(4L);
            assertThat(flusher.isStuck()).isTrue();
            assertThat(flusher.hasRoom()).isFalse();
            flusher.giveUp();
            assertThat(flusher.size()).isZero();
            UnderAttack.await("it works again by itself", flusher::hasRoom);
        }
    }

    @Test
    void whoFailsToHearOfABatchKeepsNoCallerWaiting() {
        Consumer<Outcome> deaf = outcome -> {
            throw new IllegalStateException("deaf");
        };
        try (var flusher = new Flusher(cell.address(), 0, cell.node, deaf, () -> {})) {
            var ticket = new Ticket<>(new Settle());
            ticket.propose(0);
            flusher.committed(outcome(1, List.of(ticket)), true);
            assertThat(ticket.await()).isZero();
        }
    }

    @Test
    void withoutASessionTheLaneIsCalled() throws Exception {
        List<Long> told = new CopyOnWriteArrayList<>();
        var stuck = new CountDownLatch(1);
        var nobody = new DbAddress("jdbc:postgresql://127.0.0.1:1/none", "nobody", "none");
        try (var flusher = flusher(nobody, told, stuck::countDown)) {
            flusher.start();
            flusher.committed(outcome(1, List.of()), false);
            assertThat(stuck.await(20, TimeUnit.SECONDS)).isTrue();
            assertThat(flusher.hasRoom()).isFalse();
            flusher.publishUpTo(1);
            assertThat(told).containsExactly(1L);
            assertThat(flusher.isStuck()).isFalse();
        }
    }

    /// What PostgreSQL had committed and not yet on disk when it was killed is gone, and nobody had heard of it.
    @Test
    void whatWasAcknowledgedOutlivesKillsOfTheDatabase() throws Exception {
        Path data = Path.of("target", "killed-" + UUID.randomUUID()).toAbsolutePath();
        try (var db = new UnderAttack(data, Map.of(), CALLERS, Lane.Way.ASSERTED)) {
            long broken = System.nanoTime();
            for (int i = 0; i < 20; i++) {
                long main = db.postmaster();
                broken = System.nanoTime();
                Hardship.signal("KILL", main);
                UnderAttack.await("PostgreSQL is started again", () -> db.isOther(main));
                db.awaitMore(2_000);
            }
            assertThat(db.lane().stats().flushedLater()).isPositive();
            db.assertHealed("killed", broken);
        } finally {
            new ProcessBuilder("rm", "-rf", data.toString()).start().waitFor();
        }
    }

    /// Under load, with the flushing session ended again and again: everybody is answered, by the thread or by the
    /// lane, each job once, and the changes are told in order.
    @Test
    void everybodyIsAnsweredInOrderThoughTheSessionIsCut() throws Exception {
        var numbers = new CopyOnWriteArrayList<Long>();
        Set<UUID> made = ConcurrentHashMap.newKeySet();
        Set<UUID> completed = ConcurrentHashMap.newKeySet();
        var over = new AtomicBoolean();
        try (var callers = Executors.newVirtualThreadPerTaskExecutor();
                var lane = new Lane(cell.address(), 0, UUID.randomUUID(), cell.clock, Lane.Way.ASSERTED)) {
            lane.watch(watcher(numbers));
            lane.start();
            Future<Integer> cutter = callers.submit(() -> cut(over));
            List<Future<?>> work = new ArrayList<>();
            for (int i = 0; i < CALLERS; i++) {
                work.add(callers.submit(() -> produce(lane, made)));
                work.add(callers.submit(() -> consume(lane, completed)));
            }
            for (Future<?> done : work) {
                done.get(60, TimeUnit.SECONDS);
            }
            over.set(true);
            assertThat(cutter.get()).isPositive();
            assertThat(lane.stats().flushedLater()).isPositive();
        }
        assertThat(made).hasSize(CALLERS * JOBS_EACH).isEqualTo(completed);
        assertThat(cell.count("done where status = 3")).isEqualTo(CALLERS * JOBS_EACH);
        assertThat(numbers).isSorted();
    }

    private static JobWatcher watcher(List<Long> numbers) {
        return new JobWatcher() {
            @Override
            public boolean isWatching() {
                return true;
            }

            @Override
            public void moved(List<JobMove> moves) {
                numbers.add(moves.getFirst().number() >> 1);
            }
        };
    }

    private int cut(AtomicBoolean over) throws SQLException {
        DbAddress address = cell.address();
        int cuts = 0;
        try (var connection = DriverManager.getConnection(address.jdbcUrl(), address.user(), address.password());
                var statement = connection.prepareStatement("select pg_terminate_backend(pid) from pg_stat_activity"
                        + " where datname = current_database() and application_name = '" + Flusher.NAME + "'")) {
            while (!over.get()) {
                try (var ended = statement.executeQuery()) {
                    while (ended.next()) {
                        cuts++;
                    }
                }
            }
        }
        return cuts;
    }

    private void produce(Lane lane, Set<UUID> made) {
        for (int i = 0; i < JOBS_EACH; i++) {
            made.add(lane.run(new Enqueue(List.of(NewJob.plain(org, queue, 0, "{}"))))
                    .getFirst()
                    .id());
        }
    }

    private void consume(Lane lane, Set<UUID> completed) {
        for (int i = 0; i < JOBS_EACH; ) {
            List<Leased> got = lane.run(new Claim(org, queue, "w", 1, 60, 20_000, () -> true));
            assertThat(got).as("jobs left").isNotEmpty();
            for (Leased leased : got) {
                lane.run(new Complete(new Holder(org, leased.id(), leased.leaseId(), "w"), null));
                completed.add(leased.id());
                i++;
            }
        }
    }
}
