package dev.spooled.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spooled.engine.Command.Claim;
import dev.spooled.engine.Command.Complete;
import dev.spooled.engine.Command.Enqueue;
import dev.spooled.engine.Command.EnqueueWorkflow;
import dev.spooled.engine.Command.Holder;
import dev.spooled.engine.Command.Leased;
import dev.spooled.engine.Command.Replay;
import dev.spooled.engine.Command.Settled;
import dev.spooled.support.CuttingProxy;
import java.util.AbstractList;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// Connections that break between a batch and the next, while something is undone or brought to the disk: no caller
/// hears of it, since the database is there again at once.
class LostInTheMiddleTest {
    private final TestCell cell = new TestCell();
    private final int org = cell.org();
    private final int queue = cell.queue(org, "q");

    @AfterEach
    void close() {
        cell.close();
    }

    /// A lane that knows of no waiting job has its batch undone when it completes a job that another waits for.
    @ParameterizedTest
    @EnumSource(
            value = Lane.Way.class,
            names = {"EXACT", "ASSERTED"})
    void aBatchThatIsBeingUndoneRefusesNobody(Lane.Way way) throws Exception {
        NewJob job = NewJob.plain(org, queue, 0, "{}");
        cell.run(new EnqueueWorkflow(new NewWorkflow(
                org,
                "two",
                null,
                null,
                List.of(
                        new NewWorkflow.Step("first", job, List.of(), false, false),
                        new NewWorkflow.Step("second", job, List.of(0), false, false)))));
        try (CuttingProxy proxy = CuttingProxy.before(cell.address());
                Lane lane = new Lane(proxy.address(), 0, UUID.randomUUID(), cell.clock, way).start()) {
            Leased first = claim(lane);
            proxy.cutRepliesTo("rollback", 1);
            Settled settled = lane.run(new Complete(new Holder(org, first.id(), first.leaseId(), "w"), null));
            assertThat(settled).isInstanceOf(Settled.Completed.class);
            assertThat(proxy.cuts()).isEqualTo(1);
            assertThat(claim(lane).id()).isNotEqualTo(first.id());
        }
    }

    @Test
    void theDiskIsAskedForUntilItIsHeard() throws Exception {
        cell.run(new Enqueue(List.of(NewJob.plain(org, queue, 0, "{}"))));
        try (CuttingProxy proxy = CuttingProxy.before(cell.address());
                var session = new LaneSession(proxy.address(), 0, false, cell.node, 5)) {
            proxy.cutRepliesTo("pg_logical_emit_message", 3);
            assertThat(session.flush()).isEqualTo(cell.session.batch());
            assertThat(proxy.cuts()).isEqualTo(3);
        }
    }

    /// Who is refused and comes back at once is not refused in the same look: otherwise callers in a hurry hold up the
    /// lane, and use up their tries within a moment.
    @Test
    void onlyThoseThatWaitAreRefused() {
        var inbox = new Inbox();
        var hurried = new Hurried(inbox);
        hurried.comeBack();
        assertThat(inbox.refuseAll("the database is not available")).isEqualTo(1);
        assertThat(inbox.size()).isEqualTo(1);
        assertThat(hurried.times).isEqualTo(2);
    }

    /// Ids whose command is in the inbox again whenever it is taken from there, which asks for their number.
    private static final class Hurried extends AbstractList<UUID> {
        private final Inbox inbox;
        private boolean coming;
        private int times;

        Hurried(Inbox inbox) {
            this.inbox = inbox;
        }

        void comeBack() {
            coming = true;
            times++;
            inbox.add(new Ticket<>(new Replay(1, this)));
            coming = false;
        }

        @Override
        public int size() {
            if (!coming && times < 100) {
                comeBack();
            }
            return 0;
        }

        @Override
        public UUID get(int index) {
            throw new IndexOutOfBoundsException(index);
        }
    }

    private Leased claim(Lane lane) {
        return lane.run(new Claim(org, queue, "w", 1, 60, 0, () -> true)).getFirst();
    }
}
