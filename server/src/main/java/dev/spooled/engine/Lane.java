package dev.spooled.engine;

import dev.spooled.bus.Bus;
import dev.spooled.bus.Message.Work;
import dev.spooled.db.DbAddress;
import dev.spooled.db.DbFault;
import dev.spooled.engine.Command.Claim;
import dev.spooled.engine.Command.Leased;
import dev.spooled.engine.Flusher.Outcome;
import dev.spooled.refusal.Refusal;
import dev.spooled.refusal.Refused;
import dev.spooled.time.Clock;
import dev.spooled.time.Ids;
import java.sql.SQLException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The one writer of live jobs of a cell on this node.
///
/// One thread takes whatever waits, writes it in one transaction with one fsync and then answers each caller:
/// under load a batch is hundreds of commands, idle it is one. Everything is bounded: a batch (`Batch`), what
/// waits (`Inbox`), and how long the database may be away before waiting callers hear 503. Claims that find
/// nothing may be parked here until a job of their queue commits.
///
/// Safe for any number of calling threads; a caller's thread sleeps until its answer.
public final class Lane implements Lanes, AutoCloseable {
    /// With so many commands in a batch, or with any that wait for the next, the lane has more to do than to wait for
    /// the disk.
    private static final int MANY = 32;

    private static final int TRIES_MAX = 5;
    private static final long RECONNECT_SECONDS = 10;

    /// Where there are others, whoever lives in one that is away hears so sooner.
    private static final long RECONNECT_FURTHER_SECONDS = 3;

    private static final Logger log = LoggerFactory.getLogger(Lane.class);

    private final Clock clock;
    private final LaneSession session;
    private final ExactWay exact;
    private final @Nullable AssertedWay asserted;
    private final Flusher flusher;
    private final Announcer announcer;
    private volatile boolean alone = true;
    private final Parked parked = new Parked();
    private final Thread thread;

    private final Inbox inbox = new Inbox();
    private final Set<Integer> woken = ConcurrentHashMap.newKeySet();
    private final ArrayDeque<Ticket<?>> deferred = new ArrayDeque<>();
    private final ArrayDeque<Ticket<?>> aside = new ArrayDeque<>();

    /// When the newest batch was formed: no two are of the same microsecond, so that changes of a job have an
    /// order.
    private long lastMicros;

    /// Commands of the batch that is carried out.
    private int inHand;

    /// Queues with parked claims that did not fit into a batch: they come first in the next.
    private final Set<Integer> crowded = new LinkedHashSet<>();

    private final LaneStats stats = new LaneStats();
    private volatile boolean sleeping;
    private volatile boolean parking = true;
    private volatile boolean closing;
    private volatile boolean stopped;
    private volatile boolean reachable = true;

    /// How the lane does a batch (docs/decisions/0003-lane-asserted.md).
    public enum Way {
        /// Guarded statements with an answer per row.
        EXACT,
        /// The same without row addresses, for a database that refuses them.
        KEYED,
        /// Memory proposes, the database asserts; the exact way whenever memory may be wrong.
        ASSERTED
    }

    public Lane(DbAddress address, int cell, UUID node, Clock clock, Way way) {
        this.clock = clock;
        this.session = new LaneSession(
                address, cell, way == Way.KEYED, node, cell == 0 ? RECONNECT_SECONDS : RECONNECT_FURTHER_SECONDS);
        this.exact = new ExactWay(new Ids(clock), way == Way.KEYED ? EngineSql.CLAIM_BY_KEY : EngineSql.CLAIM);
        this.asserted = way == Way.ASSERTED ? new AssertedWay(exact) : null;
        this.thread = Thread.ofPlatform().name("lane-" + cell).unstarted(this::work);
        this.announcer = new Announcer(cell);
        this.flusher = new Flusher(address, cell, node, announcer::tell, this::rouse);
        if (asserted != null) {
            session.leaveFlushTo(new FlushBeside(asserted));
        }
    }

    /// While there is much to do, the disk is waited for beside the lane. A new connection may be to a
    /// database that has forgotten the last moment.
    private final class FlushBeside implements LaneSession.LaterFlush {
        private final AssertedWay way;

        FlushBeside(AssertedWay way) {
            this.way = way;
        }

        @Override
        public boolean takesOneMore() {
            return alone && (inHand >= MANY || !inbox.isEmpty()) && flusher.hasRoom();
        }

        @Override
        public void connected(long committed) {
            flusher.connected(committed);
            way.forget();
        }
    }

    @Override
    public Lane of(int org) {
        return this;
    }

    public Lane start() {
        if (asserted != null) {
            flusher.start();
        }
        thread.start();
        return this;
    }

