package dev.spooled.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spooled.engine.Command.Claim;
import dev.spooled.engine.Command.Complete;
import dev.spooled.engine.Command.Enqueue;
import dev.spooled.engine.Command.EnqueueWorkflow;
import dev.spooled.engine.Command.Holder;
import dev.spooled.engine.Command.Leased;
import dev.spooled.engine.Command.WorkflowMade;
import dev.spooled.upkeep.Chore;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// Workflows of a day that is dropped: an open one keeps all its jobs and is counted right to its end, one that
/// has ended goes with its steps, its dependencies and what its jobs said of their progress.
class WorkflowRetentionTest {
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
        cell.close();
    }

    private WorkflowMade pair() {
        var job = NewJob.plain(org, queue, 0, "{}");
        var first = new NewWorkflow.Step("a", job, List.of(), false, false);
        var second = new NewWorkflow.Step("b", job, List.of(0), false, false);
        return cell.run(new EnqueueWorkflow(new NewWorkflow(org, "pair", null, null, List.of(first, second))));
    }

    private UUID completeNext() {
        Leased leased =
                cell.run(new Claim(org, queue, "w", 1, 3_600, 0, () -> true)).getFirst();
        cell.execute("insert into progress (cell, id, org, attempt, percent, at) values (0, '" + leased.id() + "', "
                + org + ", 1, 50, now())");
        cell.run(new Complete(new Holder(org, leased.id(), leased.leaseId(), "w"), "{}"));
        return leased.id();
    }

    private void hundredDaysLater() {
        cell.clock.advance(Duration.ofDays(100));
        cell.chores.keepPartitions().runOnce();
        var retention = new Retention(cell.db(), cell.clock, 0);
        assertThat(retention.pass()).isTrue();
        for (Chore chore : new RetentionSweep(cell.db(), cell.clock, 0).chores()) {
            chore.runOnce();
        }
    }

    @Test
    void whatHasEndedGoesAndWhatIsOpenIsCountedToItsEnd() {
        WorkflowMade ended = pair();
        completeNext();
        completeNext();
        WorkflowMade open = pair();
        assertThat(completeNext()).isEqualTo(open.jobs().getFirst());
        assertThat(cell.run(new Enqueue(List.of(NewJob.plain(org, queue, 0, "{}")))))
                .hasSize(1);
        hundredDaysLater();
        assertThat(cell.rows("select id from workflow", row -> row.uuid("id"))).containsExactly(open.id());
        assertThat(cell.count("workflow_step where workflow = '" + ended.id() + "'"))
                .isZero();
        assertThat(cell.count("dependency where workflow = '" + ended.id() + "'"))
                .isZero();
        assertThat(cell.count("progress")).isEqualTo(1);
        assertThat(cell.count("job")).isEqualTo(3);
        assertThat(completeNext()).isEqualTo(open.jobs().getLast());
        assertThat(cell.count("workflow where status = 3 and completed_jobs = 2 and failed_jobs = 0 and open_jobs = 0"))
                .isEqualTo(1);
        assertThat(cell.drift()).isEmpty();
    }
}
