package dev.spooled.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spooled.db.Args;
import dev.spooled.engine.Command.Claim;
import dev.spooled.engine.Command.Complete;
import dev.spooled.engine.Command.Enqueue;
import dev.spooled.engine.Command.Fail;
import dev.spooled.engine.Command.Heartbeat;
import dev.spooled.engine.Command.Holder;
import dev.spooled.engine.Command.Leased;
import dev.spooled.engine.Command.Reap;
import dev.spooled.engine.Command.Settled;
import dev.spooled.support.CuttingProxy;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// A batch that committed and whose reply was lost is read back. What a stale holder finds of its job is then what
/// others did with it: it is refused all the same.
class StaleAfterLostReplyTest {
    private static final Duration LEASE = Duration.ofSeconds(30);

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

    @Test
    void aStaleCompletionIsNotTakenForTheOther() throws Exception {
        Holder stale = staleHolder(3);
        Holder other = claim("other");
        assertThat(cell.run(new Complete(other, null))).isInstanceOf(Settled.Completed.class);
        later();
        assertThat(readBack(new Complete(stale, null))).isInstanceOf(Settled.Missed.class);
    }

    @Test
    void aStaleFailureIsNotTakenForTheReaping() throws Exception {
        Holder stale = staleHolder(0);
        later();
        assertThat(readBack(new Fail(stale, "no", true, null))).isInstanceOf(Settled.Missed.class);
    }

    @Test
    void aStaleHeartbeatIsNotTakenForTheOther() throws Exception {
        Holder stale = staleHolder(3);
        claim("other");
        later();
        assertThat(readBack(new Heartbeat(stale, 30))).isInstanceOf(Settled.Missed.class);
    }

    @Test
    void whatTheBatchDidIsFound() throws Exception {
        enqueue(3);
        Holder holder = claim("w");
        later();
        assertThat(carriedOutAndReadBack(new Heartbeat(holder, 30))).isInstanceOf(Settled.Renewed.class);
        later();
        assertThat(carriedOutAndReadBack(new Fail(holder, "no", true, null))).isInstanceOf(Settled.WillRetry.class);
        enqueue(0);
        Holder last = claim("w");
        later();
        assertThat(carriedOutAndReadBack(new Fail(last, "no", true, null))).isInstanceOf(Settled.DeadLettered.class);
        enqueue(0);
        Holder done = claim("w");
        later();
        assertThat(carriedOutAndReadBack(new Complete(done, null))).isInstanceOf(Settled.Completed.class);
    }

    /// Otherwise a claim would be refused whose jobs are leased all the same.
    @Test
    void whatIsReadBackMayBeLostToo() throws Exception {
        try (CuttingProxy proxy = CuttingProxy.before(cell.address());
                var session = new LaneSession(proxy.address(), 0, false, UUID.randomUUID(), 5)) {
            var looks = new AtomicInteger();
            RoundTrip trip = session.roundTrip();
            session.open(trip);
            proxy.cutNextReply();
            session.commit(trip, () -> {
                if (looks.incrementAndGet() < 3) {
                    proxy.cutNextReply();
                }
                new RoundTrip()
                        .add(EngineSql.DEPARTURES, Args.of("cell", 0), row -> {})
                        .run(session.connection());
            });
            assertThat(looks).hasValue(3);
        }
    }

    private void later() {
        cell.clock.advance(Duration.ofMillis(1));
    }

    private void enqueue(int retries) {
        cell.run(new Enqueue(List.of(NewJob.plain(org, queue, 0, "{}").withMaxRetries(retries))));
    }

    private Holder claim(String worker) {
        Leased job = cell.run(new Claim(org, queue, worker, 1, (int) LEASE.toSeconds(), 0, () -> true))
                .getFirst();
        return new Holder(org, job.id(), job.leaseId(), worker);
    }

    /// Of a lease that has run out.
    private Holder staleHolder(int retries) {
        enqueue(retries);
        Holder holder = claim("w");
        cell.clock.advance(LEASE.plusSeconds(1));
        assertThat(cell.run(new Reap(10))).isEqualTo(1);
        return holder;
    }

    /// What the lane answers when the reply to a batch of this command is lost, which changed nothing.
    private @Nullable Object readBack(Command<?> command) throws Exception {
        var ticket = new Ticket<>(command);
        Batch batch = batchOf(ticket);
        cell.way.ask(batch).reconcile(cell.session);
        return ticket.proposed();
    }

    private @Nullable Object carriedOutAndReadBack(Command<?> command) throws Exception {
        var ticket = new Ticket<>(command);
        Batch batch = batchOf(ticket);
        cell.way.run(cell.session, batch);
        ticket.forget();
        cell.way.ask(batch).reconcile(cell.session);
        return ticket.proposed();
    }

    private Batch batchOf(Ticket<?> ticket) {
        var batch = new Batch(cell.clock.nowMicros());
        assertThat(batch.add(ticket)).isTrue();
        cell.way.prepare(batch);
        return batch;
    }
}
