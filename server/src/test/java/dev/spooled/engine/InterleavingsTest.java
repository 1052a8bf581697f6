package dev.spooled.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.spooled.db.Args;
import dev.spooled.db.DbAddress.Role;
import dev.spooled.db.PgArray;
import dev.spooled.engine.Command.Cancel;
import dev.spooled.engine.Command.Claim;
import dev.spooled.engine.Command.Complete;
import dev.spooled.engine.Command.Enqueue;
import dev.spooled.engine.Command.Enqueued;
import dev.spooled.engine.Command.Fail;
import dev.spooled.engine.Command.Heartbeat;
import dev.spooled.engine.Command.Holder;
import dev.spooled.engine.Command.Leased;
import dev.spooled.engine.Command.Settled;
import dev.spooled.time.Ids;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// Two nodes at one job, step by step: one holds its transaction open by hand while the other's batch runs.
class InterleavingsTest {
    private static final String LOCK_NOT_AVAILABLE = "55P03";

    private TestCell cell;
    private Connection hand;
    private final ExecutorService other = Executors.newSingleThreadExecutor();
    private int org;
    private int queue;

    @BeforeEach
    void open() throws SQLException {
        cell = new TestCell();
        org = cell.org();
        queue = cell.queue(org, "q");
        hand = DriverManager.getConnection(
                cell.address().jdbcUrl(), cell.address().properties(Role.ENGINE, ""));
        hand.setAutoCommit(false);
    }

    @AfterEach
    void close() throws SQLException {
        other.shutdownNow();
        hand.close();
        cell.close();
    }

    private UUID enqueue() {
        return cell.run(new Enqueue(List.of(NewJob.plain(org, queue, 0, "{}"))))
                .getFirst()
                .id();
    }

    private List<Leased> claim(int limit) {
        return cell.run(new Claim(org, queue, "w", limit, 30, 0, () -> true));
    }

    private Holder holder(Leased leased) {
        return new Holder(org, leased.id(), leased.leaseId(), "w");
    }

    /// Runs a statement by hand, in the open transaction of the other node.
    private void byHand(String sql) throws SQLException {
        try (Statement statement = hand.createStatement()) {
            statement.execute(sql);
        }
    }

    private <T> Future<T> meanwhile(Callable<T> call) {
        return other.submit(call);
    }

    /// Returns once some session of the cell's database waits for a lock: a signal, not a sleep.
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
    void claimSkipsWhatAnotherNodeIsClaiming() throws SQLException {
        UUID first = enqueue();
        UUID second = enqueue();
        byHand("select id from ready where id = '" + first + "' for update");
        assertThat(claim(10)).extracting(Leased::id).containsExactly(second);
        hand.rollback();
        assertThat(claim(10)).extracting(Leased::id).containsExactly(first);
    }

    @Test
    void completeLosesAgainstReapThatCommitsFirst() throws Exception {
        enqueue();
        Leased leased = claim(1).getFirst();
        byHand("delete from lease where id = '" + leased.id() + "'");
        var answer = meanwhile(() -> cell.run(new Complete(holder(leased), null)));
        untilSomeoneWaits();
        hand.commit();
        assertThat(answer.get(10, TimeUnit.SECONDS)).isInstanceOf(Settled.Missed.class);
    }

    @Test
    void completeWinsWhenTheOtherNodeRollsBack() throws Exception {
        enqueue();
        Leased leased = claim(1).getFirst();
        byHand("delete from lease where id = '" + leased.id() + "'");
        var answer = meanwhile(() -> cell.run(new Complete(holder(leased), null)));
        untilSomeoneWaits();
        hand.rollback();
        assertThat(answer.get(10, TimeUnit.SECONDS)).isInstanceOf(Settled.Completed.class);
    }

    @Test
    void heartbeatAfterAnotherNodesReclaimIsRefused() throws SQLException {
        enqueue();
        Leased leased = claim(1).getFirst();
        byHand("update lease set lease_id = gen_random_uuid() where id = '" + leased.id() + "'");
        hand.commit();
        assertThat(cell.run(new Heartbeat(holder(leased), 60))).isInstanceOf(Settled.Missed.class);
    }

