package dev.spooled.live;

import dev.spooled.engine.JobStatus;
import dev.spooled.json.Json;
import dev.spooled.json.JsonWriter;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Arrays;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// One event, shared by all who hear of it. What follows its `type` is written once, when the first listener needs it.
final class LiveEvent {
    private static final int OVERHEAD = 400;

    private final EventKind kind;
    private final About about;
    private final Instant at;
    private final Consumer<JsonWriter> members;
    private final int weight;
    private final @Nullable Step step;
    private volatile byte @Nullable [] rest;

    /// What an event is about; filters go by this.
    record About(
            @Nullable String queue,
            @Nullable String job,
            @Nullable String worker) {
        static final About NOTHING = new About(null, null, null);

        static About queue(String queue) {
            return new About(queue, null, null);
        }

        static About job(String queue, String job) {
            return new About(queue, job, null);
        }
    }

    /// The change of a job's status that an event tells of.
    record Step(JobStatus from, JobStatus to) {}

    /// `members` writes what `data` has besides the time.
    LiveEvent(EventKind kind, About about, Instant at, Consumer<JsonWriter> members) {
        this(kind, about, at, null, 0, members);
    }

    /// With the length of what text it holds on to.
    LiveEvent(
            EventKind kind,
            About about,
            Instant at,
            @Nullable Step step,
            int textLength,
            Consumer<JsonWriter> members) {
        this.kind = kind;
        this.step = step;
        this.about = about;
        this.at = at;
        this.members = members;
        this.weight = OVERHEAD + 2 * textLength;
    }

    static LiveEvent error(String message, Instant at) {
        return new LiveEvent(EventKind.ERROR, About.NOTHING, at, data -> data.text("message", message));
    }

    static LiveEvent ping(Instant at) {
        return new LiveEvent(EventKind.PING, About.NOTHING, at, data -> {});
    }

    EventKind kind() {
        return kind;
    }

    About about() {
        return about;
    }

    @Nullable
    Step step() {
        return step;
    }

    /// Roughly what it takes of the memory, in bytes.
    int weight() {
        return weight;
    }

    /// What of several events of a passing kind a newer one replaces.
    String key() {
        String of = about.queue() != null ? about.queue() : about.worker();
        return kind.shortName() + " " + of;
    }

    /// The whole event as JSON on one line; `id` is a member of it unless null.
    byte[] json(Dialect dialect, @Nullable String id) {
        String head = "{\"type\":\"" + dialect.typeOf(kind) + "\"," + (id == null ? "" : "\"id\":\"" + id + "\",");
        byte[] start = head.getBytes(StandardCharsets.UTF_8);
        byte[] end = rest();
        byte[] whole = Arrays.copyOf(start, start.length + end.length);
        System.arraycopy(end, 0, whole, start.length, end.length);
        return whole;
    }

    private byte[] rest() {
        byte[] known = rest;
        if (known == null) {
            byte[] object = Json.write(this::write);
            known = Arrays.copyOfRange(object, 1, object.length);
            rest = known;
        }
        return known;
    }

    /// Time, job and queue stand outside of `data`, too: some clients look for them there.
    private void write(JsonWriter to) {
        to.object("data", data -> {
            members.accept(data);
            data.time("timestamp", at);
        });
        to.time("timestamp", at);
        if (about.job() != null) {
            to.text("job_id", about.job());
        }
        if (about.queue() != null) {
            to.text("queue_name", about.queue());
        }
    }
}
