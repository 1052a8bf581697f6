package dev.spooled.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spooled.engine.Command.Claim;
import dev.spooled.engine.Command.Complete;
import dev.spooled.engine.Command.EnqueueWorkflow;
import dev.spooled.engine.Command.Fail;
import dev.spooled.engine.Command.Holder;
import dev.spooled.engine.Command.Leased;
import dev.spooled.engine.Command.RerunWorkflow;
import dev.spooled.engine.Command.WorkflowMade;
import dev.spooled.refusal.Refused;
import dev.spooled.support.CuttingProxy;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// A random graph of 100 jobs run to its end by several workers while connections are cut, on one node and on two: no
/// job starts before its parents, and the end is what the graph says it must be. `-Dworkflow.seed=n` repeats a graph.
class WorkflowKillsTest {
    private static final int STEPS = 100;

    private final TestCell cell = new TestCell();
    private final List<CuttingProxy> proxies = new ArrayList<>();
    private final List<Lane> lanes = new ArrayList<>();
    private final ExecutorService workers = Executors.newFixedThreadPool(4);
    private final AtomicInteger early = new AtomicInteger();
    private int org;
    private int queue;

    @BeforeEach
    void open() {
        org = cell.org();
        queue = cell.queue(org, "q");
    }

    @AfterEach
    void close() throws Exception {
        workers.shutdownNow();
        lanes.forEach(Lane::close);
        for (CuttingProxy proxy : proxies) {
            proxy.close();
        }
        cell.close();
    }

    private void openLane(Lane.Way way) throws Exception {
        CuttingProxy proxy = CuttingProxy.before(cell.address());
        Lane lane = new Lane(proxy.address(), 0, UUID.randomUUID(), cell.clock, way).start();
        lane.run(new Command.Promote(1));
        proxies.add(proxy);
        lanes.add(lane);
    }

    @ParameterizedTest
    @CsvSource({"EXACT,1", "ASSERTED,1", "EXACT,2"})
    void aGraphEndsAsItMust(Lane.Way way, int nodes) throws Exception {
        long seed = Long.getLong("workflow.seed", System.nanoTime());
        System.out.println("model: graph under kills, " + way + " on " + nodes + ", -Dworkflow.seed=" + seed);
        var random = new Random(seed);
        for (int i = 0; i < nodes; i++) {
            openLane(way);
        }
        NewWorkflow graph = graph(random);
        boolean[] fails = new boolean[STEPS];
        for (int i = 0; i < STEPS; i++) {
            fails[i] = random.nextInt(12) == 0;
        }
        fails[0] = false;
        fails[STEPS - 1] = true;
        proxies.getFirst().cutNextReply();
        WorkflowMade made = lanes.getFirst().run(new EnqueueWorkflow(graph));
        assertThat(cell.count("workflow")).isEqualTo(1);
        Set<Integer> completed = runToItsEnd(graph, made, fails, random);
        assertThat(completed).isEqualTo(reachable(graph, fails));
        assertThat(state(made)).startsWith("4 " + completed.size() + "/");
        proxies.getFirst().cutNextReply();
        lanes.getFirst().run(new RerunWorkflow(org, made.id(), false));
        assertThat(runToItsEnd(graph, made, new boolean[STEPS], random)).hasSize(STEPS);
        assertThat(state(made)).isEqualTo("3 100/0/0");
        assertThat(early).hasValue(0);
        assertThat(cell.count("ended")).isZero();
        assertThat(cell.drift()).isEmpty();
        assertThat(proxies.stream().mapToInt(CuttingProxy::cuts).sum()).isGreaterThan(5);
    }

    private NewWorkflow graph(Random random) {
        var steps = new ArrayList<NewWorkflow.Step>();
        for (int i = 0; i < STEPS; i++) {
            Set<Integer> parents = new LinkedHashSet<>();
            for (int n = random.nextInt(4); n > 0 && i > 0 && i < STEPS - 1; n--) {
                parents.add(Math.max(0, i - 1 - random.nextInt(15)));
            }
            NewJob job = NewJob.plain(org, queue, 0, "{}");
            steps.add(new NewWorkflow.Step("s" + i, job, List.copyOf(parents), random.nextInt(3) == 0, false));
        }
        return new NewWorkflow(org, "graph", null, null, steps);
    }