    /// Hands the command to the lane and waits for its answer. Throws `Refused` with `Unavailable` when too much
    /// waits, the database is away or the server stops.
    public <R> R run(Command<R> command) {
        var ticket = new Ticket<>(command);
        enter(ticket);
        return ticket.await();
    }

    /// As `run` for several commands that share their batches: answered in their order. Throws when one is
    /// refused, though others may have been carried out.
    public <R> List<R> runAll(List<? extends Command<R>> commands) {
        List<Ticket<R>> tickets = new ArrayList<>();
        for (Command<R> command : commands) {
            var ticket = new Ticket<>(command);
            enter(ticket);
            tickets.add(ticket);
        }
        return tickets.stream().map(Ticket::await).toList();
    }

    private void enter(Ticket<?> ticket) {
        if (closing) {
            throw Refused.unavailable("the server is stopping");
        }
        inbox.add(ticket);
        rouse();
        if (stopped) {
            inbox.refuseAll("the server is stopping");
        }
    }

    private void rouse() {
        if (sleeping) {
            LockSupport.unpark(thread);
        }
    }

    /// Says that these queues may have ready rows that this lane did not write: parked claims look again.
    public void wake(Collection<Integer> queues) {
        woken.addAll(queues);
        rouse();
    }

    /// Answers all parked claims and parks none any more: the server is about to stop, so nobody should wait
    /// on it.
    public void stopParking() {
        parking = false;
        LockSupport.unpark(thread);
    }

    /// Queues that parked claims wait on.
    public Set<Integer> awaited() {
        return parked.queues();
    }

    /// Commands taken and not yet in a batch.
    int waiting() {
        return inbox.size();
    }

    int parkedClaims() {
        return parked.size();
    }

    /// Whether the last try to reach the database succeeded.
    public boolean isReachable() {
        return reachable && !closing;
    }

    /// Ends the wait for a database that says nothing, from any thread. What was in flight is found out about when it
    /// can be reached again; until then callers are refused, within seconds.
    public void giveUpWaiting() {
        session.sever();
        flusher.sever();
    }

    public LaneStats stats() {
        return stats;
    }

    // ---- the lane's own thread from here on

    private void work() {
        while (true) {
            Batch batch = take();
            boolean idle = batch.isEmpty() && aside.isEmpty();
            if (!batch.isEmpty()) {
                carryOut(batch);
            }
            retryOneAside();
            if (flusher.isStuck()) {
                flushHere();
            }
            if (!idle) {
                continue;
            } else if (closing) {
                break;
            } else {
                sleep();
            }
        }
        // The lane may have been closed after the last look at them.
        parked.expire(System.nanoTime(), true, Lane::answerEmpty);
        if (flusher.size() > 0) {
            flushHere();
        }
        flusher.close();
        session.close();
        stopped = true;
        inbox.refuseAll("the server is stopping");
    }

    private Batch take() {
        var batch = newBatch();
        parked.expire(System.nanoTime(), closing || !parking, Lane::answerEmpty);
        crowded.forEach(queue -> parked.offer(queue, batch));
        crowded.clear();
        for (Integer queue : woken) {
            woken.remove(queue);
            offer(queue, batch);
        }
        for (int i = deferred.size(); i > 0 && !batch.isFull(); i--) {
            admit(batch, deferred.removeFirst());
        }
        while (!batch.isFull()) {
            Ticket<?> ticket = inbox.poll();
            if (ticket == null) {
                break;
            }
            admit(batch, ticket);
        }
        batch.tell(announcer.audience());
        return batch;
    }

    private Batch newBatch() {
        lastMicros = Math.max(lastMicros + 1, clock.nowMicros());
        var batch = new Batch(lastMicros, announcer.audience());
        batch.amongOthers = !alone;
        return batch;
    }

    private void admit(Batch batch, Ticket<?> ticket) {
        if (hasDeparted(ticket)) {
            ticket.refuse(elsewhere());
            return;
        }
        switch (ticket.command()) {
            case Claim claim -> offer(claim.queue(), batch);
            case Command.Enqueue enqueue -> enqueue.jobs().forEach(job -> offer(job.queue(), batch));
            case Command.Fire fire -> {
                if (fire.job() != null) {
                    offer(fire.job().queue(), batch);
                }
            }
            case Command.EnqueueWorkflow enqueue ->
                enqueue.workflow().steps().forEach(step -> offer(step.job().queue(), batch));
            default -> {}
        }
        if (!batch.add(ticket)) {
            deferred.addLast(ticket);
        }
    }

