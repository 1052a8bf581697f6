package dev.spooled.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spooled.engine.Command.AddDependencies;
import dev.spooled.engine.Command.Cancel;
import dev.spooled.engine.Command.CancelWorkflow;
import dev.spooled.engine.Command.Claim;
import dev.spooled.engine.Command.Complete;
import dev.spooled.engine.Command.Enqueue;
import dev.spooled.engine.Command.EnqueueWorkflow;
import dev.spooled.engine.Command.Fail;
import dev.spooled.engine.Command.Holder;
import dev.spooled.engine.Command.Leased;
import dev.spooled.engine.Command.Linked;
import dev.spooled.engine.Command.Linked.Outcome;
import dev.spooled.engine.Command.Purge;
import dev.spooled.engine.Command.RerunWorkflow;
import dev.spooled.engine.Command.Retry;
import dev.spooled.engine.Command.Settled;
import dev.spooled.engine.Command.Signal;
import dev.spooled.engine.Command.WorkflowMade;
import dev.spooled.engine.NewWorkflow.Step;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Workflows batch by batch, the exact way and the asserted one.
class WorkflowCommandsTest {
    private TestCell cell;
    private int org;
    private int queue;

    @BeforeEach
    void open() {
        cell = new TestCell();
        org = cell.org();
        queue = cell.queue(org, "q");
    }

    @AfterEach
    void close() {
        assertThat(cell.drift()).isEmpty();
        assertThat(cell.count("ended")).isZero();
        cell.close();
    }

    private void on(boolean asserted) {
        if (asserted) {
            cell.assertBatches(() -> false);
        }
    }

    private Step step(String key, Integer... parents) {
        return new Step(key, NewJob.plain(org, queue, 0, "{}"), List.of(parents), false, false);
    }

    private Step any(String key, Integer... parents) {
        return new Step(key, NewJob.plain(org, queue, 0, "{}"), List.of(parents), true, false);
    }

    private WorkflowMade make(Step... steps) {
        return cell.run(new EnqueueWorkflow(new NewWorkflow(org, "w", null, null, List.of(steps))));
    }

    private WorkflowMade diamond() {
        return make(step("a"), step("b", 0), step("c", 0), step("d", 1, 2));
    }

    private List<Holder> claim(int limit) {
        List<Leased> leased = cell.run(new Claim(org, queue, "w", limit, 30, 0, () -> true));
        return leased.stream()
                .map(job -> new Holder(org, job.id(), job.leaseId(), "w"))
                .toList();
    }

    private void completeAll(List<Holder> holders) {
        cell.runTogether(
                holders.stream().map(holder -> new Complete(holder, "{}")).toList());
    }

    private String state(WorkflowMade made) {
        return cell.rows(
                        "select status || ' ' || completed_jobs || '/' || failed_jobs || '/' || open_jobs || ' of '"
                                + " || total_jobs || ' ' || (completed_at is not null)::text as s from workflow where id = '"
                                + made.id() + "'",
                        row -> row.text("s"))
                .getFirst();
    }