    /// The steps that complete whoever runs them when.
    private static Set<Integer> reachable(NewWorkflow graph, boolean[] fails) {
        Set<Integer> completed = new LinkedHashSet<>();
        for (int i = 0; i < STEPS; i++) {
            if (!fails[i] && mayStart(graph.steps().get(i), completed)) {
                completed.add(i);
            }
        }
        return completed;
    }

    private static boolean mayStart(NewWorkflow.Step step, Set<Integer> completed) {
        return step.anyParent() && !step.parents().isEmpty()
                ? step.parents().stream().anyMatch(completed::contains)
                : completed.containsAll(step.parents());
    }

    private Set<Integer> runToItsEnd(NewWorkflow graph, WorkflowMade made, boolean[] fails, Random random)
            throws Exception {
        Set<Integer> completing = ConcurrentHashMap.newKeySet();
        completing.addAll(completed(made));
        List<Future<?>> running = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            int node = i % lanes.size();
            var dice = new Random(random.nextLong());
            running.add(workers.submit(() -> work(graph, made, fails, completing, node, dice)));
        }
        try {
            for (Future<?> worker : running) {
                worker.get(60, TimeUnit.SECONDS);
            }
        } catch (TimeoutException e) {
            throw new AssertionError("the graph did not end: " + left(made), e);
        }
        return completed(made);
    }

    private Set<Integer> completed(WorkflowMade made) {
        Set<Integer> found = new LinkedHashSet<>();
        cell.rows("select id from done where status = 3 order by id", row -> row.uuid("id"))
                .forEach(id -> found.add(made.jobs().indexOf(id)));
        return found;
    }

    private void work(
            NewWorkflow graph, WorkflowMade made, boolean[] fails, Set<Integer> completing, int node, Random dice) {
        while (cell.count("workflow where status = 0") > 0) {
            for (Leased job : run(node, dice, new Claim(org, queue, "w", 3, 3_600, 0, () -> true), List.of())) {
                int step = made.jobs().indexOf(job.id());
                early.addAndGet(mayStart(graph.steps().get(step), completing) ? 0 : 1);
                var holder = new Holder(org, job.id(), job.leaseId(), "w");
                if (fails[step]) {
                    run(node, dice, new Fail(holder, "no", false, null), new Command.Settled.Missed());
                } else {
                    completing.add(step);
                    run(node, dice, new Complete(holder, "{}"), new Command.Settled.Missed());
                }
            }
        }
    }

    /// Who is refused tries again; a claim is as good as the next.
    private <R> R run(int node, Random dice, Command<R> command, R otherwise) {
        if (dice.nextInt(12) == 0) {
            proxies.get(node).cutNextReply();
        } else if (dice.nextInt(24) == 0) {
            proxies.get(node).cutNextRequest();
        }
        while (!Thread.currentThread().isInterrupted()) {
            try {
                return lanes.get(node).run(command);
            } catch (Refused e) {
                if (command instanceof Claim) {
                    return otherwise;
                }
            }
        }
        return otherwise;
    }

    /// What was not carried out, for whoever looks for the reason.
    private String left(WorkflowMade made) {
        var found = new ArrayList<String>();
        found.add("workflow " + state(made) + ", ended " + cell.count("ended"));
        for (String table : List.of("ready", "lease", "scheduled", "waiting")) {
            cell.rows("select id from " + table, row -> row.uuid("id"))
                    .forEach(id -> found.add(table + " s" + made.jobs().indexOf(id)));
        }
        return String.join(", ", found);
    }

    private String state(WorkflowMade made) {
        return cell.rows(
                        "select status || ' ' || completed_jobs || '/' || failed_jobs || '/' || open_jobs as s"
                                + " from workflow where id = '" + made.id() + "'",
                        row -> row.text("s"))
                .getFirst();
    }
}