    private void offer(int queue, Batch batch) {
        if (!parked.offer(queue, batch)) {
            crowded.add(queue);
        }
    }

    private void sleep() {
        sleeping = true;
        if (inbox.isEmpty() && woken.isEmpty() && deferred.isEmpty() && !flusher.isStuck() && !closing) {
            LockSupport.parkNanos(this, parked.nanosToNextEnd(System.nanoTime()));
        }
        sleeping = false;
    }

    private void carryOut(Batch batch) {
        inHand = batch.tickets.size();
        exact.prepare(batch);
        if (asserted == null) {
            runOrTakeApart(batch, 1);
        } else if (alone) {
            runAsserted(asserted, batch);
        } else {
            asserted.forget();
            runOrTakeApart(batch, 1);
        }
    }

    /// What memory proposed may be wrong: then nothing of it happened, and the exact way decides.
    private void runAsserted(AssertedWay way, Batch batch) {
        try {
            long began = System.nanoTime();
            way.run(session, batch);
            reachable = true;
            stats.record(batch, System.nanoTime() - began);
            publish(batch);
        } catch (SQLException e) {
            way.forget();
            stats.recordUndone();
            if (DbFault.kindOf(e) == DbFault.Kind.UNAVAILABLE && !(e instanceof LaneSession.NotCommitted)) {
                dispose(batch, 1, e);
            } else {
                log.debug("asserted batch undone: {}", e.getMessage());
                batch.clearAnswers();
                runOrTakeApart(batch, 1);
            }
        } catch (RuntimeException e) {
            way.forget();
            log.error("the lane failed a batch of {}", batch.tickets.size(), e);
            refuse(batch, new Refused(new Refusal.Internal("the job could not be stored")));
        }
    }

    /// Tells `watcher`, in place of any before it, of every change this lane commits from the next batch on.
    public void watch(JobWatcher watcher) {
        announcer.setWatcher(watcher);
    }

    /// Runs this after every commit that may have left events in the outbox, on a thread of the lane's: it must return
    /// at once and not fail.
    public void onEvents(Runnable bell) {
        announcer.setOnEvents(bell);
    }

    /// Tells other nodes of jobs that they may take, and hears of theirs.
    public void shareOver(Bus bus) {
        bus.subscribe(Work.class, new Bus.Subscriber<>() {
            @Override
            public void heard(Work work) {
                if (work.cell() == session.cell()) {
                    wake(work.queues());
                }
            }

            @Override
            public void missed() {
                wake(awaited());
            }
        });
        announcer.setBus(bus);
    }

    /// Organizations whose events the next batches keep in the outbox.
    void setHooked(Set<Integer> orgs) {
        announcer.setHooked(orgs);
    }

    /// Whether other nodes work this cell: then claims are the exact way's, which sees their rows.
    public void setAlone(boolean alone) {
        this.alone = alone;
    }

    /// Runs the batch; when PostgreSQL refuses it, runs its halves, so that one bad row is refused alone.
    private void runOrTakeApart(Batch batch, int attempt) {
        try {
            long began = System.nanoTime();
            exact.run(session, batch);
            reachable = true;
            stats.record(batch, System.nanoTime() - began);
            publish(batch);
        } catch (LaneSession.NotCommitted e) {
            again(batch, attempt, e);
        } catch (SQLException e) {
            dispose(batch, attempt, e);
        } catch (RuntimeException e) {
            log.error("the lane failed a batch of {}", batch.tickets.size(), e);
            refuse(batch, new Refused(new Refusal.Internal("the job could not be stored")));
        }
    }

    private boolean hasDeparted(Ticket<?> ticket) {
        Set<Integer> departed = session.departed();
        return !departed.isEmpty() && departed.contains(ticket.command().owner());
    }

    private static Refused elsewhere() {
        return Refused.unavailable("the organization is on the move to another cell");
    }

    /// An organization has left the cell or come back: nothing of the batch happened. Who has left is refused, claims
    /// of it that wait as well; the others are next.
    private void lookWhoIsHere(Batch batch) {
        try {
            session.readDepartures();
        } catch (SQLException e) {
            refuse(batch, Refused.unavailable("the database is not available"));
            return;
        }
        for (Ticket<?> ticket : batch.tickets) {
            ticket.forget();
            deferred.addLast(ticket);
        }
        parked.expire(this::hasDeparted, ticket -> ticket.refuse(elsewhere()));
    }

