package dev.spooled.live;

import dev.spooled.announce.Announcement;
import dev.spooled.engine.JobMove;
import dev.spooled.engine.JobMove.Detail;
import dev.spooled.engine.JobStatus;
import dev.spooled.json.JsonWriter;
import dev.spooled.live.LiveEvent.About;
import dev.spooled.live.LiveEvent.Step;
import dev.spooled.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import java.util.UUID;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// What happened, as events. A change of a job is one or two of them, which share its number.
final class Events {
    /// A result longer than this is left out, so that an event is a line of less than 64 KiB.
    static final int MAX_RESULT = 16_000;

    private Events() {}

    static List<LiveEvent> of(JobMove move, String queue) {
        var change = new Change(move, About.job(queue, move.job()));
        JobStatus from = move.from();
        if (from == null) {
            int priority = move.detail() instanceof Detail.Created created ? created.priority() : 0;
            return List.of(change.event(EventKind.JOB_CREATED, data -> data.number("priority", priority)));
        }
        LiveEvent status = change.event(
                EventKind.JOB_STATUS,
                data -> data.text("old_status", from.wire())
                        .text("new_status", move.to().wire()));
        return switch (move.detail()) {
            case Detail.Started started ->
                List.of(
                        status,
                        change.event(
                                EventKind.JOB_STARTED,
                                data -> data.text("worker_id", started.worker()).number("attempt", started.attempt())));
            case Detail.Completed completed -> List.of(status, change.completed(completed));
            case Detail.Failed failed -> change.failed(status, failed);
            case Detail.Created created -> List.of(status);
            case Detail.Plain plain ->
                move.to() == JobStatus.CANCELLED
                        ? List.of(status, change.event(EventKind.JOB_CANCELLED, data -> {}))
                        : List.of(status);
        };
    }

    /// A change and what its events have in common.
    private record Change(JobMove move, About about) {
        LiveEvent event(EventKind kind, Consumer<JsonWriter> more) {
            return event(kind, 0, more);
        }

        private LiveEvent event(EventKind kind, int textLength, Consumer<JsonWriter> more) {
            JobStatus from = move.from();
            Step step = from == null ? null : new Step(from, move.to());
            return new LiveEvent(kind, about, move.atMicros(), step, textLength, data -> {
                data.id("job_id", move.job()).text("queue_name", about.queue());
                more.accept(data);
                data.number("transition", move.number());
            });
        }

        LiveEvent completed(Detail.Completed completed) {
            Duration took = Duration.between(completed.startedAt(), Clock.instantOf(move.atMicros()));
            String result = shortEnough(completed.result());
            return event(EventKind.JOB_COMPLETED, result == null ? 0 : result.length(), data -> {
                data.number("duration_ms", Math.max(0, took.toMillis()));
                if (result != null) {
                    data.raw("result", result);
                }
            });
        }

        List<LiveEvent> failed(LiveEvent status, Detail.Failed failed) {
            boolean retries = move.to() == JobStatus.PENDING || move.to() == JobStatus.SCHEDULED;
            LiveEvent event = event(
                    EventKind.JOB_FAILED,
                    failed.error().length(),
                    data -> data.text("error", failed.error())
                            .number("retry_count", failed.retryCount())
                            .flag("will_retry", retries));
            return retries
                    ? List.of(
                            status,
                            event,
                            event(EventKind.JOB_RETRYING, data -> data.number("retry_count", failed.retryCount())))
                    : List.of(status, event);
        }
    }

    private static @Nullable String shortEnough(@Nullable String result) {
        return result == null || result.length() > MAX_RESULT || result.equals("null") ? null : result;
    }

    static LiveEvent of(Announcement news, Instant at) {
        return switch (news) {
            case Announcement.QueuePaused it ->
                new LiveEvent(
                        EventKind.QUEUE_PAUSED,
                        About.queue(it.queue()),
                        at,
                        data -> data.text("queue_name", it.queue()).text("reason", it.reason()));
            case Announcement.QueueResumed it ->
                new LiveEvent(
                        EventKind.QUEUE_RESUMED,
                        About.queue(it.queue()),
                        at,
                        data -> data.text("queue_name", it.queue()));
            case Announcement.WorkerRegistered it ->
                new LiveEvent(
                        EventKind.WORKER_REGISTERED,
                        new About(it.queue(), null, it.worker()),
                        at,
                        data -> data.text("worker_id", it.worker())
                                .text("queue_name", it.queue())
                                .text("hostname", it.hostname()));
            case Announcement.WorkerHeartbeat it ->
                new LiveEvent(
                        EventKind.WORKER_HEARTBEAT,
                        ofWorker(it.worker()),
                        at,
                        data -> data.text("worker_id", it.worker())
                                .text("status", it.status())
                                .text("current_job_id", null));
            case Announcement.WorkerDeregistered it ->
                new LiveEvent(
                        EventKind.WORKER_DEREGISTERED,
                        ofWorker(it.worker()),
                        at,
                        data -> data.text("worker_id", it.worker()));
            case Announcement.ScheduleTriggered it ->
                new LiveEvent(
                        EventKind.SCHEDULE_TRIGGERED,
                        About.job(it.queue(), it.job()),
                        at,
                        data -> data.id("schedule_id", it.schedule())
                                .id("job_id", it.job())
                                .text("queue_name", it.queue()));
            case Announcement.JobProgress it -> progress(it, at);
        };
    }

    private static LiveEvent progress(Announcement.JobProgress it, Instant at) {
        String message = it.message();
        return new LiveEvent(
                EventKind.JOB_PROGRESS,
                About.job(it.queue(), it.job()),
                Clock.microsOf(at),
                null,
                Objects.requireNonNullElse(message, "").length(),
                data -> data.id("job_id", it.job())
                        .text("queue_name", it.queue())
                        .realOrNull("progress", it.percent())
                        .text("message", message));
    }

    static LiveEvent of(QueueReads.Counts counts, Instant at) {
        return new LiveEvent(
                EventKind.QUEUE_STATS,
                About.queue(counts.queue()),
                at,
                data -> data.text("queue_name", counts.queue())
                        .number("pending", counts.pending())
                        .number("processing", counts.processing())
                        .number("completed", counts.completed())
                        .number("failed", counts.failed()));
    }

    /// Events and caches are kept in process here, so that part is always well.
    static LiveEvent health(boolean database, Instant at) {
        return new LiveEvent(
                EventKind.SYSTEM_HEALTH,
                About.NOTHING,
                at,
                data -> data.flag("database", database).flag("redis", true));
    }

    /// The present status of a job, as if it came from nothing.
    static LiveEvent status(String queue, UUID job, String before, JobStatus now, Instant at) {
        return new LiveEvent(
                EventKind.JOB_STATUS,
                About.job(queue, job),
                at,
                data -> data.id("job_id", job)
                        .text("queue_name", queue)
                        .text("old_status", before)
                        .text("new_status", now.wire()));
    }

    private static About ofWorker(String worker) {
        return new About(null, null, worker);
    }
}
