package dev.spooled.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spooled.engine.Command.Claim;
import dev.spooled.engine.Command.Complete;
import dev.spooled.engine.Command.Enqueue;
import dev.spooled.engine.Command.Holder;
import dev.spooled.engine.Command.Leased;
import dev.spooled.engine.Command.Settled;
import java.util.Collections;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// What memory must notice: others at work, pauses and limits. And that what it hands over never lay in `ready`.
class AssertedLaneTest {
    private TestCell cell;
    private int org;
    private int queue;

    @BeforeEach
    void open() {
        cell = new TestCell();
        org = cell.org();
        queue = cell.queue(org, "q");
        cell.assertBatches(() -> false);
        assertThat(claim(1)).isEmpty();
    }

    @AfterEach
    void close() {
        cell.close();
    }

    private Enqueue job() {
        return new Enqueue(List.of(NewJob.plain(org, queue, 0, "{}")));
    }

    private Claim asking(int limit) {
        return new Claim(org, queue, "w", limit, 30, 0, () -> true);
    }

    private List<Leased> claim(int limit) {
        return cell.run(asking(limit));
    }

    @Test
    @SuppressWarnings("unchecked")
    void aNewJobGoesStraightToAWaitingClaim() {
        long before = cell.rows(
                        "select n_tup_ins as n from pg_stat_user_tables where relname = 'ready'", r -> r.bigint("n"))
                .getFirst();
        var answers = cell.runTogether(List.of(asking(1), job()));
        List<Leased> got = (List<Leased>) answers.getFirst();
        assertThat(got).hasSize(1);
        assertThat(got.getFirst().facts()).isNotNull();
        assertThat(cell.count("ready")).isZero();
        assertThat(cell.count("lease")).isEqualTo(1);
        assertThat(before).isZero();
        assertThat(cell.run(new Complete(
                        new Holder(org, got.getFirst().id(), got.getFirst().leaseId(), "w"), null)))
                .isInstanceOf(Settled.Completed.class);
        assertThat(cell.undone).isZero();
        assertThat(cell.drift()).isEmpty();
    }

    @Test
    void rowsAnotherNodeTookAreNotGivenTwice() {
        cell.run(new Enqueue(Collections.nCopies(3, NewJob.plain(org, queue, 0, "{}"))));
        UUID first = cell.rows("select id from ready order by id limit 1", row -> row.uuid("id"))
                .getFirst();
        cell.execute("delete from ready where id = '" + first + "'");
        assertThat(claim(3)).extracting(Leased::id).hasSize(2).doesNotContain(first);
        assertThat(cell.undone).isEqualTo(1);
    }

    @Test
    void aLeaseAnotherNodeSettledIsNotSettledTwice() {
        cell.run(job());
        Leased leased = claim(1).getFirst();
        cell.execute("delete from lease where id = '" + leased.id() + "'");
        assertThat(cell.run(new Complete(new Holder(org, leased.id(), leased.leaseId(), "w"), null)))
                .isInstanceOf(Settled.Missed.class);
        assertThat(cell.undone).isEqualTo(1);
        assertThat(cell.count("done")).isZero();
    }

    @Test
    void aPausedQueueHandsOutNothing() {
        cell.run(job());
        cell.execute("update queue set enabled = false where id = " + queue);
        assertThat(claim(1)).isEmpty();
        assertThat(cell.undone).isEqualTo(1);
        assertThat(claim(1)).isEmpty();
        assertThat(cell.undone).as("a paused queue is not remembered").isEqualTo(1);
        cell.execute("update queue set enabled = true where id = " + queue);
        assertThat(claim(1)).hasSize(1);
    }

    @Test
    void aLimitedQueueKeepsItsRate() {
        cell.run(new Enqueue(Collections.nCopies(5, NewJob.plain(org, queue, 0, "{}"))));
        cell.execute("insert into queue_rate (cell, queue) values (0, " + queue + ")");
        cell.execute("update queue set rate_limit = 2 where id = " + queue);
        assertThat(claim(5)).hasSize(2);
        assertThat(claim(5)).isEmpty();
    }

    @Test
    void aBacklogBeyondWhatIsPeekedStaysInOrder() {
        cell.runExactly();
        for (int i = 0; i < 3; i++) {
            cell.run(new Enqueue(Collections.nCopies(700, NewJob.plain(org, queue, i, "{}"))));
        }
        cell.assertBatches(() -> false);
        int last = 2;
        for (int taken = 0; taken < 2_100; ) {
            List<Leased> got = claim(100);
            assertThat(got).hasSize(100);
            assertThat(got).extracting(Leased::priority).isSortedAccordingTo(Collections.reverseOrder());
            assertThat(got.getFirst().priority()).isLessThanOrEqualTo(last);
            last = got.getLast().priority();
            taken += got.size();
        }
        assertThat(claim(1)).isEmpty();
        assertThat(cell.undone).isZero();
        assertThat(cell.drift()).isEmpty();
    }
}
