package dev.spooled.live;

import dev.spooled.engine.JobStatus;
import dev.spooled.jobs.Job;
import dev.spooled.jobs.JobReads;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/// A stream of one job: its status at once, then each change, until it has ended.
///
/// The status is read while changes may be under way, so one that was read already may be told after it: what does not
/// go on from the status known is left out. What was never told, as changes of a batch whose answer was lost, is found
/// by reading again.
final class JobCourse implements Course {
    private final Hub hub;
    private final JobReads reads;
    private final Listener listener;
    private final Of of;
    private @Nullable JobStatus known;
    private @Nullable JobStatus suspected;
    private boolean unknown;

    /// Which job, null for what can be no job's id, and which kinds of its events.
    record Of(@Nullable UUID job, Set<EventKind> kinds) {}

    JobCourse(Hub hub, JobReads reads, Listener listener, Of of) {
        this.hub = hub;
        this.reads = reads;
        this.listener = listener;
        this.of = of;
    }

    @Override
    public List<LiveEvent> opening() {
        Optional<Job> found = read();
        if (found.isEmpty()) {
            unknown = true;
            return List.of(LiveEvent.error("Job not found", hub.now()));
        }
        return becomes(found.get());
    }

    private Optional<Job> read() {
        UUID job = of.job();
        return job == null
                ? Optional.empty()
                : reads.seen(listener.caller(), List.of(job), false).stream()
                        .filter(it -> listener.caller().maySee(it.queueName()))
                        .findFirst();
    }

    private List<LiveEvent> becomes(Job now) {
        String before = known == null ? "" : known.wire();
        known = now.status();
        return List.of(Events.status(now.queueName(), now.id(), before, known, hub.now()));
    }

    @Override
    public boolean takes(LiveEvent event) {
        return follows(event) && of.kinds().contains(event.kind());
    }

    private boolean follows(LiveEvent event) {
        LiveEvent.Step step = event.step();
        if (step == null) {
            return event.kind() != EventKind.JOB_CREATED;
        }
        if (event.kind() != EventKind.JOB_STATUS) {
            return known == step.to();
        }
        boolean goesOn = known == step.from();
        known = goesOn ? step.to() : known;
        return goesOn;
    }

    /// Only what is so twice was missed: the first time its event may be on its way.
    @Override
    public List<LiveEvent> again() {
        Optional<Job> found = read();
        JobStatus now = found.map(Job::status).orElse(null);
        boolean missed = found.isPresent() && now != known && now == suspected;
        suspected = now;
        return missed ? becomes(found.get()) : List.of();
    }

    @Override
    public Duration every() {
        return hub.rhythm().again();
    }

    @Override
    public boolean isOver() {
        return unknown || known != null && isTerminal(known);
    }

    private static boolean isTerminal(JobStatus status) {
        return switch (status) {
            case PENDING, SCHEDULED, PROCESSING -> false;
            case COMPLETED, FAILED, DEADLETTER, CANCELLED -> true;
        };
    }
}
