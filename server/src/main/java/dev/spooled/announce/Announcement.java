package dev.spooled.announce;

import java.util.UUID;
import org.jspecify.annotations.Nullable;

/// Something that happened to an organization's queue, worker or schedule and has been committed. Changes of jobs are
/// not among them: those the lane tells.
public sealed interface Announcement {
    int org();

    record QueuePaused(int org, String queue, @Nullable String reason) implements Announcement {}

    record QueueResumed(int org, String queue) implements Announcement {}

    record WorkerRegistered(int org, String worker, String queue, String hostname) implements Announcement {}

    /// `status` as the wire has it.
    record WorkerHeartbeat(int org, String worker, String status) implements Announcement {}

    record WorkerDeregistered(int org, String worker) implements Announcement {}

    record ScheduleTriggered(int org, String queue, UUID schedule, UUID job) implements Announcement {}

    record JobProgress(
            int org,
            String queue,
            UUID job,
            double percent,
            @Nullable String message) implements Announcement {}
}
