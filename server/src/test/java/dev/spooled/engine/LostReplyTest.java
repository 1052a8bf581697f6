package dev.spooled.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spooled.db.DbAddress;
import dev.spooled.engine.Command.Cancel;
import dev.spooled.engine.Command.Claim;
import dev.spooled.engine.Command.Complete;
import dev.spooled.engine.Command.Enqueue;
import dev.spooled.engine.Command.Enqueued;
import dev.spooled.engine.Command.Fail;
import dev.spooled.engine.Command.Heartbeat;
import dev.spooled.engine.Command.Holder;
import dev.spooled.engine.Command.Leased;
import dev.spooled.engine.Command.Purge;
import dev.spooled.engine.Command.Replay;
import dev.spooled.engine.Command.Retry;
import dev.spooled.engine.Command.SetPriority;
import dev.spooled.engine.Command.Settled;
import dev.spooled.support.CuttingProxy;
import dev.spooled.support.TestLane;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/// The connection is cut after a batch's COMMIT reached PostgreSQL and before its answer came back, again and again
/// over all commands: the lane must find out what happened, so that nothing is done twice and nothing is lost.
class LostReplyTest {
    private static final int CUTS = Integer.getInteger("lostreply.cuts", 60);
    private static final int MANY_CUTS = 1_000;

    private TestCell cell;
    private CuttingProxy proxy;
    private Lane lane;
    private int org;
    private int queue;

    private final Set<UUID> acknowledged = new HashSet<>();
    private final Set<UUID> completed = new HashSet<>();
    private int made;

    @BeforeEach
    void open() throws Exception {
        cell = new TestCell();
        org = cell.org();
        queue = cell.queue(org, "q");
        cell.cap(org, 1_000_000_000, 1_000_000_000, null);
        proxy = CuttingProxy.before(cell.address());
        DbAddress through = proxy.address();
        lane = TestLane.of(through, cell.clock).start();
        lane.run(new Command.Promote(1));
    }

    @AfterEach
    void close() throws Exception {
        lane.close();
        proxy.close();
        cell.close();
    }

    @Test
    void nothingTwiceNothingLost() {
        cut(CUTS);
    }

    @Test
    @Tag("chaos")
    void nothingTwiceNothingLostOverManyCuts() {
        cut(MANY_CUTS);
    }

    private void cut(int cuts) {
        long seed = Long.getLong("lostreply.seed", System.nanoTime());
        System.out.println("lost replies: -Dlostreply.seed=" + seed);
        var random = new Random(seed);
        for (int cut = 0; cut < cuts; cut++) {
            round(random, cut);
        }
        assertThat(proxy.cuts()).isGreaterThanOrEqualTo(cuts);
        drain();
        assertThat(cell.count("job")).isEqualTo(acknowledged.size());
        assertThat(cell.rows("select jobs_today from usage", row -> row.integer("jobs_today")))
                .as("each charged once")
                .containsExactly(made);
        assertThat(cell.count("done where status = 3")).isEqualTo(completed.size());
        assertThat(cell.count("ready") + cell.count("lease") + cell.count("scheduled"))
                .isZero();
        assertThat(cell.drift()).isEmpty();
        System.out.println("lost replies: " + proxy.cuts() + " cuts, " + acknowledged.size() + " jobs, "
                + completed.size() + " completed once each");
    }

    /// One life of a job, with the reply of one of its commands lost: which one goes round.
    private void round(Random random, int number) {
        int lost = number % 12;
        boolean before = random.nextInt(4) == 0;
        cutWhen(lost == 0, before);
        UUID job = enqueued(NewJob.plain(org, queue, 0, "{\"n\":" + number + "}"));
        cutWhen(lost == 1, before);
        UUID keyed = enqueued(NewJob.plain(org, queue, 0, "{}").withKey("key-" + number));
        cutWhen(lost == 2, before);
        List<Leased> leased = lane.run(new Claim(org, queue, "w", 2, 600, 0, () -> true));
        assertThat(leased).extracting(Leased::id).containsExactly(job, keyed);
        Holder first = new Holder(org, job, leased.getFirst().leaseId(), "w");
        Holder second = new Holder(org, keyed, leased.getLast().leaseId(), "w");
        cutWhen(lost == 3, before);
        assertThat(lane.run(new Heartbeat(first, 900))).isInstanceOf(Settled.Renewed.class);
        cutWhen(lost == 4, before);
        assertThat(lane.run(new Complete(first, "{\"n\":" + number + "}"))).isInstanceOf(Settled.Completed.class);
        completed.add(job);
        cutWhen(lost == 5, before);
        assertThat(lane.run(new Fail(second, "no", true, null))).isInstanceOf(Settled.WillRetry.class);
        cutWhen(lost == 6, before);
        assertThat(lane.run(new Cancel(org, keyed))).isInstanceOf(Settled.Cancelled.class);
        assertThat(enqueuedAgain("key-" + number)).isEqualTo(keyed);
        if (lost >= 7) {
            second(random, number, lost, before);
        }
    }

    /// A job that dies, is retried, dies again and is removed, and the child it had meanwhile.
    private void second(Random random, int number, int lost, boolean before) {
        UUID job = enqueued(NewJob.plain(org, queue, 0, "{}").withKey("second-" + number));
        cutWhen(lost == 7, before);
        assertThat(lane.run(new SetPriority(org, job, (short) 5))).isInstanceOf(Settled.Prioritised.class);
        die(job);
        cutWhen(lost == 8, before);
        assertThat(lane.run(new Retry(org, job))).isInstanceOf(Settled.Retried.class);
        die(job);
        cutWhen(lost == 9, before);
        assertThat(lane.run(new Replay(org, List.of(job)))).containsExactly(job);
        cutWhen(lost == 10, before);
        NewJob child = NewJob.plain(org, queue, 0, "{}").withParent(job);
        UUID waiting = enqueued(random.nextBoolean() ? child : child.withKey("child-" + number));
        die(job);
        assertThat(cell.count("done where status = 6 and id = '" + waiting + "'"))
                .isEqualTo(1);
        cutWhen(lost == 11, before);
        assertThat(lane.run(new Purge(org, List.of(job)))).containsExactly(job);
        acknowledged.remove(job);
        assertThat(lane.run(new Purge(org, List.of(job)))).isEmpty();
    }

    private void die(UUID job) {
        Leased leased =
                lane.run(new Claim(org, queue, "w", 1, 600, 0, () -> true)).getFirst();
        assertThat(leased.id()).isEqualTo(job);
        assertThat(lane.run(new Fail(new Holder(org, job, leased.leaseId(), "w"), "no", false, null)))
                .isInstanceOf(Settled.DeadLettered.class);
    }

    private void cutWhen(boolean now, boolean beforeForwarding) {
        if (now && beforeForwarding) {
            proxy.cutNextRequest();
        } else if (now) {
            proxy.cutNextReply();
        }
    }

    private UUID enqueued(NewJob job) {
        Enqueued answer = lane.run(new Enqueue(List.of(job))).getFirst();
        assertThat(answer.created()).isTrue();
        assertThat(acknowledged.add(answer.id())).isTrue();
        made++;
        return answer.id();
    }

    private UUID enqueuedAgain(String key) {
        Enqueued answer = lane.run(
                        new Enqueue(List.of(NewJob.plain(org, queue, 0, "{}").withKey(key))))
                .getFirst();
        assertThat(answer.created()).isFalse();
        return answer.id();
    }

    private void drain() {
        List<Leased> left = lane.run(new Claim(org, queue, "w", 100, 600, 0, () -> true));
        assertThat(left).isEmpty();
    }
}
