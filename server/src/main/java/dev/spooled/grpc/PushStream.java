package dev.spooled.grpc;

import com.google.protobuf.MessageLite;
import dev.spooled.access.Caller;
import dev.spooled.engine.Command.Leased;
import dev.spooled.jobs.ClaimRequest;
import dev.spooled.jobs.ClaimedJob;
import dev.spooled.jobs.InHand.Hand;
import dev.spooled.jobs.Jobs;
import dev.spooled.refusal.Refusal;
import dev.spooled.refusal.Refused;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.function.BiFunction;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/// Pushes leased jobs to one worker until its client ends the stream. Claims only when all that was sent before
/// has left for the client, and gives back at once what then does not leave. The key is looked at again before
/// each claim, and a claim waits for a few seconds at most. What fails inside the server is tried again for a
/// while.
///
/// @param <J> a job as a message
/// @param <M> what the stream sends: a job, or several
final class PushStream<J extends MessageLite, M extends MessageLite> implements Streams.Endless {
    private static final int WAIT_SECONDS = 4;
    private static final Duration LOOK_AGAIN = Duration.ofSeconds(1);
    private static final Duration TRY_AGAIN = Duration.ofMillis(500);
    private static final Duration TRY_FOR = Duration.ofSeconds(30);

    private final Client client;
    private final Jobs jobs;
    private final Taking taking;
    private final Order<J, M> order;
    private final Outlet<M> outlet;
    private final @Nullable Hand hand;
    private volatile boolean stopping;

    private List<Leased> underWay = List.of();
    private @Nullable Caller sender;
    private long underWayNumber;
    private boolean paid;
    private long failingSince;
    private boolean failing;

    /// What the stream is to deliver: up to `most` jobs of a queue in one message. `job` and `message` make them.
    record Order<J, M>(
            String queue,
            String worker,
            int leaseSeconds,
            int most,
            BiFunction<Caller, ClaimedJob, J> job,
            Function<List<J>, M> message) {}

    /// `hand` bounds the jobs not yet settled, null is no bound.
    PushStream(Client client, Jobs jobs, Order<J, M> order, Outlet<M> outlet, @Nullable Hand hand) {
        this.client = client;
        this.jobs = jobs;
        this.taking = new Taking(jobs);
        this.order = order;
        this.outlet = outlet;
        this.hand = hand;
    }

    @Override
    public void serverStops() {
        stopping = true;
    }

    @Override
    public void run() {
        try {
            while (outlet.awaitEmpty()) {
                underWay = List.of();
                step();
            }
        } catch (RuntimeException e) {
            outlet.fail(Statuses.of(e));
        } finally {
            end();
        }
    }

    private void step() {
        if (stopping) {
            throw Refused.unavailable("The server is stopping");
        }
        try {
            deliverNext();
            failing = false;
        } catch (RuntimeException e) {
            waitOrGiveUp(e);
        }
    }

    private void deliverNext() {
        Caller caller = client.caller();
        caller.check(order.queue());
        int room = room(caller);
        if (room == 0) {
            return;
        }
        pay(caller);
        var asked = new ClaimRequest(
                order.queue(), order.worker(), Math.min(order.most(), room), order.leaseSeconds(), WAIT_SECONDS);
        var found = taking.take(
                caller,
                asked,
                () -> !stopping && !outlet.isGone(),
                job -> order.job().apply(caller, job));
        if (!found.taken().isEmpty()) {
            send(caller, found);
        } else if (found.passedOver()) {
            var unused = outlet.pause(LOOK_AGAIN);
        }
    }

    private void send(Caller caller, Taking.Catch<J> found) {
        underWay = found.leases();
        sender = caller;
        if (hand != null) {
            hand.take(underWay);
        }
        paid = false;
        underWayNumber = outlet.send(order.message().apply(found.messages()));
    }

    /// How many more jobs the worker may have, looked at again after a second without any settled here.
    private int room(Caller caller) {
        if (hand == null) {
            return order.most();
        }
        if (!hand.awaitRoom(LOOK_AGAIN)) {
            Map<UUID, UUID> held = hand.held();
            hand.keepOnly(held, jobs.stillHeld(caller, held));
        }
        return hand.room();
    }

    /// One request of the rate for each message, taken before its jobs are claimed.
    private void pay(Caller caller) {
        if (!paid) {
            client.charge(caller);
            paid = true;
        }
    }

    private void waitOrGiveUp(RuntimeException failure) {
        Refusal refusal = Statuses.refusalOf(failure);
        switch (refusal) {
            case Refusal.RateLimited limited -> {
                var unused = outlet.pause(Duration.ofSeconds(Math.clamp(limited.retryAfterSeconds(), 1, 4)));
            }
            case Refusal.Unavailable _, Refusal.Internal _ -> {
                long now = System.nanoTime();
                failingSince = failing ? failingSince : now;
                failing = true;
                if (now - failingSince > TRY_FOR.toNanos()) {
                    throw Refused.unavailable("The server cannot deliver jobs right now: " + refusal.message());
                }
                var unused = outlet.pause(TRY_AGAIN);
            }
            default -> throw new Refused(refusal);
        }
    }

    private void end() {
        if (!underWay.isEmpty() && !outlet.hasLeft(underWayNumber) && sender != null) {
            jobs.release(sender, underWay);
        }
        if (hand != null) {
            hand.close();
        }
    }
}
