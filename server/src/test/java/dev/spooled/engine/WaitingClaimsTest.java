package dev.spooled.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spooled.db.Args;
import dev.spooled.db.DbAddress.Role;
import dev.spooled.db.Statements;
import dev.spooled.engine.Command.Claim;
import dev.spooled.engine.Command.Complete;
import dev.spooled.engine.Command.Enqueue;
import dev.spooled.engine.Command.Holder;
import dev.spooled.engine.Command.Leased;
import dev.spooled.support.PlanCheck;
import dev.spooled.support.PlanCheck.Figures;
import dev.spooled.support.TestLane;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/// Claims that wait on empty queues are asked for once each: until something comes, nobody looks into their queues
/// again.
class WaitingClaimsTest {
    private static final int QUEUES = 1_000;
    private static final int JOBS = 100;

    /// Those that planning reads are among them; the filled queues have some 1,600.
    private static final int PAGES_MAX = 200;

    private static Claim claim(int org, int queue, int waitMillis) {
        return new Claim(org, queue, "w", 1, 60, waitMillis, () -> true);
    }

    @Test
    void emptyQueuesAreNotAskedAgain() {
        try (var cell = new TestCell();
                Lane lane = TestLane.of(cell.address(), cell.clock).start();
                var callers = Executors.newVirtualThreadPerTaskExecutor()) {
            int org = cell.org();
            int busy = cell.queue(org, "busy");
            for (int i = 0; i < QUEUES; i++) {
                int queue = cell.queue(org, "q-" + i);
                callers.execute(() -> lane.run(claim(org, queue, 60_000)));
            }
            while (lane.parkedClaims() < QUEUES) {
                Thread.onSpinWait();
            }
            long before = lane.stats().commands();
            for (int i = 0; i < JOBS; i++) {
                lane.run(new Enqueue(List.of(NewJob.plain(org, busy, 0, "{}"))));
                Leased job = lane.run(claim(org, busy, 0)).getFirst();
                lane.run(new Complete(new Holder(org, job.id(), job.leaseId(), "w"), "{}"));
            }
            new EngineChores(lane, cell.db(), cell.clock, 0).wakeParked().runOnce();
            assertThat(lane.stats().commands() - before).isEqualTo(3L * JOBS);
            assertThat(lane.parkedClaims()).isEqualTo(QUEUES);
            lane.stopParking();
        }
    }

    /// Of twenty queues every second is waited on; `filled` of all have a job that another node put there.
    private static Set<Integer> woken(int filled) throws Exception {
        try (var cell = new TestCell();
                Lane lane = TestLane.of(cell.address(), cell.clock).start();
                var callers = Executors.newVirtualThreadPerTaskExecutor()) {
            lane.setAlone(false);
            int org = cell.org();
            var queues = new ArrayList<Integer>();
            for (int i = 0; i < 20; i++) {
                queues.add(cell.queue(org, "q-" + i));
            }
            var answered = Collections.synchronizedSet(new HashSet<Integer>());
            for (int i = 0; i < 20; i += 2) {
                int queue = queues.get(i);
                callers.execute(() -> {
                    if (!lane.run(claim(org, queue, 60_000)).isEmpty()) {
                        answered.add(queue);
                    }
                });
            }
            while (lane.parkedClaims() < 10) {
                Thread.onSpinWait();
            }
            for (int i = 0; i < filled; i++) {
                cell.run(new Enqueue(List.of(NewJob.plain(org, queues.get(i), 0, "{}"))));
            }
            new EngineChores(lane, cell.db(), cell.clock, 0).wakeParked().runOnce();
            while (lane.parkedClaims() > 10 - (filled + 1) / 2) {
                Thread.onSpinWait();
            }
            lane.stopParking();
            callers.shutdown();
            callers.awaitTermination(10, TimeUnit.SECONDS);
            var places = new HashSet<Integer>();
            answered.forEach(queue -> places.add(queues.indexOf(queue)));
            return places;
        }
    }

    /// Three looks into the index and a few pages, whatever lies in the two queues and however many are waited on.
    @Test
    void emptyQueuesCostNoPages() throws SQLException {
        try (var cell = new TestCell()) {
            int org = cell.org();
            for (String name : List.of("first", "last")) {
                cell.execute(
                        "insert into ready (cell, queue, org, attempt, priority, retry_count, flags, id) select 0, "
                                + cell.queue(org, name) + ", " + org
                                + ", 0, 0, 0, 0, gen_random_uuid() from generate_series(1, 100000)");
            }
            var byKey = "-c enable_seqscan=off -c enable_bitmapscan=off -c enable_sort=off";
            try (var connection = DriverManager.getConnection(
                    cell.address().jdbcUrl(), cell.address().properties(Role.ENGINE, byKey))) {
                connection.setAutoCommit(false);
                for (Figures figures : List.of(Figures.NONE, Figures.DAYS)) {
                    PlanCheck.analyse(cell.address(), figures);
                    var plans = new PlanCheck(connection, Set.of());
                    for (boolean generic : List.of(true, false)) {
                        plans.plansFor(generic);
                        plans.check(
                                Statements.beside(EngineChores.class, "chores.sql")
                                        .get("filled_queues"),
                                Args.of("cell", 0)
                                        .and("first", 0)
                                        .and("last", Integer.MAX_VALUE)
                                        .and("most", 10_001),
                                "figures: " + figures,
                                PAGES_MAX);
                    }
                }
            }
        }
    }

    @Test
    void whereFewQueuesHaveJobs() throws Exception {
        assertThat(woken(3)).containsExactlyInAnyOrder(0, 2);
    }

    @Test
    void whereMoreQueuesHaveJobsThanAreWaitedOn() throws Exception {
        assertThat(woken(15)).containsExactlyInAnyOrder(0, 2, 4, 6, 8, 10, 12, 14);
    }
}
