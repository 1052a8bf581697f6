package dev.spooled.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spooled.engine.Command.Claim;
import dev.spooled.engine.Command.Enqueue;
import dev.spooled.engine.Command.Enqueued;
import dev.spooled.engine.Command.Fail;
import dev.spooled.engine.Command.Holder;
import dev.spooled.engine.Command.Leased;
import dev.spooled.engine.Command.Promote;
import dev.spooled.engine.Command.Release;
import dev.spooled.engine.Command.SetPriority;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// Claims from marks find all that claims from the start of a queue find, in the same order.
class ClaimMarksTest {
    private TestCell cell;
    private int org;
    private int queue;

    @BeforeEach
    void open() {
        cell = new TestCell();
        cell.way.marks().setAlone(true);
        org = cell.org();
        queue = cell.queue(org, "q");
    }

    @AfterEach
    void close() {
        cell.close();
    }

    @Test
    void everyPriorityIsClaimedInOrderAlsoNewOnesBetweenAndAround() {
        var expected = new ArrayList<UUID>();
        enqueue(5, 3);
        claim(3);
        UUID five = enqueue(5, 1).getFirst();
        UUID nine = enqueue(9, 1).getFirst();
        UUID low = enqueue(-7, 1).getFirst();
        UUID six = enqueue(6, 1).getFirst();
        UUID top = enqueue(100, 1).getFirst();
        UUID bottom = enqueue(-100, 1).getFirst();
        UUID zero = enqueue(0, 1).getFirst();
        expected.addAll(List.of(top, nine, six, five, zero, low, bottom));
        assertThat(ids(claim(4))).isEqualTo(expected.subList(0, 4));
        assertThat(ids(claim(10))).isEqualTo(expected.subList(4, 7));
        assertThat(claim(1)).isEmpty();
    }

    @Test
    void whatComesBackToTheQueueIsFoundAtOnce() {
        List<UUID> jobs = enqueue(0, 4);
        List<Leased> first = claim(2);
        claim(2);
        Leased job = first.getFirst();
        cell.run(new Release(org, job.id(), job.leaseId()));
        assertThat(ids(claim(1))).containsExactly(jobs.getFirst());
        Leased other = first.getLast();
        cell.run(new Fail(new Holder(org, other.id(), other.leaseId(), "w"), "no", true, 0));
        cell.run(new Promote(10));
        assertThat(ids(claim(1))).containsExactly(jobs.get(1));
    }

    @Test
    void anotherPriorityMovesAnOldJobAboveOrBelowTheMarks() {
        List<UUID> jobs = enqueue(0, 3);
        enqueue(3, 2);
        claim(2);
        claim(1);
        cell.run(new SetPriority(org, jobs.get(1), (short) 3));
        assertThat(ids(claim(1))).containsExactly(jobs.get(1));
        assertThat(ids(claim(1))).containsExactly(jobs.get(2));
    }

    @Test
    void whatAnotherNodePutsBelowTheMarksIsFoundWithinASecond() {
        List<UUID> jobs = enqueue(0, 4);
        cell.execute("delete from ready where id = '" + jobs.get(1) + "'");
        claim(2);
        cell.execute("insert into ready (cell, queue, org, attempt, priority, retry_count, flags, id) values (0, "
                + queue + ", " + org + ", 0, 0, 0, 0, '" + jobs.get(1) + "')");
        assertThat(ids(claim(1))).containsExactly(jobs.get(3));
        assertThat(claim(1)).isEmpty();
        cell.clock.advance(Duration.ofSeconds(1));
        assertThat(ids(claim(1))).containsExactly(jobs.get(1));
    }

    @Test
    void besideOtherNodesAlsoALittleBelowTheMarksIsLookedAt() {
        cell.way.marks().setAlone(false);
        List<UUID> jobs = enqueue(0, 4);
        cell.execute("delete from ready where id = '" + jobs.get(1) + "'");
        claim(2);
        cell.execute("insert into ready (cell, queue, org, attempt, priority, retry_count, flags, id) values (0, "
                + queue + ", " + org + ", 0, 0, 0, 0, '" + jobs.get(1) + "')");
        assertThat(ids(claim(1))).containsExactly(jobs.get(1));
    }

    private List<UUID> enqueue(int priority, int n) {
        var jobs = new ArrayList<NewJob>();
        for (int i = 0; i < n; i++) {
            jobs.add(NewJob.plain(org, queue, priority, "{}"));
        }
        return cell.run(new Enqueue(jobs)).stream().map(Enqueued::id).toList();
    }

    private List<Leased> claim(int limit) {
        return cell.run(new Claim(org, queue, "w", limit, 60, 0, () -> true));
    }

    private static List<UUID> ids(List<Leased> leased) {
        return leased.stream().map(Leased::id).toList();
    }
}
