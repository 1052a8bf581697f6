package dev.spooled.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spooled.db.DbAddress.Role;
import dev.spooled.engine.Command.Cancel;
import dev.spooled.engine.Command.Claim;
import dev.spooled.engine.Command.Complete;
import dev.spooled.engine.Command.Enqueue;
import dev.spooled.engine.Command.Enqueued;
import dev.spooled.engine.Command.Fail;
import dev.spooled.engine.Command.Holder;
import dev.spooled.engine.Command.Leased;
import dev.spooled.engine.Command.Settled;
import dev.spooled.time.Ids;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// Jobs that wait for others, with the parent's end and the child's creation on two nodes.
class DependentsTest {
    private TestCell cell;
    private Connection hand;
    private LaneSession second;
    private final ExecutorService other = Executors.newSingleThreadExecutor();
    private int org;
    private int queue;

    @BeforeEach
    void open() throws SQLException {
        cell = new TestCell();
        org = cell.org();
        queue = cell.queue(org, "q");
        second = new LaneSession(cell.address(), 0, false, UUID.randomUUID(), 5);
        hand = DriverManager.getConnection(
                cell.address().jdbcUrl(), cell.address().properties(Role.ENGINE, ""));
        hand.setAutoCommit(false);
    }

    @AfterEach
    void close() throws SQLException {
        other.shutdownNow();
        second.close();
        hand.close();
        cell.close();
    }

    private UUID job() {
        return cell.run(new Enqueue(List.of(NewJob.plain(org, queue, 0, "{}"))))
                .getFirst()
                .id();
    }

    private Enqueued childOf(UUID parent) {
        return cell.run(new Enqueue(List.of(NewJob.plain(org, queue, 0, "{}").withParent(parent))))
                .getFirst();
    }

    private Holder claimed() {
        Leased leased =
                cell.run(new Claim(org, queue, "w", 1, 30, 0, () -> true)).getFirst();
        return new Holder(org, leased.id(), leased.leaseId(), "w");
    }

    private void byHand(String sql) throws SQLException {
        try (Statement statement = hand.createStatement()) {
            statement.execute(sql);
        }
    }

    /// Runs a batch as another node would.
    private Object onSecond(Command<?> command) throws SQLException {
        var batch = new Batch(cell.clock.nowMicros());
        var ticket = new Ticket<>(command);
        batch.add(ticket);
        var way = new ExactWay(new Ids(cell.clock));
        way.prepare(batch);
        way.run(second, batch);
        return String.valueOf(ticket.proposed());
    }

    private void untilSomeoneWaits() {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(10);
        while (cell.count("pg_locks where not granted and (database is null or database ="
                        + " (select oid from pg_database where datname = current_database()))")
                == 0) {
            assertThat(System.nanoTime() - end).as("nobody waits for a lock").isNegative();
            Thread.onSpinWait();
        }
    }

    @Test
    void aChildStartsWhenItsParentCompletes() {
        UUID parent = job();
        UUID child = childOf(parent).id();
        Holder holder = claimed();
        assertThat(holder.job()).isEqualTo(parent);
        assertThat(cell.run(new Claim(org, queue, "w", 1, 30, 0, () -> true))).isEmpty();
        cell.run(new Complete(holder, null));
        assertThat(claimed().job()).isEqualTo(child);
        assertThat(cell.count("ended")).isZero();
        assertThat(cell.drift()).isEmpty();
    }

    @Test
    void descendantsOfADeadJobAreCancelled() {
        UUID parent = job();
        UUID child = childOf(parent).id();
        UUID grandchild = childOf(child).id();
        UUID last = childOf(grandchild).id();
        cell.run(new Fail(claimed(), "no", false, null));
        assertThat(cell.rows("select last_error from done where status = 6 order by id", row -> row.text("last_error")))
                .containsExactly(
                        "the parent job " + parent + " ended as a dead letter",
                        "the parent job " + child + " ended cancelled",
                        "the parent job " + grandchild + " ended cancelled");
        assertThat(childOf(last).orphan()).isTrue();
        assertThat(childOf(UUID.randomUUID()).orphan()).isTrue();
        assertThat(cell.count("dependency")).isEqualTo(3);
        assertThat(cell.drift()).isEmpty();
    }

    @Test
    void aChildOfAnotherOrganizationsJobIsNotMade() {
        UUID parent = job();
        int stranger = cell.org();
        NewJob child =
                NewJob.plain(stranger, cell.queue(stranger, "q"), 0, "{}").withParent(parent);
        assertThat(cell.run(new Enqueue(List.of(child))).getFirst().orphan()).isTrue();
        assertThat(cell.count("dependency")).isZero();
    }

    @Test
    void aChildThatLosesItsKeyLeavesNothing() {
        UUID parent = job();
        UUID known = cell.run(
                        new Enqueue(List.of(NewJob.plain(org, queue, 0, "{}").withKey("k"))))
                .getFirst()
                .id();
        NewJob child = NewJob.plain(org, queue, 0, "{}").withParent(parent).withKey("k");
        assertThat(cell.run(new Enqueue(List.of(child)))).containsExactly(new Enqueued(known, false));
        assertThat(cell.count("dependency")).isZero();
        assertThat(cell.count("waiting")).isZero();
    }

