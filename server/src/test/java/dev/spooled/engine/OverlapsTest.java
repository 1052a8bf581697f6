package dev.spooled.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spooled.db.PgArray;
import dev.spooled.engine.Command.Claim;
import dev.spooled.engine.Command.Enqueue;
import dev.spooled.engine.Command.Enqueued;
import dev.spooled.engine.Command.Fired;
import dev.spooled.engine.Command.Holder;
import dev.spooled.engine.Command.Leased;
import dev.spooled.engine.Command.WorkflowMade;
import dev.spooled.time.Ids;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReferenceArray;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// All commands of three nodes about the same few jobs at once, from a printed seed (`-Doverlaps.seed=`): as every
/// statement locks in the order of docs/database.md, no two transactions ever wait for each other in a circle.
///
/// A lane waits for a lock for less time than PostgreSQL takes by default to look for a circle, and tries again; here
/// PostgreSQL looks at once.
class OverlapsTest {
    private static final int NODES = 3;
    private static final int BATCHES = 120;
    private static final int COMMANDS = 40;
    private static final String DEADLOCK = "40P01";
    private static final String LOCK_NOT_AVAILABLE = "55P03";
    private static final int KNOWN = 48;
    private static final int SCHEDULES = 5;

    private final AtomicReferenceArray<UUID> jobs = new AtomicReferenceArray<>(KNOWN);
    private final AtomicReferenceArray<UUID> workflows = new AtomicReferenceArray<>(KNOWN / 4);
    private final AtomicReferenceArray<Leased> leases = new AtomicReferenceArray<>(KNOWN);
    private final Set<String> carriedOut = ConcurrentHashMap.newKeySet();
    private final ConcurrentLinkedQueue<String> circles = new ConcurrentLinkedQueue<>();
    private final AtomicInteger busy = new AtomicInteger();
    private final List<UUID> schedules = new ArrayList<>();
    private TestCell cell;
    private int org;
    private int[] queues;

    @BeforeEach
    void open() throws SQLException {
        cell = new TestCell();
        org = cell.org();
        queues = new int[] {cell.queue(org, "q1"), cell.queue(org, "q2")};
        cell.cap(org, 1_000_000, 1_000_000, 1_000_000);
        for (int i = 0; i < SCHEDULES; i++) {
            UUID id = UUID.randomUUID();
            cell.execute("insert into schedule (cell, id, org, name, cron_expression, queue_name, payload_template,"
                    + " next_run_at, created_at, updated_at) values (0, '" + id + "', " + org + ", 's" + i
                    + "', '* * * * *', 'q1', '{}', '2026-11-25T12:00:00Z', now(), now())");
            schedules.add(id);
        }
        try (Connection admin = cell.database.connect();
                Statement statement = admin.createStatement()) {
            statement.execute("do $$ begin execute format('alter database %I set deadlock_timeout = ''5ms''',"
                    + " current_database()); end $$");
        }
    }

    @AfterEach
    void close() {
        cell.close();
    }

    @Test
    void nodesNeverWaitForEachOtherInACircle() throws Exception {
        long seed = Long.getLong("overlaps.seed", System.nanoTime());
        System.out.println("overlaps: -Doverlaps.seed=" + seed);
        var nodes = new ArrayList<Callable<Void>>();
        for (int i = 0; i < NODES; i++) {
            var random = new Random(seed + i);
            nodes.add(() -> live(random));
        }
        try (var threads = Executors.newFixedThreadPool(NODES)) {
            for (Future<Void> node : threads.invokeAll(nodes, 120, TimeUnit.SECONDS)) {
                node.get();
            }
        }
        System.out.printf("overlaps: %s, %d of %d batches busy%n", carriedOut, busy.get(), NODES * BATCHES);
        assertThat(circles).isEmpty();
        assertThat(carriedOut).hasSameSizeAs(Command.class.getPermittedSubclasses());
        assertThat(cell.drift()).isEmpty();
        assertThat(cell.count("job"))
                .isEqualTo(cell.count("ready")
                        + cell.count("scheduled")
                        + cell.count("waiting")
                        + cell.count("lease")
                        + cell.count("done"));
    }

