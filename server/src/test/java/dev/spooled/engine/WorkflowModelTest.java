package dev.spooled.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spooled.db.PgArray;
import dev.spooled.engine.Command.AddDependencies;
import dev.spooled.engine.Command.Cancel;
import dev.spooled.engine.Command.CancelWorkflow;
import dev.spooled.engine.Command.Claim;
import dev.spooled.engine.Command.Complete;
import dev.spooled.engine.Command.Enqueue;
import dev.spooled.engine.Command.EnqueueWorkflow;
import dev.spooled.engine.Command.Enqueued;
import dev.spooled.engine.Command.Fail;
import dev.spooled.engine.Command.Holder;
import dev.spooled.engine.Command.Leased;
import dev.spooled.engine.Command.Promote;
import dev.spooled.engine.Command.RerunWorkflow;
import dev.spooled.engine.Command.Retry;
import dev.spooled.engine.Command.Settled;
import dev.spooled.engine.Command.Signal;
import dev.spooled.engine.Command.WorkflowMade;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.UUID;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// Random graphs of jobs under random batches of commands, compared with `WorkflowModel` after every one: answers, the
/// state of every job, the figures of every workflow, the counters. `-Dworkflow.seed=n` repeats a run.
class WorkflowModelTest {
    private static final int BATCHES = 250;

    private TestCell cell;
    private int org;
    private int queue;
    private final WorkflowModel model = new WorkflowModel();
    private final Map<UUID, Holder> holders = new HashMap<>();
    private final List<UUID> jobs = new ArrayList<>();
    private final List<UUID> flows = new ArrayList<>();

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

    @Test
    void theExactWay() {
        play("exact");
    }

    @Test
    void theAssertedWay() {
        cell.assertBatches(() -> false);
        play("asserted");
    }

    @Test
    void theAssertedWayInDoubt() {
        var random = new Random(11);
        cell.assertBatches(() -> random.nextInt(3) == 0);
        play("asserted, a third of it undone");
        assertThat(cell.undone).isPositive();
    }

    private void play(String way) {
        long seed = Long.getLong("workflow.seed", System.nanoTime());
        System.out.println("model: workflows " + way + ", -Dworkflow.seed=" + seed);
        var random = new Random(seed);
        for (int batch = 0; batch < BATCHES; batch++) {
            List<Command<?>> commands = commands(random);
            List<Object> answers = cell.runTogether(commands);
            List<Integer> order = IntStream.range(0, commands.size())
                    .boxed()
                    .sorted(Comparator.comparingInt(i -> rank(commands.get(i))))
                    .toList();
            for (int i : order) {
                assertThat(comparable(answers.get(i)))
                        .as("seed %s, batch %s, %s", seed, batch, commands)
                        .isEqualTo(expected(commands.get(i), answers.get(i)));
            }
            model.settle();
            List<String> found = cell.rows(TABLES, row -> row.text("line"));
            List<String> ought = model.lines();
            assertThat(minus(found, ought))
                    .as("seed %s, batch %s, %s", seed, batch, commands)
                    .isEqualTo(minus(ought, found));
            if (random.nextInt(40) == 0) {
                cell.restart();
            }
            cell.clock.advance(Duration.ofMillis(5));
        }
        assertThat(cell.drift()).isEmpty();
        assertThat(cell.count("ended")).isZero();
    }

    private static List<String> minus(List<String> all, List<String> without) {
        var left = new ArrayList<>(all);
        left.removeAll(Set.copyOf(without));
        return left;
    }

    /// No job is named twice in a batch by commands that would be for the next one.
    private List<Command<?>> commands(Random random) {
        var commands = new ArrayList<Command<?>>();
        Set<UUID> named = new LinkedHashSet<>();
        for (int n = 1 + random.nextInt(6); n > 0; n--) {
            Command<?> command = command(random);
            UUID about = about(command);
            if (about == null || named.add(about)) {
                commands.add(command);
            }
        }
        return commands;
    }

    private static @org.jspecify.annotations.Nullable UUID about(Command<?> command) {
        return switch (command) {
            case CancelWorkflow cancel -> cancel.workflow();
            case RerunWorkflow rerun -> rerun.workflow();
            case Claim _, Promote _ -> new UUID(0, 0);
            case Enqueue _, EnqueueWorkflow _ -> null;
            default -> Batch.jobOf(command);
        };
    }

    private Command<?> command(Random random) {
        return switch (random.nextInt(17)) {
            case 0 -> new EnqueueWorkflow(graph(random));
            case 1 -> new Enqueue(List.of(NewJob.plain(org, queue, 0, "{}")));
            case 2, 3, 4 -> new Claim(org, queue, "w", 1 + random.nextInt(8), 3_600, 0, () -> true);
            case 5, 6, 7, 8, 9 -> new Complete(holder(random), "{}");
            case 10 -> new Fail(holder(random), "no", random.nextBoolean(), 0);
            case 11 -> new Cancel(org, random.nextInt(3) == 0 ? any(jobs, random) : new UUID(1, 1));
            case 12 -> random.nextInt(3) == 0 ? new CancelWorkflow(org, any(flows, random)) : new Promote(10_000);
            case 13 -> new RerunWorkflow(org, any(flows, random), random.nextInt(4) == 0);
            case 14 -> new Retry(org, any(jobs, random));
            case 15 -> new Signal(org, waitingForSignal(random), "{}");
            default -> link(random);
        };
    }

