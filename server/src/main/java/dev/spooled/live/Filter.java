package dev.spooled.live;

import dev.spooled.live.LiveEvent.About;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// What an event must be about, and of which kinds it must be; what is null does not matter.
record Filter(
        @Nullable QueuePattern queue,
        @Nullable String job,
        @Nullable String worker,
        @Nullable Set<EventKind> kinds) {
    static final Filter NONE = new Filter(null, null, null);

    Filter(@Nullable QueuePattern queue, @Nullable String job, @Nullable String worker) {
        this(queue, job, worker, null);
    }

    boolean passes(About about) {
        return passesQueue(about) && is(job, about.job()) && is(worker, about.worker());
    }

    private boolean passesQueue(About about) {
        return queue == null || about.queue() != null && queue.matches(about.queue());
    }

    private static boolean is(@Nullable String wanted, @Nullable String found) {
        return wanted == null || wanted.equalsIgnoreCase(found);
    }
}