    @Test
    void keyHeldByAnOpenTransactionIsWaitedFor() throws Exception {
        UUID rival = new Ids(cell.clock).next();
        byHand("insert into idem (cell, org, key, job_id) values (0, " + org + ", 'k', '" + rival + "')");
        var answer = meanwhile(() ->
                cell.run(new Enqueue(List.of(NewJob.plain(org, queue, 0, "{}").withKey("k")))));
        untilSomeoneWaits();
        hand.commit();
        assertThat(answer.get(10, TimeUnit.SECONDS)).containsExactly(new Enqueued(rival, false));
    }

    @Test
    void keyGivenUpByARolledBackRivalIsTaken() throws Exception {
        byHand("insert into idem (cell, org, key, job_id) values (0, " + org + ", 'k', gen_random_uuid())");
        var answer = meanwhile(() ->
                cell.run(new Enqueue(List.of(NewJob.plain(org, queue, 0, "{}").withKey("k")))));
        untilSomeoneWaits();
        hand.rollback();
        assertThat(answer.get(10, TimeUnit.SECONDS))
                .extracting(Enqueued::created)
                .containsExactly(true);
    }

    @Test
    void keyOfAJobBelowTheFloorIsFreeOnce() {
        UUID old = enqueueKeyed();
        cell.clock.advance(Duration.ofMinutes(1));
        cell.execute("update cell set floor = '" + Ids.floor(cell.clock.nowMillis()) + "' where cell = 0");
        cell.clock.advance(Duration.ofMinutes(1));
        UUID fresh = enqueueKeyed();
        assertThat(fresh).isNotEqualTo(old);
        assertThat(enqueueKeyed()).isEqualTo(fresh);
    }

    private UUID enqueueKeyed() {
        return cell.run(new Enqueue(List.of(NewJob.plain(org, queue, 0, "{}").withKey("k"))))
                .getFirst()
                .id();
    }

    @Test
    void cancelMissesWhatIsBeingClaimed() throws Exception {
        UUID job = enqueue();
        byHand("delete from ready where id = '" + job + "'");
        byHand(
                "insert into lease (cell, queue, org, attempt, timeout_seconds, priority, retry_count, flags, id, lease_id,"
                        + " started_at, expires_at, worker) values (0, " + queue + ", " + org + ", 1, 300, 0, 0, 0, '"
                        + job
                        + "', gen_random_uuid(), now(), now() + interval '1 hour', 'w')");
        var answer = meanwhile(() -> cell.run(new Cancel(org, job)));
        untilSomeoneWaits();
        hand.commit();
        assertThat(answer.get(10, TimeUnit.SECONDS)).isInstanceOf(Settled.Missed.class);
    }

    @Test
    void pausedQueueGivesNothingAndTheBarrierWaitsForOlderBatches() throws Exception {
        enqueue();
        try (Statement statement = hand.createStatement()) {
            statement.execute("select pg_advisory_xact_lock_shared(" + LaneSession.barrierOf(0) + ")");
        }
        cell.execute("update queue set enabled = false where id = " + queue);
        var passed = meanwhile(() -> {
            cell.rows("select pg_advisory_xact_lock(" + LaneSession.barrierOf(0) + ") is null as id", row -> true);
            return true;
        });
        untilSomeoneWaits();
        assertThat(passed.isDone()).isFalse();
        hand.commit();
        assertThat(passed.get(10, TimeUnit.SECONDS)).isTrue();
        assertThat(claim(10)).isEmpty();
    }

    @Test
    void anOlderConnectionOfTheNodeCanNeverCommit() throws SQLException {
        enqueue();
        Leased leased = claim(1).getFirst();
        LaneSession old = cell.session;
        cell.session = new LaneSession(cell.address(), 0, false, cell.node, 5);
        assertThat(cell.run(new Heartbeat(holder(leased), 60))).isInstanceOf(Settled.Renewed.class);
        cell.session.close();
        cell.session = old;
        assertThatThrownBy(() -> cell.run(new Complete(holder(leased), null))).hasMessageContaining("division by zero");
        assertThat(cell.count("lease where id = '" + leased.id() + "'")).isEqualTo(1);
    }