    private List<UUID> jobs(List<Holder> holders) {
        return holders.stream().map(Holder::job).toList();
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void aDiamondRunsInOrder(boolean asserted) {
        on(asserted);
        assertThat(claim(9)).isEmpty();
        WorkflowMade made = diamond();
        assertThat(state(made)).isEqualTo("0 0/0/4 of 4 false");
        List<Holder> first = claim(9);
        assertThat(jobs(first)).containsExactly(made.jobs().get(0));
        completeAll(first);
        List<Holder> second = claim(9);
        assertThat(jobs(second)).containsExactly(made.jobs().get(1), made.jobs().get(2));
        assertThat(claim(9)).isEmpty();
        completeAll(second);
        assertThat(state(made)).isEqualTo("0 3/0/1 of 4 false");
        List<Holder> last = claim(9);
        assertThat(jobs(last)).containsExactly(made.jobs().get(3));
        completeAll(last);
        assertThat(state(made)).isEqualTo("3 4/0/0 of 4 true");
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void oneOfSeveralParentsIsEnough(boolean asserted) {
        on(asserted);
        WorkflowMade made = make(step("a"), step("b"), any("c", 0, 1));
        List<Holder> roots = claim(9);
        cell.run(new Fail(roots.get(0), "no", false, null));
        assertThat(state(made)).isEqualTo("0 0/1/2 of 3 false");
        cell.run(new Complete(roots.get(1), null));
        completeAll(claim(9));
        assertThat(state(made)).isEqualTo("4 2/1/0 of 3 true");
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void aDeadParentCancelsWhatBecameUnreachable(boolean asserted) {
        on(asserted);
        WorkflowMade made = diamond();
        cell.run(new Fail(claim(1).getFirst(), "no", false, null));
        assertThat(state(made)).isEqualTo("4 0/1/0 of 4 true");
        assertThat(cell.count("done where status = 6")).isEqualTo(3);
        assertThat(cell.run(new RerunWorkflow(org + 1, made.id(), false))).isEqualTo(new Settled.Missed());
        assertThat(cell.run(new RerunWorkflow(org, made.id(), false))).isEqualTo(new Settled.Retried());
        assertThat(cell.run(new RerunWorkflow(org, made.id(), false))).isEqualTo(new Settled.Missed());
        assertThat(state(made)).isEqualTo("0 0/0/4 of 4 false");
        completeAll(claim(9));
        completeAll(claim(9));
        completeAll(claim(9));
        assertThat(state(made)).isEqualTo("3 4/0/0 of 4 true");
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void aFailedWorkflowIsRunAgainInPartOrAsAWhole(boolean asserted) {
        on(asserted);
        WorkflowMade made = diamond();
        completeAll(claim(9));
        List<Holder> middle = claim(9);
        cell.runTogether(List.of(new Complete(middle.get(0), null), new Fail(middle.get(1), "no", false, null)));
        assertThat(state(made)).isEqualTo("4 2/1/0 of 4 true");
        cell.run(new RerunWorkflow(org, made.id(), false));
        assertThat(state(made)).isEqualTo("0 2/0/2 of 4 false");
        List<Holder> again = claim(9);
        assertThat(jobs(again)).containsExactly(made.jobs().get(2));
        cell.run(new Fail(again.getFirst(), "no", false, null));
        cell.run(new RerunWorkflow(org, made.id(), true));
        assertThat(state(made)).isEqualTo("0 0/0/4 of 4 false");
        for (int i = 0; i < 3; i++) {
            completeAll(claim(9));
        }
        assertThat(state(made)).isEqualTo("3 4/0/0 of 4 true");
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void aCancelledWorkflowStaysCancelled(boolean asserted) {
        on(asserted);
        WorkflowMade made = diamond();
        completeAll(claim(9));
        List<Holder> running = claim(1);
        assertThat(cell.run(new CancelWorkflow(org + 1, made.id()))).isEqualTo(new Settled.Missed());
        assertThat(cell.run(new CancelWorkflow(org, made.id()))).isEqualTo(new Settled.Cancelled());
        assertThat(cell.run(new CancelWorkflow(org, made.id()))).isEqualTo(new Settled.Missed());
        assertThat(state(made)).isEqualTo("6 1/0/1 of 4 true");
        assertThat(claim(9)).isEmpty();
        assertThat(cell.run(new Fail(running.getFirst(), "no", true, null))).isEqualTo(new Settled.DeadLettered());
        assertThat(state(made)).isEqualTo("6 1/0/0 of 4 true");
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void aRetriedJobOpensItsWorkflowAgain(boolean asserted) {
        on(asserted);
        WorkflowMade made = make(step("a"), step("b"));
        List<Holder> both = claim(9);
        cell.runTogether(List.of(new Complete(both.get(0), null), new Fail(both.get(1), "no", false, null)));
        assertThat(state(made)).isEqualTo("4 1/1/0 of 2 true");
        cell.run(new Retry(org, both.get(1).job()));
        assertThat(state(made)).isEqualTo("0 1/0/1 of 2 false");
        completeAll(claim(9));
        assertThat(state(made)).isEqualTo("3 2/0/0 of 2 true");
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void aPurgedStepKeepsItsWorkflowFailed(boolean asserted) {
        on(asserted);
        WorkflowMade made = make(step("a"), step("b"));
        List<Holder> both = claim(9);
        cell.run(new Fail(both.get(0), "no", false, null));
        cell.run(new Purge(org, List.of(both.get(0).job())));
        completeAll(both.subList(1, 2));
        assertThat(state(made)).isEqualTo("4 1/1/0 of 2 true");
        assertThat(cell.run(new RerunWorkflow(org, made.id(), false))).isEqualTo(new Settled.Missed());
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void aStepWaitsForItsSignal(boolean asserted) {
        on(asserted);
        var waits = new Step("b", NewJob.plain(org, queue, 0, "{}"), List.of(0), false, true);
        var root = new Step("r", NewJob.plain(org, queue, 0, "{}"), List.of(), false, true);
        WorkflowMade made = make(step("a"), waits, root);
        assertThat(cell.run(new Signal(org, made.jobs().get(0), null))).isEqualTo(new Settled.Missed());
        completeAll(claim(9));
        assertThat(claim(9)).isEmpty();
        assertThat(cell.run(new Signal(org, made.jobs().get(1), "{\"ok\":true}")))
                .isEqualTo(new Settled.Signalled());
        assertThat(jobs(claim(9))).containsExactly(made.jobs().get(1));
        assertThat(cell.run(new Signal(org, made.jobs().get(2), null))).isEqualTo(new Settled.Signalled());
        assertThat(cell.run(new Signal(org, made.jobs().get(2), null))).isEqualTo(new Settled.Missed());
        assertThat(jobs(claim(9))).containsExactly(made.jobs().get(2));
        assertThat(cell.count("workflow_step where signalled_at is not null")).isEqualTo(2);
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void aSignalMayComeBeforeTheParents(boolean asserted) {
        on(asserted);
        var waits = new Step("b", NewJob.plain(org, queue, 0, "{}"), List.of(0), false, true);
        WorkflowMade made = make(step("a"), waits);
        cell.run(new Signal(org, made.jobs().get(1), null));
        completeAll(claim(9));
        assertThat(jobs(claim(9))).containsExactly(made.jobs().get(1));
    }

    private UUID job() {
        return cell.run(new Enqueue(List.of(NewJob.plain(org, queue, 0, "{}"))))
                .getFirst()
                .id();
    }

    private Linked link(UUID job, boolean any, UUID... parents) {
        return cell.run(new AddDependencies(org, job, List.of(parents), any));
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void aJobWaitsForJobsAddedLater(boolean asserted) {
        on(asserted);
        UUID child = job();
        UUID one = job();
        UUID other = job();
        assertThat(link(child, false, one, other)).isEqualTo(new Linked(Outcome.LINKED, 2));
        assertThat(link(child, false, one)).isEqualTo(new Linked(Outcome.LINKED, 0));
        assertThat(link(one, false, child)).isEqualTo(new Linked(Outcome.CIRCLE, 0));
        assertThat(link(one, false, one)).isEqualTo(new Linked(Outcome.CIRCLE, 0));
        assertThat(link(one, false, UUID.randomUUID())).isEqualTo(new Linked(Outcome.UNKNOWN_JOB, 0));
        List<Holder> parents = claim(9);
        assertThat(jobs(parents)).containsExactly(one, other);
        assertThat(link(one, false, child)).isEqualTo(new Linked(Outcome.CIRCLE, 0));
        completeAll(parents.subList(0, 1));
        assertThat(claim(9)).isEmpty();
        completeAll(parents.subList(1, 2));
        assertThat(jobs(claim(9))).containsExactly(child);
        assertThat(link(child, false, one)).isEqualTo(new Linked(Outcome.MOVED, 0));
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void addedParentsMayHaveEnded(boolean asserted) {
        on(asserted);
        UUID done = job();
        completeAll(claim(1));
        UUID child = job();
        assertThat(link(child, false, done)).isEqualTo(new Linked(Outcome.LINKED, 1));
        assertThat(jobs(claim(9))).containsExactly(child);
        UUID late = job();
        UUID dead = job();
        cell.run(new Cancel(org, dead));
        assertThat(link(late, false, dead)).isEqualTo(new Linked(Outcome.PARENT_LOST, 0));
    }

    /// The third job waits for all of two; when any is enough, the one that has completed starts it.
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void anotherModeMayStartAJob(boolean asserted) {
        on(asserted);
        UUID one = job();
        UUID two = job();
        UUID child = job();
        UUID three = job();
        link(child, false, one, two);
        completeAll(claim(1));
        assertThat(link(child, true, three)).isEqualTo(new Linked(Outcome.LINKED, 1));
        var all = new ArrayList<>(jobs(claim(9)));
        assertThat(all).containsExactly(two, child, three);
    }
}
