package dev.spooled.live;

import dev.spooled.engine.JobStatus;
import dev.spooled.json.Json;
import dev.spooled.json.JsonWriter;
import dev.spooled.time.Clock;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Arrays;
import java.util.UUID;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// One event, shared by all who hear of it. It is written once, when the first listener needs it; until then it is kept
/// small, because thousands outlive every young collection.
final class LiveEvent {
    private static final int OVERHEAD = 1_000;

    private final EventKind kind;
    private final About about;
    private final long atMicros;
    private final Consumer<JsonWriter> members;
    private final int weight;
    private final @Nullable Step step;
    private volatile byte @Nullable [] json;

    /// What an event is about; filters go by this.
    record About(
            @Nullable String queue,
            @Nullable UUID job,
            @Nullable String worker) {
        static final About NOTHING = new About(null, null, null);

        static About queue(String queue) {
            return new About(queue, null, null);
        }

        static About job(String queue, UUID job) {
            return new About(queue, job, null);
        }
    }

    /// The change of a job's status that an event tells of.
    record Step(JobStatus from, JobStatus to) {}

    /// `members` writes what `data` has besides the time.
    LiveEvent(EventKind kind, About about, Instant at, Consumer<JsonWriter> members) {
        this(kind, about, Clock.microsOf(at), null, 0, members);
    }

    /// With the length of what text it holds on to.
    LiveEvent(
            EventKind kind,
            About about,
            long atMicros,
            @Nullable Step step,
            int textLength,
            Consumer<JsonWriter> members) {
        this.kind = kind;
        this.step = step;
        this.about = about;
        this.atMicros = atMicros;
        this.members = members;
        this.weight = OVERHEAD + 4 * textLength;
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

    /// The whole event as JSON on one line; `id` is a member of it unless null. Not to be changed.
    byte[] json(Dialect dialect, @Nullable String id) {
        byte[] usual = json();
        if (dialect == Dialect.PLAIN && id == null) {
            return usual;
        }
        byte[] head = head(dialect.typeOf(kind), id);
        int skipped = head(kind.type(), null).length;
        byte[] whole = Arrays.copyOf(head, head.length + usual.length - skipped);
        System.arraycopy(usual, skipped, whole, head.length, usual.length - skipped);
        return whole;
    }

    private byte[] json() {
        byte[] known = json;
        if (known == null) {
            known = Json.write(this::write);
            json = known;
        }
        return known;
    }

    /// As `Json.write` begins.
    private static byte[] head(String type, @Nullable String id) {
        String head = "{\"type\":\"" + type + "\"," + (id == null ? "" : "\"id\":\"" + id + "\",");
        return head.getBytes(StandardCharsets.UTF_8);
    }

    /// Time, job and queue stand outside of `data`, too: some clients look for them there.
    private void write(JsonWriter to) {
        Instant at = Clock.instantOf(atMicros);
        to.text("type", kind.type());
        to.object("data", data -> {
            members.accept(data);
            data.time("timestamp", at);
        });
        to.time("timestamp", at);
        if (about.job() != null) {
            to.id("job_id", about.job());
        }
        if (about.queue() != null) {
            to.text("queue_name", about.queue());
        }
    }
}
