package dev.spooled.grpc;

import com.google.protobuf.Timestamp;
import dev.spooled.access.Caller;
import dev.spooled.engine.Command.Holder;
import dev.spooled.jobs.JobIds;
import dev.spooled.json.Json;
import dev.spooled.orgs.QueueName;
import dev.spooled.refusal.Refused;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/// The fields of requests, read as the contract means them: an empty text and a zero are absent. What is wrong
/// with one is `Invalid`, in the words that clients look for.
final class Fields {
    private static final int MAX_QUEUE_NAME = 100;
    private static final long LAST_SECOND = 253_402_300_799L;
    private static final int LAST_NANO = 999_999_999;

    private Fields() {}

    static String queue(String name) {
        if (name.isEmpty() || name.length() > MAX_QUEUE_NAME) {
            throw Refused.invalid("queue_name", "Queue name must have 1 to 100 characters");
        }
        if (!QueueName.isValid(name)) {
            throw Refused.invalid(
                    "queue_name", "Queue name must be alphanumeric, with - _ . inside, and not begin with - or .");
        }
        return name;
    }

    static String workerId(String id) {
        if (id.isEmpty()) {
            throw Refused.invalid("worker_id", "Worker ID is required");
        }
        return text("worker_id", id);
    }

    /// A job id as it was sent; one that is no id is nobody's.
    static UUID jobId(String id) {
        if (id.isEmpty()) {
            throw Refused.invalid("job_id", "Job ID is required");
        }
        return JobIds.of(text("job_id", id));
    }

    /// Who acknowledges. A lease id that is no id cannot be the current one, which is what the nil id says.
    static Holder holder(Caller caller, String job, String worker, String lease) {
        String name = job.isEmpty() ? worker : workerId(worker);
        UUID id = jobId(job);
        return new Holder(caller.org(), id, lease.isEmpty() ? null : leaseId(lease), name);
    }

    private static UUID leaseId(String lease) {
        return JobIds.parsed(text("lease_id", lease)).orElseGet(() -> new UUID(0, 0));
    }

    /// Any text, but for the one character that the database has no place for.
    static String text(String field, String value) {
        if (value.indexOf('\0') >= 0) {
            throw Refused.invalid(field, field + " must not hold the character U+0000");
        }
        return value;
    }

    static @Nullable String textOrNull(String field, String value) {
        return value.isEmpty() ? null : text(field, value);
    }

    static @Nullable Integer positiveOrNull(int value) {
        return value <= 0 ? null : value;
    }

    /// A map of texts as a JSON object, or null for an empty one.
    static @Nullable String objectOrNull(String field, Map<String, String> texts) {
        if (texts.isEmpty()) {
            return null;
        }
        texts.forEach((name, value) -> {
            var unused = text(field, name) + text(field, value);
        });
        return new String(Json.write(to -> texts.forEach(to::text)), StandardCharsets.UTF_8);
    }

    static Instant time(String field, Timestamp time) {
        if (time.getSeconds() < 0
                || time.getSeconds() > LAST_SECOND
                || time.getNanos() < 0
                || time.getNanos() > LAST_NANO) {
            throw Refused.invalid(field, field + " must lie between the years 1970 and 9999");
        }
        return Instant.ofEpochSecond(time.getSeconds(), time.getNanos());
    }

    static Timestamp timestamp(Instant time) {
        return Timestamp.newBuilder()
                .setSeconds(time.getEpochSecond())
                .setNanos(time.getNano())
                .build();
    }
}
