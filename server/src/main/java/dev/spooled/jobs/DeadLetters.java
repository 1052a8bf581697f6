package dev.spooled.jobs;

import dev.spooled.access.Caller;
import dev.spooled.engine.Command;
import dev.spooled.engine.JobStatus;
import dev.spooled.engine.Lanes;
import dev.spooled.refusal.Refusal;
import dev.spooled.refusal.Refused;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/// Retries and purges dead letters, by their ids or by a filter. The filter picks ids, oldest first; the lane then acts
/// only on those that are dead letters at that instant, so nothing is done to a job that somebody else has revived.
public final class DeadLetters {
    private static final int AT_ONCE = 500;

    private final Lanes lanes;
    private final JobLists lists;
    private final JobReads reads;

    public DeadLetters(Lanes lanes, JobLists lists, JobReads reads) {
        this.lanes = lanes;
        this.lists = lists;
        this.reads = reads;
    }

    /// Which dead letters are meant: those with the ids, else of the queue, else all; with `before` only those
    /// that died before it.
    record Which(
            @Nullable List<UUID> ids,
            @Nullable String queueName,
            @Nullable Instant before,
            int limit) {
        boolean isFiltered() {
            return ids != null || queueName != null || before != null;
        }
    }

    List<Job> list(Caller caller, @Nullable String queueName, ListRequest.Part part) {
        return lists.deadLetters(caller, queueName, part);
    }

    List<UUID> retry(Caller caller, Which which) {
        return act(caller, which, jobs -> new Command.Replay(caller.org(), jobs));
    }

    int purge(Caller caller, Which which, @Nullable Boolean confirmed) {
        boolean allowed = confirmed == null ? which.isFiltered() : confirmed;
        if (!allowed) {
            throw new Refused(new Refusal.BadRequest("A purge needs \"confirm\": true, or a filter"));
        }
        return act(caller, which, jobs -> new Command.Purge(caller.org(), jobs)).size();
    }

    private interface Act {
        Command<List<UUID>> on(List<UUID> jobs);
    }

    /// In parts that leave the lane to others in between. What was picked and met nothing any more is made up for by
    /// picking again, as long as anything is met.
    private List<UUID> act(Caller caller, Which which, Act act) {
        var done = new ArrayList<UUID>();
        List<UUID> picked;
        List<UUID> met;
        do {
            picked = pick(caller, which, Math.min(AT_ONCE, which.limit() - done.size()));
            met = picked.isEmpty() ? List.of() : lanes.run(caller.org(), act.on(picked));
            done.addAll(met);
        } while (which.ids() == null && !met.isEmpty() && done.size() < which.limit());
        return done;
    }

    private List<UUID> pick(Caller caller, Which which, int limit) {
        if (which.ids() == null) {
            return lists.oldestDead(caller, which.queueName(), which.before(), limit);
        }
        Instant before = which.before();
        return reads.seen(caller, which.ids(), false).reversed().stream()
                .filter(job -> caller.maySee(job.queueName()) && job.status() == JobStatus.DEADLETTER)
                .filter(job -> which.queueName() == null || which.queueName().equals(job.queueName()))
                .filter(job -> before == null || job.times().updated().isBefore(before))
                .map(Job::id)
                .limit(which.limit())
                .toList();
    }
}