    private @Nullable Void live(Random random) throws SQLException {
        var way = new ExactWay(new Ids(cell.clock));
        try (var session = new LaneSession(cell.address(), 0, false, UUID.randomUUID(), 5)) {
            for (int n = 0; n < BATCHES; n++) {
                cell.clock.advance(Duration.ofMillis(500));
                var batch = new Batch(cell.clock.nowMicros());
                batch.amongOthers = true;
                for (int i = random.nextInt(COMMANDS); i >= 0; i--) {
                    batch.add(new Ticket<>(any(random)));
                }
                run(way, session, random, batch);
            }
        }
        return null;
    }

    private void run(ExactWay way, LaneSession session, Random random, Batch batch) throws SQLException {
        way.prepare(batch);
        try {
            way.run(session, batch);
        } catch (SQLException e) {
            switch (String.valueOf(e.getSQLState())) {
                case DEADLOCK -> circles.add(String.valueOf(e.getMessage()));
                case LOCK_NOT_AVAILABLE -> busy.incrementAndGet();
                default -> throw e;
            }
            return;
        }
        for (Ticket<?> ticket : batch.tickets) {
            Object answer = ticket.proposed();
            if (answer != null) {
                learn(random, answer);
                if (didSomething(answer)) {
                    carriedOut.add(ticket.command().getClass().getSimpleName());
                }
            }
        }
    }

    private static boolean didSomething(Object answer) {
        return switch (answer) {
            case Command.Settled.Missed _ -> false;
            case Integer moved -> moved > 0;
            case List<?> found -> !found.isEmpty();
            case Fired fired -> fired.ran();
            case Command.Linked linked -> linked.outcome() == Command.Linked.Outcome.LINKED;
            default -> true;
        };
    }

    private void learn(Random random, Object answer) {
        switch (answer) {
            case WorkflowMade made -> {
                workflows.set(random.nextInt(workflows.length()), made.id());
                made.jobs().forEach(job -> learn(random, job));
            }
            case Fired(boolean _, UUID job) when job != null -> learn(random, job);
            case UUID job -> jobs.set(random.nextInt(KNOWN), job);
            case Leased leased -> leases.set(random.nextInt(KNOWN), leased);
            case Enqueued made -> learn(random, made.id());
            case List<?> several -> several.forEach(one -> learn(random, one));
            default -> {}
        }
    }

    private UUID job(Random random) {
        UUID known = jobs.get(random.nextInt(KNOWN));
        return known == null ? UUID.randomUUID() : known;
    }

    private List<UUID> several(Random random) {
        var ids = new HashSet<UUID>();
        for (int i = 0; i < 10; i++) {
            ids.add(job(random));
        }
        return List.copyOf(ids);
    }

    private UUID workflow(Random random) {
        UUID known = workflows.get(random.nextInt(workflows.length()));
        return known == null ? UUID.randomUUID() : known;
    }

    private NewJob plain(Random random) {
        return NewJob.plain(org, queues[random.nextInt(queues.length)], random.nextInt(3), "{}")
                .withMaxRetries(random.nextInt(2));
    }

    private Command<?> any(Random random) {
        return switch (random.nextInt(6)) {
            case 0 -> enqueue(random);
            case 1 -> new Claim(org, queues[random.nextInt(queues.length)], "w", 5, 20, 0, () -> true);
            case 2 -> settle(random);
            case 3 -> change(random);
            case 4 -> changeWorkflow(random);
            default -> chore(random);
        };
    }

