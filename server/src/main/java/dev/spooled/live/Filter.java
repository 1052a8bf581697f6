package dev.spooled.live;

import dev.spooled.jobs.JobIds;
import dev.spooled.live.LiveEvent.About;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/// What an event must be about, and of which kinds it must be; what is null does not matter.
record Filter(
        @Nullable QueuePattern queue,
        @Nullable UUID job,
        @Nullable String worker,
        @Nullable Set<EventKind> kinds) {
    private static final UUID NO_JOB = new UUID(0, 0);
    static final Filter NONE = new Filter(null, null, null);

    Filter(@Nullable QueuePattern queue, @Nullable UUID job, @Nullable String worker) {
        this(queue, job, worker, null);
    }

    /// The job that a client names; of what is no id, one that there never is.
    static @Nullable UUID job(@Nullable String named) {
        return named == null ? null : JobIds.parsed(named).orElse(NO_JOB);
    }

    boolean passes(About about) {
        return passesQueue(about) && (job == null || job.equals(about.job())) && is(worker, about.worker());
    }

    private boolean passesQueue(About about) {
        return queue == null || about.queue() != null && queue.matches(about.queue());
    }

    private static boolean is(@Nullable String wanted, @Nullable String found) {
        return wanted == null || wanted.equalsIgnoreCase(found);
    }
}
