package dev.spooled.live;

import java.util.Arrays;
import java.util.Collections;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/// What there is to hear of. A kind has the name of its `type`, a short one for filters and frames, and may have more
/// that clients use. Those marked as asked for only go to listeners that name them, so that clients which do not know
/// them see nothing new.
enum EventKind {
    JOB_STATUS("JobStatusChange", "job.status", List.of("job.status_changed")),
    JOB_CREATED("JobCreated", "job.created", List.of()),
    JOB_COMPLETED("JobCompleted", "job.completed", List.of()),
    JOB_FAILED("JobFailed", "job.failed", List.of()),
    QUEUE_STATS("QueueStats", "queue.stats", List.of()),
    WORKER_HEARTBEAT("WorkerHeartbeat", "worker.heartbeat", List.of()),
    WORKER_REGISTERED("WorkerRegistered", "worker.registered", List.of("worker.joined")),
    WORKER_DEREGISTERED("WorkerDeregistered", "worker.deregistered", List.of("worker.left")),
    SYSTEM_HEALTH("SystemHealth", "system.health", List.of()),
    PING("Ping", "ping", List.of()),
    ERROR("Error", "error", List.of()),
    JOB_STARTED("JobStarted", "job.started", true),
    JOB_RETRYING("JobRetrying", "job.retrying", true),
    JOB_PROGRESS("JobProgress", "job.progress", true),
    JOB_CANCELLED("JobCancelled", "job.cancelled", true),
    QUEUE_PAUSED("QueuePaused", "queue.paused", true),
    QUEUE_RESUMED("QueueResumed", "queue.resumed", true),
    SCHEDULE_TRIGGERED("ScheduleTriggered", "schedule.triggered", true);

    private static final Map<String, EventKind> BY_NAME = byName();

    /// What a listener hears of that names nothing.
    static final Set<EventKind> USUAL = usual();

    private final String type;
    private final String shortName;
    private final List<String> otherNames;
    private final boolean onlyWhenAsked;

    EventKind(String type, String shortName, List<String> otherNames) {
        this.type = type;
        this.shortName = shortName;
        this.otherNames = otherNames;
        this.onlyWhenAsked = false;
    }

    EventKind(String type, String shortName, boolean onlyWhenAsked) {
        this.type = type;
        this.shortName = shortName;
        this.otherNames = List.of();
        this.onlyWhenAsked = onlyWhenAsked;
    }

    static Optional<EventKind> named(String name) {
        return Optional.ofNullable(BY_NAME.get(name.strip().toLowerCase(Locale.ROOT)));
    }

    String type() {
        return type;
    }

    String shortName() {
        return shortName;
    }

    /// As the Go client has it: its handlers know workers that join and leave.
    String goName() {
        return switch (this) {
            case WORKER_REGISTERED, WORKER_DEREGISTERED -> otherNames.getFirst();
            default -> shortName;
        };
    }

    /// Whether a newer event about the same thing makes this one worth little.
    boolean isPassing() {
        return this == QUEUE_STATS || this == WORKER_HEARTBEAT || this == SYSTEM_HEALTH;
    }

    private static Set<EventKind> usual() {
        var usual = EnumSet.noneOf(EventKind.class);
        Arrays.stream(values()).filter(kind -> !kind.onlyWhenAsked).forEach(usual::add);
        return Collections.unmodifiableSet(usual);
    }

    private static Map<String, EventKind> byName() {
        var names = new HashMap<String, EventKind>();
        for (EventKind kind : values()) {
            names.put(kind.type.toLowerCase(Locale.ROOT), kind);
            names.put(kind.shortName, kind);
            kind.otherNames.forEach(name -> names.put(name, kind));
        }
        return names;
    }
}
