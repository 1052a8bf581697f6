package dev.spooled.grpc;

import com.google.protobuf.MessageLite;
import dev.spooled.access.Caller;
import dev.spooled.engine.Command.Leased;
import dev.spooled.jobs.ClaimRequest;
import dev.spooled.jobs.ClaimedJob;
import dev.spooled.jobs.Jobs;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BooleanSupplier;
import java.util.function.Function;

/// Leases jobs for callers whose messages hold only so much. What does not fit beside the others is given back
/// for the next claim; a job too large for any message is passed over, and left to workers over REST.
final class Taking {
    /// Clients take messages of up to 4 MiB.
    static final int MOST_BYTES = 3_584 * 1_024;

    /// Past so many such jobs a caller is led: by so many claims in a row, all but the first of this many jobs.
    private static final int TRIES = 4;
    private static final int LOOK_PAST = 10;

    private final Jobs jobs;

    Taking(Jobs jobs) {
        this.jobs = jobs;
    }

    /// A leased job and its message.
    record Taken<M>(Leased lease, M message) {}

    /// `passedOver` when nothing was taken but jobs were there, all too large.
    record Catch<M>(List<Taken<M>> taken, boolean passedOver) {
        List<M> messages() {
            return taken.stream().map(Taken::message).toList();
        }

        List<Leased> leases() {
            return taken.stream().map(Taken::lease).toList();
        }
    }

    /// Only the first claim waits, if `asked` does. `message` tells what a job becomes.
    <M extends MessageLite> Catch<M> take(
            Caller caller, ClaimRequest asked, BooleanSupplier alive, Function<ClaimedJob, M> message) {
        var tooLarge = new ArrayList<Leased>();
        try {
            for (int i = 0; i < TRIES; i++) {
                ClaimRequest claim = i == 0 ? asked : asked.lookingPast(LOOK_PAST);
                List<ClaimedJob> claimed = jobs.claim(caller, claim, alive);
                List<Taken<M>> taken = fittingOrNone(caller, asked.limit(), claimed, message, tooLarge);
                if (!taken.isEmpty() || claimed.isEmpty()) {
                    return new Catch<>(taken, taken.isEmpty() && !tooLarge.isEmpty());
                }
            }
            return new Catch<>(List.of(), true);
        } finally {
            jobs.release(caller, tooLarge);
        }
    }

    private <M extends MessageLite> List<Taken<M>> fittingOrNone(
            Caller caller, int most, List<ClaimedJob> claimed, Function<ClaimedJob, M> message, List<Leased> tooLarge) {
        try {
            return fitting(caller, most, claimed, message, tooLarge);
        } catch (RuntimeException e) {
            jobs.release(caller, claimed.stream().map(ClaimedJob::lease).toList());
            throw e;
        }
    }

    private <M extends MessageLite> List<Taken<M>> fitting(
            Caller caller, int most, List<ClaimedJob> claimed, Function<ClaimedJob, M> message, List<Leased> tooLarge) {
        var taken = new ArrayList<Taken<M>>();
        var beside = new ArrayList<Leased>();
        int room = MOST_BYTES;
        for (ClaimedJob job : claimed) {
            M made = message.apply(job);
            int size = made.getSerializedSize();
            if (size > MOST_BYTES) {
                tooLarge.add(job.lease());
            } else if (size > room || taken.size() == most || !beside.isEmpty()) {
                beside.add(job.lease());
            } else {
                room -= size;
                taken.add(new Taken<>(job.lease(), made));
            }
        }
        jobs.release(caller, beside);
        return taken;
    }
}