    private Command<?> enqueue(Random random) {
        long soon = cell.clock.nowMicros() + random.nextInt(5_000_000);
        return switch (random.nextInt(7)) {
            case 0 -> new Enqueue(List.of(plain(random), plain(random), plain(random)));
            case 1 ->
                new Enqueue(List.of(
                        plain(random).withKey("k" + random.nextInt(8)),
                        plain(random).withKey("l" + random.nextInt(8))));
            case 2 ->
                new Enqueue(List.of(
                        plain(random).withParent(job(random)), plain(random).withParent(job(random))));
            case 3 -> new Enqueue(List.of(plain(random).withTimes(soon, PgArray.NO_TIME)));
            case 4 -> new Enqueue(List.of(plain(random).withTimes(PgArray.NO_TIME, soon)));
            case 5 ->
                new Command.EnqueueWorkflow(new NewWorkflow(
                        org,
                        "w",
                        null,
                        null,
                        List.of(
                                new NewWorkflow.Step("a", plain(random), List.of(), false, false),
                                new NewWorkflow.Step("b", plain(random), List.of(0), false, random.nextBoolean()),
                                new NewWorkflow.Step("c", plain(random), List.of(0, 1), random.nextBoolean(), false))));
            default ->
                new Command.Fire(
                        org,
                        schedules.get(random.nextInt(SCHEDULES)),
                        PgArray.NO_TIME,
                        PgArray.NO_TIME,
                        PgArray.NO_TIME,
                        0,
                        plain(random),
                        null);
        };
    }

    private Command<?> settle(Random random) {
        Leased known = leases.get(random.nextInt(KNOWN));
        UUID job = known == null ? job(random) : known.id();
        UUID lease = known == null ? UUID.randomUUID() : known.leaseId();
        var holder = new Holder(org, job, lease, "w");
        return switch (random.nextInt(6)) {
            case 0 -> new Command.Heartbeat(holder, 20);
            case 1 -> new Command.Release(org, job, lease);
            case 2, 3 -> new Command.Fail(holder, "no", random.nextBoolean(), 1);
            default -> new Command.Complete(holder, "{}");
        };
    }

    private Command<?> change(Random random) {
        return switch (random.nextInt(6)) {
            case 0 -> new Command.Cancel(org, job(random));
            case 1 -> new Command.SetPriority(org, job(random), (short) random.nextInt(5));
            case 2 -> new Command.Retry(org, job(random));
            case 3 -> new Command.Replay(org, several(random));
            case 4 -> new Command.Purge(org, several(random));
            default ->
                new Command.AddDependencies(org, job(random), List.of(job(random), job(random)), random.nextBoolean());
        };
    }

    private Command<?> changeWorkflow(Random random) {
        return switch (random.nextInt(3)) {
            case 0 -> new Command.CancelWorkflow(org, workflow(random));
            case 1 -> new Command.RerunWorkflow(org, workflow(random), random.nextBoolean());
            default -> new Command.Signal(org, job(random), "{}");
        };
    }

    private static Command<?> chore(Random random) {
        return switch (random.nextInt(4)) {
            case 0 -> new Command.Promote(50);
            case 1 -> new Command.Reap(50);
            case 2 -> new Command.Expire(50);
            default -> new Command.Settle();
        };
    }

    /// What the other test looks for would be seen.
    @Test
    void aCircleIsNoticed() throws Exception {
        try (Connection one = cell.database.connect();
                Connection other = cell.database.connect();
                var second = Executors.newSingleThreadExecutor()) {
            one.setAutoCommit(false);
            other.setAutoCommit(false);
            lock(one, queues[0]);
            lock(other, queues[1]);
            Future<Boolean> theirs = second.submit(() -> lock(other, queues[0]));
            boolean ours = lock(one, queues[1]);
            one.rollback();
            assertThat(ours && theirs.get(20, TimeUnit.SECONDS)).isFalse();
            other.rollback();
        }
    }

    /// False when PostgreSQL broke a circle here.
    private static boolean lock(Connection connection, int queue) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            statement.execute("select 1 from spooled.queue where id = " + queue + " for update");
            return true;
        } catch (SQLException e) {
            assertThat(e.getSQLState()).isEqualTo(DEADLOCK);
            return false;
        }
    }
}