    private void dispose(Batch batch, int attempt, SQLException e) {
        if (LaneSession.tellsOfMove(e)) {
            lookWhoIsHere(batch);
        } else if (batch.tickets.size() > 1 && DbFault.kindOf(e) != DbFault.Kind.UNAVAILABLE) {
            log.warn("batch of {} refused ({}), taking it apart", batch.tickets.size(), e.getMessage());
            for (Batch half : batch.halves()) {
                half.sort();
                runOrTakeApart(half, 1);
            }
        } else if (DbFault.kindOf(e) == DbFault.Kind.RETRY) {
            setAside(batch.tickets.getFirst(), e);
        } else if (DbFault.kindOf(e) == DbFault.Kind.UNAVAILABLE) {
            if (reachable) {
                log.warn("the database is not available: {}", e.getMessage());
            }
            reachable = false;
            refuse(batch, Refused.unavailable("the database is not available"));
            refuseWaiting("the database is not available");
        } else {
            log.error("statement refused for {}", batch.tickets.getFirst().command(), e);
            refuse(batch, new Refused(new Refusal.Internal("the job could not be stored")));
        }
    }

    private void again(Batch batch, int attempt, SQLException why) {
        if (attempt < TRIES_MAX) {
            runOrTakeApart(batch, attempt + 1);
        } else {
            log.warn("gave up after {} tries: {}", attempt, why.getMessage());
            refuse(batch, Refused.unavailable("the database is busy"));
        }
    }

    /// A command whose row somebody holds (a frozen node, say) waits beside the line, so that it holds up
    /// nobody else for longer than one try takes.
    private void setAside(Ticket<?> ticket, SQLException why) {
        if (ticket.countTry() < TRIES_MAX) {
            aside.addLast(ticket);
        } else {
            log.warn("gave up after {} tries: {}", TRIES_MAX, why.getMessage());
            ticket.refuse(Refused.unavailable("the database is busy"));
        }
    }

    /// One try of one such command, alone, after each batch of the others.
    private void retryOneAside() {
        Ticket<?> ticket = aside.pollFirst();
        if (ticket != null) {
            Batch alone = newBatch();
            ticket.forget();
            alone.add(ticket);
            inHand = 1;
            exact.prepare(alone);
            runOrTakeApart(alone, 1);
        }
    }

    /// Commits that did not wait for the disk are said to nobody yet; what they left to do is begun.
    private void publish(Batch batch) {
        woken.addAll(batch.freshened);
        if (batch.unsettled) {
            deferred.addLast(new Ticket<>(new Command.Settle()));
        }
        var answered = new ArrayList<Ticket<?>>(batch.tickets.size());
        for (Ticket<?> ticket : batch.tickets) {
            if (ticket.command() instanceof Claim claim
                    && ticket.proposed() instanceof List<?> found
                    && found.isEmpty()
                    && parking
                    && parked.park(ticket, claim)) {
                continue;
            }
            answered.add(ticket);
        }
        if (!session.isFlushed()) {
            stats.recordFlushedLater();
        }
        flusher.committed(
                new Outcome(session.batch(), batch.moves, batch.mayLeaveEvents(), answered, forOthers(batch)),
                session.isFlushed());
    }

    /// Queues that may have ready rows left now. While claims of a queue are parked here, its new jobs all went to
    /// them.
    private List<Integer> forOthers(Batch batch) {
        if (!announcer.hasOtherNodes()) {
            return List.of();
        }
        var queues = new HashSet<Integer>(batch.freshened);
        batch.forEachNewJob(job -> {
            if (!parked.waitsOn(job.queue())) {
                queues.add(job.queue());
            }
        });
        return List.copyOf(queues);
    }

    private void flushHere() {
        try {
            flusher.publishUpTo(session.flush());
        } catch (SQLException e) {
            reachable = false;
            log.warn("the log could not be flushed: {}", e.getMessage());
            flusher.giveUp();
        }
    }

    private static void answerEmpty(Ticket<?> claim) {
        claim.propose(List.<Leased>of());
        claim.settle();
    }

    private static void refuse(Batch batch, RuntimeException why) {
        batch.tickets.forEach(ticket -> ticket.refuse(why));
    }

    private void refuseWaiting(String why) {
        inbox.refuseAll(why);
        for (ArrayDeque<Ticket<?>> line : List.of(deferred, aside)) {
            while (!line.isEmpty()) {
                line.removeFirst().refuse(Refused.unavailable(why));
            }
        }
    }

    /// Refuses new commands, answers parked claims with nothing, carries out what waits, then stops.
    @Override
    public void close() {
        closing = true;
        LockSupport.unpark(thread);
        if (thread.getState() == Thread.State.NEW) {
            stopped = true;
            inbox.refuseAll("the server is stopping");
            return;
        }
        try {
            thread.join(RECONNECT_SECONDS * 1_000);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
