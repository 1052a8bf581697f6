package dev.spooled.bench;

import dev.spooled.engine.Command;
import dev.spooled.engine.Lane;
import dev.spooled.engine.NewJob;
import dev.spooled.refusal.Refused;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/// The way in without HTTP: commands straight into the lane of this process.
final class LaneDoor implements Door {
    private static final int LEASE_SECONDS = 300;

    private final Lane lane;
    private final int org;
    private final int[] queues;

    LaneDoor(EngineUnderTest engine) {
        this.lane = engine.lane();
        this.org = engine.org();
        this.queues = engine.queues();
    }

    @Override
    public int enqueue(int queue, int priority, int count) throws Declined {
        var jobs = new ArrayList<NewJob>(count);
        for (int i = 0; i < count; i++) {
            jobs.add(NewJob.plain(org, queues[queue], priority, Payload.sentNow()));
        }
        return run(new Command.Enqueue(jobs)).size();
    }

    @Override
    public List<Held> claim(int queue, String worker, int limit, Duration wait) throws Declined {
        var held = new ArrayList<Held>();
        for (var job : leased(queue, worker, limit, wait)) {
            held.add(new Held(job.id(), job.leaseId(), Held.UNKNOWN));
        }
        return held;
    }

    List<Command.Leased> leased(int queue, String worker, int limit, Duration wait) throws Declined {
        return run(new Command.Claim(
                org, queues[queue], worker, limit, LEASE_SECONDS, Math.toIntExact(wait.toMillis()), () -> true));
    }

    @Override
    public void complete(Held job, String worker) throws Declined {
        var holder = new Command.Holder(org, job.id(), job.lease(), worker);
        var settled = run(new Command.Complete(holder, null));
        if (!(settled instanceof Command.Settled.Completed)) {
            throw new Declined("job " + job.id() + " was not completed: " + settled);
        }
    }

    @Override
    public void close() {}

    private <R> R run(Command<R> command) throws Declined {
        try {
            return lane.run(command);
        } catch (Refused refused) {
            throw new Declined(refused.refusal().message());
        }
    }
}