    /// A row that was written anew after the claim had begun has an address that the claim cannot see.
    @Test
    void jobWhosePriorityChangesWhileAClaimWaitsIsInOnePlace() throws Exception {
        UUID job = enqueue();
        cell.execute("update queue set rate_limit = 100 where id = " + queue);
        cell.execute("insert into queue_rate (cell, queue, second, used) values (0, " + queue + ", '2026-01-01', 0)");
        byHand("select * from queue_rate where queue = " + queue + " for update");
        Future<List<Leased>> claimed = meanwhile(() -> claim(1));
        untilSomeoneWaits();
        byHand("update ready set priority = 7 where id = '" + job + "'");
        byHand("update job set priority = 7 where id = '" + job + "'");
        hand.commit();
        int got = claimed.get(10, TimeUnit.SECONDS).size();
        assertThat(cell.count("lease")).isEqualTo(got);
        assertThat(cell.count("ready")).isEqualTo(1 - got);
        assertThat(claim(1)).hasSize(1 - got);
        assertThat(cell.drift()).isEmpty();
    }

    /// In opposite orders, so that they meet; that they do not wait in a circle is for `OverlapsTest` to see.
    @Test
    void twoNodesThatSettleTheSameJobsSettleEachOnce() throws Exception {
        var second = new LaneSession(cell.address(), 0, false, UUID.randomUUID(), 5);
        var way = new ExactWay(new Ids(cell.clock));
        for (int round = 0; round < 30; round++) {
            List<NewJob> jobs = Collections.nCopies(100, NewJob.plain(org, queue, 0, "{}"));
            cell.run(new Enqueue(jobs));
            List<Leased> leased = claim(100);
            var reversed = new ArrayList<>(leased).reversed();
            var theirs = meanwhile(() -> settle(way, second, reversed));
            long ours = settle(cell.way, cell.session, leased);
            assertThat(ours + theirs.get(20, TimeUnit.SECONDS)).isEqualTo(100);
        }
        second.close();
    }

    /// On a busy machine the other may hold the rows for longer than is waited: tried again, as a lane does.
    private long settle(ExactWay way, LaneSession session, List<Leased> leased) throws SQLException {
        while (true) {
            try {
                return settleOnce(way, session, leased);
            } catch (SQLException e) {
                if (!LOCK_NOT_AVAILABLE.equals(e.getSQLState())) {
                    throw e;
                }
            }
        }
    }

    private long settleOnce(ExactWay way, LaneSession session, List<Leased> leased) throws SQLException {
        var batch = new Batch(cell.clock.nowMicros());
        for (Leased one : leased) {
            boolean complete = one.id().hashCode() % 2 == 0;
            batch.add(
                    new Ticket<>(complete ? new Complete(holder(one), null) : new Fail(holder(one), "no", true, null)));
        }
        way.prepare(batch);
        way.run(session, batch);
        return batch.tickets.stream()
                .filter(ticket -> !(ticket.proposed() instanceof Settled.Missed))
                .count();
    }

    /// The arrays are sorted before they are sent; unsorted they would be locked in the order given.
    @Test
    void theClaimTwinWithoutRowAddressesAgrees() throws SQLException {
        for (int i = 0; i < 5; i++) {
            enqueue();
        }
        PgArray leases = PgArray.uuids();
        PgArray asks = PgArray.ints();
        for (int i = 0; i < 3; i++) {
            leases.add(UUID.randomUUID());
            asks.add(1);
        }
        Args args = Args.of("cell", 0)
                .and("now", cell.clock.now())
                .and("queues", PgArray.ints().add(queue))
                .and("bases", PgArray.ints().add(0))
                .and("limits", PgArray.ints().add(3))
                .and("leases", leases)
                .and("asks", asks)
                .and("seconds", PgArray.ints().add(30))
                .and("workers", PgArray.texts().add("w"))
                .and("day", 20782)
                .and("today", Ids.floor(0))
                .and("tomorrow", Ids.floor(1))
                .and("hooked", false);
        var slots = new ArrayList<Integer>();
        new RoundTrip()
                .add(EngineSql.CLAIM_BY_KEY, args, row -> slots.add(row.integer("slot")))
                .run(cell.session.connection());
        assertThat(slots).containsExactly(1, 2, 3);
        assertThat(cell.count("ready")).isEqualTo(2);
        assertThat(cell.count("lease")).isEqualTo(3);
        assertThat(cell.drift()).isEmpty();
    }
}
