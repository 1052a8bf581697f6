package dev.spooled.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spooled.engine.Command.Claim;
import dev.spooled.engine.Command.Complete;
import dev.spooled.engine.Command.Enqueue;
import dev.spooled.engine.Command.EnqueueWorkflow;
import dev.spooled.engine.Command.Holder;
import dev.spooled.engine.Command.Leased;
import dev.spooled.engine.Command.Promote;
import dev.spooled.refusal.Refusal;
import dev.spooled.refusal.Refused;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// Two hundred callers at once against a cap of ten make exactly ten, on one lane of either kind and on two nodes, and
/// nobody else is hurt.
class QuotaStormTest {
    private static final int CALLERS = 200;
    private static final int CAP = 10;

    private TestCell cell;
    private final List<Lane> lanes = new ArrayList<>();
    private int org;
    private int queue;
    private int other;
    private int otherQueue;

    @BeforeEach
    void open() {
        cell = new TestCell();
        org = cell.org();
        queue = cell.queue(org, "q");
        other = cell.org();
        otherQueue = cell.queue(other, "q");
    }

    @AfterEach
    void close() {
        lanes.forEach(Lane::close);
        cell.close();
    }

    private Lane lane(Lane.Way way) {
        Lane lane = new Lane(cell.address(), 0, UUID.randomUUID(), cell.clock, way).start();
        lane.run(new Promote(1));
        lanes.add(lane);
        return lane;
    }

    private NewJob job() {
        return NewJob.plain(org, queue, 0, "{}");
    }

    private static List<NewWorkflow.Step> steps(NewJob job, int n) {
        var steps = new ArrayList<NewWorkflow.Step>();
        for (int i = 0; i < n; i++) {
            steps.add(new NewWorkflow.Step("s" + i, job, i == 0 ? List.of() : List.of(0), false, false));
        }
        return steps;
    }

    /// How many commands were granted; each of the others was refused for its quota.
    private int storm(List<? extends Command<?>> commands) throws Exception {
        var granted = new AtomicInteger();
        try (var callers = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Callable<Boolean>> calls = new ArrayList<>();
            for (int i = 0; i < commands.size(); i++) {
                Command<?> command = commands.get(i);
                Lane lane = lanes.get(i % lanes.size());
                calls.add(() -> isGranted(lane, command));
            }
            for (Future<Boolean> call : callers.invokeAll(calls, 60, TimeUnit.SECONDS)) {
                granted.addAndGet(call.get() ? 1 : 0);
            }
        }
        return granted.get();
    }

    private static boolean isGranted(Lane lane, Command<?> command) {
        try {
            lane.run(command);
            return true;
        } catch (Refused refused) {
            assertThat(refused.refusal()).isInstanceOf(Refusal.LimitReached.class);
            return false;
        }
    }

    private long jobs() {
        return cell.count("job where org = " + org);
    }

    private int chargedToday() {
        return cell.rows("select jobs_today from usage where org = " + org, row -> row.integer("jobs_today"))
                .getFirst();
    }

    @ParameterizedTest
    @EnumSource(Lane.Way.class)
    void exactlyTheCapOfActiveJobs(Lane.Way way) throws Exception {
        cell.cap(org, null, CAP, null);
        Lane lane = lane(way);
        assertThat(storm(Collections.nCopies(CALLERS, new Enqueue(List.of(job())))))
                .isEqualTo(CAP);
        assertThat(jobs()).isEqualTo(CAP);
        assertThat(chargedToday()).isEqualTo(CAP);
        for (int round = 0; round < 3; round++) {
            Leased leased =
                    lane.run(new Claim(org, queue, "w", 1, 60, 0, () -> true)).getFirst();
            lane.run(new Complete(new Holder(org, leased.id(), leased.leaseId(), "w"), null));
            assertThat(storm(Collections.nCopies(CALLERS, new Enqueue(List.of(job())))))
                    .as("one ended, one may come")
                    .isEqualTo(1);
        }
        assertThat(cell.drift()).isEmpty();
    }

    @Test
    void exactlyTheCapOverTwoNodes() throws Exception {
        lane(Lane.Way.EXACT);
        lane(Lane.Way.EXACT);
        for (int round = 0; round < 5; round++) {
            org = cell.org();
            queue = cell.queue(org, "q");
            cell.cap(org, round % 2 == 0 ? null : CAP, round % 2 == 0 ? CAP : null, null);
            assertThat(storm(Collections.nCopies(CALLERS, new Enqueue(List.of(job())))))
                    .isEqualTo(CAP);
            assertThat(jobs()).isEqualTo(CAP);
        }
        assertThat(cell.drift()).isEmpty();
    }

    /// Singles, bulks, keys twice and workflows together: never beyond the cap, and no room left that a single
    /// job would have had.
    @Test
    void mixedCommandsOverTwoNodes() throws Exception {
        lane(Lane.Way.EXACT);
        lane(Lane.Way.EXACT);
        cell.cap(org, 100, 100, null);
        var commands = new ArrayList<Command<?>>();
        for (int i = 0; i < CALLERS; i++) {
            commands.add(
                    switch (i % 4) {
                        case 0 -> new Enqueue(List.of(job()));
                        case 1 -> new Enqueue(Collections.nCopies(7, job()));
                        case 2 -> new Enqueue(List.of(job().withKey("k" + i / 8)));
                        default -> new EnqueueWorkflow(new NewWorkflow(org, "w", null, null, steps(job(), 3)));
                    });
        }
        storm(commands);
        assertThat(jobs()).isLessThanOrEqualTo(100);
        storm(Collections.nCopies(100, new Enqueue(List.of(job()))));
        assertThat(jobs()).isEqualTo(100);
        assertThat(chargedToday()).isEqualTo(100);
        assertThat(cell.drift()).isEmpty();
    }

    @Test
    void workflowsAreCappedAsOpenOnes() throws Exception {
        lane(Lane.Way.EXACT);
        lane(Lane.Way.EXACT);
        cell.cap(org, null, null, CAP);
        var flow = new EnqueueWorkflow(new NewWorkflow(org, "w", null, null, steps(job(), 1)));
        assertThat(storm(Collections.nCopies(CALLERS, flow))).isEqualTo(CAP);
        assertThat(cell.count("workflow where org = " + org)).isEqualTo(CAP);
    }

    @Test
    void aCapOfNoWorkflowsIsAFeatureNotThere() {
        Lane lane = lane(Lane.Way.EXACT);
        cell.cap(org, null, null, 0);
        var flow = new EnqueueWorkflow(new NewWorkflow(org, "w", null, null, steps(job(), 1)));
        try {
            lane.run(flow);
            assertThat(true).as("granted").isFalse();
        } catch (Refused refused) {
            assertThat(refused.refusal()).isInstanceOf(Refusal.FeatureDisabled.class);
        }
    }

    /// One organization storms at its cap; what another asks in the same batches is carried out.
    @ParameterizedTest
    @EnumSource(Lane.Way.class)
    void othersAreNotHurt(Lane.Way way) throws Exception {
        lane(way);
        cell.cap(org, null, CAP, null);
        var commands = new ArrayList<Command<?>>();
        for (int i = 0; i < CALLERS; i++) {
            commands.add(new Enqueue(List.of(i % 2 == 0 ? job() : NewJob.plain(other, otherQueue, 0, "{}"))));
        }
        assertThat(storm(commands)).isEqualTo(CAP + CALLERS / 2);
        assertThat(cell.count("job where org = " + other)).isEqualTo(CALLERS / 2);
        assertThat(jobs()).isEqualTo(CAP);
    }
}
