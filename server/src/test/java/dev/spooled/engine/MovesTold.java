package dev.spooled.engine;

import dev.spooled.engine.JobLifeModel.Job;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/// Follows what the lane tells of its changes, and says what is wrong with it: each change goes on where the one before
/// it left the job, their numbers never fall, and together they come to the statuses of the model.
final class MovesTold {
    private final Map<UUID, JobMove> last = new HashMap<>();
    private final List<JobMove> all = new ArrayList<>();

    @Nullable
    String fault(List<JobMove> moves) {
        all.addAll(moves);
        for (JobMove move : moves) {
            JobMove before = last.put(move.job(), move);
            if ((before == null ? null : before.to()) != move.from()) {
                return move + " does not go on from " + before;
            }
            // The test's clock stands still over batches, which a lane's never does.
            if (before != null && before.atMicros() > move.atMicros()) {
                return move + " is numbered below " + before;
            }
        }
        return null;
    }

    @Nullable
    String differenceTo(Map<UUID, Job> jobs) {
        for (Job job : jobs.values()) {
            JobMove move = last.get(job.id);
            if (move == null || move.to() != statusOf(job)) {
                return "told last " + move + " of job " + job.id + " (expected: " + statusOf(job) + ")";
            }
        }
        return null;
    }

    static JobStatus statusOf(Job job) {
        return switch (job.state) {
            case READY, WAITING -> JobStatus.PENDING;
            case SCHEDULED -> job.retries > 0 ? JobStatus.PENDING : JobStatus.SCHEDULED;
            case LEASED -> JobStatus.PROCESSING;
            case COMPLETED -> JobStatus.COMPLETED;
            case DEAD -> JobStatus.DEADLETTER;
            case CANCELLED -> JobStatus.CANCELLED;
        };
    }

    /// The rows the outbox must hold: every event of an organization with webhooks, else only the ends of jobs in
    /// `reporting`.
    List<String> outbox(boolean hooked, Set<UUID> reporting) {
        var lines = new ArrayList<String>();
        for (JobMove move : all) {
            String event = eventOf(move);
            boolean end = move.to() == JobStatus.COMPLETED || move.to() == JobStatus.DEADLETTER;
            if (event != null && (hooked || end && reporting.contains(move.job()))) {
                lines.add(move.job() + " " + event + " " + move.atMicros());
            }
        }
        lines.sort(null);
        return lines;
    }

    private static @Nullable String eventOf(JobMove move) {
        if (move.from() == null) {
            return "job.created";
        }
        return switch (move.to()) {
            case PROCESSING -> "job.started";
            case COMPLETED -> "job.completed";
            case DEADLETTER -> "job.failed";
            case CANCELLED -> "job.cancelled";
            case PENDING, SCHEDULED, FAILED -> null;
        };
    }

    static List<String> outboxOf(TestCell cell) {
        return cell
                .rows(
                        "select subject || ' ' || event || ' ' || (extract(epoch from at) * 1000000)::bigint as line"
                                + " from outbox",
                        row -> row.text("line"))
                .stream()
                .sorted()
                .toList();
    }
}