    private NewWorkflow graph(Random random) {
        int size = 1 + random.nextInt(12);
        var steps = new ArrayList<NewWorkflow.Step>();
        for (int i = 0; i < size; i++) {
            Set<Integer> parents = new LinkedHashSet<>();
            for (int n = random.nextInt(4); n > 0 && i > 0; n--) {
                parents.add(random.nextInt(i));
            }
            steps.add(new NewWorkflow.Step(
                    "s" + i,
                    NewJob.plain(org, queue, 0, "{}").withTimes(PgArray.NO_TIME, PgArray.NO_TIME),
                    List.copyOf(parents),
                    random.nextInt(3) == 0,
                    random.nextInt(8) == 0));
        }
        return new NewWorkflow(org, "graph", null, "{}", steps);
    }

    private AddDependencies link(Random random) {
        Set<UUID> parents = new LinkedHashSet<>();
        for (int n = 1 + random.nextInt(3); n > 0; n--) {
            parents.add(any(jobs, random));
        }
        return new AddDependencies(org, any(jobs, random), List.copyOf(parents), random.nextBoolean());
    }

    private static UUID any(List<UUID> ids, Random random) {
        return ids.isEmpty() ? new UUID(2, 2) : ids.get(Math.max(0, ids.size() - 1 - random.nextInt(40)));
    }

    private UUID waitingForSignal(Random random) {
        List<UUID> found = model.jobs.values().stream()
                .filter(job -> job.lacksSignal() && !job.state.ended())
                .map(job -> job.id)
                .toList();
        return found.isEmpty() ? any(jobs, random) : found.get(random.nextInt(found.size()));
    }

    private Holder holder(Random random) {
        List<UUID> running = model.jobs.values().stream()
                .filter(job -> job.state == WorkflowModel.State.LEASED)
                .map(job -> job.id)
                .toList();
        UUID job = running.isEmpty() ? any(jobs, random) : running.get(random.nextInt(running.size()));
        return holders.getOrDefault(job, new Holder(org, job, new UUID(3, 3), "w"));
    }

    /// The order of statements in a batch.
    private static int rank(Command<?> command) {
        return switch (command) {
            case Complete _ -> 1;
            case Fail _ -> 2;
            case Cancel _ -> 3;
            case Retry _ -> 4;
            case AddDependencies _ -> 5;
            case Signal _ -> 6;
            case RerunWorkflow _ -> 7;
            case Promote _ -> 8;
            case Enqueue _ -> 9;
            case EnqueueWorkflow _ -> 10;
            case Claim _ -> 11;
            case CancelWorkflow _ -> 12;
            default -> throw new IllegalArgumentException(command.toString());
        };
    }

    private static Object comparable(Object answer) {
        return switch (answer) {
            case Settled.WillRetry _ -> Boolean.TRUE;
            case Settled.DeadLettered _ -> Boolean.FALSE;
            default -> answer;
        };
    }

    @SuppressWarnings("unchecked")
    private Object expected(Command<?> command, Object answer) {
        return switch (command) {
            case Enqueue _ -> {
                UUID id = ((List<Enqueued>) answer).getFirst().id();
                model.enqueue(id);
                jobs.add(id);
                yield answer;
            }
            case EnqueueWorkflow enqueue -> {
                var made = (WorkflowMade) answer;
                model.make(enqueue.workflow(), made);
                flows.add(made.id());
                jobs.addAll(made.jobs());
                yield answer;
            }
            case Claim claim -> {
                var got = (List<Leased>) answer;
                got.forEach(job -> holders.put(job.id(), new Holder(org, job.id(), job.leaseId(), "w")));
                assertThat(got).extracting(Leased::id).isEqualTo(model.claim(claim.limit()));
                yield answer;
            }
            case Complete complete -> model.complete(complete.holder().job());
            case Fail fail -> {
                Boolean again = model.fail(fail.holder().job(), fail.retry());
                yield again == null ? new Settled.Missed() : again;
            }
            case Cancel cancel -> model.cancel(cancel.job());
            case Retry retry -> model.retry(retry.job());
            case AddDependencies link -> model.link(link.job(), link.parents(), link.anyParent());
            case Signal signal -> model.signal(signal.job());
            case RerunWorkflow rerun -> model.rerun(rerun.workflow(), rerun.whole());
            case CancelWorkflow cancel -> model.cancelFlow(cancel.workflow());
            case Promote _ -> {
                model.promote();
                yield answer;
            }
            default -> throw new IllegalArgumentException(command.toString());
        };
    }

    private static final String TABLES = """
            select line from (
                select id || ' ' || state as line
                from (select id, 'READY' as state from ready union all select id, 'SCHEDULED' from scheduled
                      union all select id, 'WAITING' from waiting union all select id, 'LEASED' from lease
                      union all select id, case status when 3 then 'COMPLETED' when 5 then 'DEAD' else 'CANCELLED' end
                                from done) s
                union all
                select id || ' flow ' || status || ' completed ' || completed_jobs || ' failed ' || failed_jobs
                       || ' open ' || open_jobs from workflow) x
            order by line
            """;
}