    /// The other node has deleted the parent's lease but not committed: the child waits and then sees the end.
    @Test
    void aParentThatIsJustCompletingIsWaitedFor() throws Exception {
        UUID parent = job();
        Holder holder = claimed();
        byHand("delete from lease where id = '" + parent + "'");
        byHand("insert into done (cell, queue, org, attempt, status, retry_count, id, completed_at) values (0, " + queue
                + ", " + org + ", 1, 3, 0, '" + holder.job() + "', now())");
        Future<Enqueued> child = other.submit(() -> childOf(parent));
        untilSomeoneWaits();
        hand.commit();
        assertThat(child.get(10, TimeUnit.SECONDS).created()).isTrue();
        assertThat(cell.count("ready")).isEqualTo(1);
        assertThat(cell.count("dependency")).isZero();
    }

    /// This node holds the parent for a child that is not yet committed; the other completes it meanwhile.
    @Test
    void aCompletionThatMeetsAnUncommittedChildReleasesIt() throws Exception {
        UUID parent = job();
        Holder holder = claimed();
        UUID child = new Ids(cell.clock).next();
        byHand("update lease set flags = flags | 1::smallint where id = '" + parent + "'");
        byHand("insert into dependency (cell, parent, child, org) values (0, '" + parent + "', '" + child + "', " + org
                + ")");
        byHand("insert into waiting (cell, queue, org, attempt, priority, retry_count, flags, needs, id) values (0, "
                + queue + ", " + org + ", 0, 0, 0, 0, 1, '" + child + "')");
        Future<Object> completed = other.submit(() -> onSecond(new Complete(holder, null)));
        untilSomeoneWaits();
        hand.commit();
        assertThat(completed.get(10, TimeUnit.SECONDS)).hasToString(new Settled.Completed().toString());
        assertThat(cell.count("waiting")).isZero();
        assertThat(cell.count("ready where id = '" + child + "'")).isEqualTo(1);
    }

    /// Two parents of one child end at once on two nodes: both must be counted.
    @Test
    void twoParentsEndingOnTwoNodesReleaseTheirChild() throws Exception {
        for (int round = 0; round < 20; round++) {
            List<Holder> parents = new ArrayList<>();
            job();
            job();
            parents.add(claimed());
            parents.add(claimed());
            UUID child = childOf(parents.getFirst().job()).id();
            cell.execute("insert into dependency (cell, parent, child, org) values (0, '"
                    + parents.getLast().job() + "', '" + child + "', " + org + ")");
            cell.execute("update lease set flags = 1");
            cell.execute("update waiting set needs = 2");
            var theirs = CompletableFuture.supplyAsync(() -> unchecked(new Complete(parents.getLast(), null)), other);
            cell.run(new Complete(parents.getFirst(), null));
            theirs.get(10, TimeUnit.SECONDS);
            assertThat(claimed().job()).isEqualTo(child);
            cell.execute("delete from lease");
        }
        assertThat(cell.count("ended")).isZero();
    }

    private Object unchecked(Command<?> command) {
        try {
            return onSecond(command);
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
    }

    @Test
    void aChildWithAnyParentIsLostOnlyWithTheLast() {
        UUID first = job();
        UUID last = job();
        UUID child = childOf(first).id();
        cell.execute("insert into dependency (cell, parent, child, org) values (0, '" + last + "', '" + child + "', "
                + org + ")");
        cell.execute("update job set any_parent = true where id = '" + child + "'");
        cell.execute("update ready set flags = 1");
        cell.run(new Cancel(org, first));
        assertThat(cell.count("waiting")).isEqualTo(1);
        cell.run(new Cancel(org, last));
        assertThat(cell.count("waiting")).isZero();
        assertThat(cell.count("done where status = 6")).isEqualTo(3);
        assertThat(cell.drift()).isEmpty();
    }

    @Test
    void manyChildrenAreReleasedOverSeveralBatches() {
        UUID parent = job();
        for (int i = 0; i < 30; i++) {
            cell.run(new Enqueue(java.util.Collections.nCopies(
                    100, NewJob.plain(org, queue, 0, "{}").withParent(parent))));
        }
        assertThat(cell.count("waiting")).isEqualTo(3_000);
        cell.run(new Complete(claimed(), null));
        assertThat(cell.count("ready")).isEqualTo(3_000);
        assertThat(cell.drift()).isEmpty();
    }

    @Test
    void theWaitOfAFailedJobFollowsItsOwnPolicyThenItsQueues() {
        cell.execute("update queue set backoff = '{\"kind\":\"fixed\",\"base_seconds\":9}' where id = " + queue);
        assertThat(waitOf(NewJob.plain(org, queue, 0, "{}"))).isEqualTo(9.0);
        assertThat(waitOf(NewJob.plain(org, queue, 0, "{}").withBackoff(JobLifeModel.LIST)))
                .isEqualTo(3.0);
        String jittered = "{\"kind\":\"fixed\",\"base_seconds\":100,\"jitter\":true}";
        for (int i = 0; i < 20; i++) {
            assertThat(waitOf(NewJob.plain(org, queue, 0, "{}").withBackoff(jittered)))
                    .isBetween(50.0, 100.0);
        }
        assertThat(cell.count("(select distinct run_at from scheduled) x")).isGreaterThan(10);
    }

    private double waitOf(NewJob job) {
        cell.run(new Enqueue(List.of(job)));
        var answer = (Settled.WillRetry) cell.run(new Fail(claimed(), "no", true, null));
        return java.time.Duration.between(cell.clock.now(), answer.at()).toNanos() / 1e9;
    }
}
