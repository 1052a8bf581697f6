package dev.spooled.conformance.load;

import dev.spooled.conformance.history.History;
import dev.spooled.conformance.history.Op;
import dev.spooled.conformance.load.Wire.Reply;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/// What all actors share: the wire, the history, numbers for operations, and whether the play goes on.
final class Stage {
    /// Queues that anything may happen to.
    static final List<String> QUEUES = List.of("q0", "q1", "q2", "q3");
    /// Queues with jobs of workflows, of schedules, and with jobs that fail without a wish for the time of the retry.
    static final String STEPS = "steps";

    static final String TICKS = "ticks";
    static final String EXACT = "exact";
    static final String LINE = "line";
    static final String WAKES = "wakes";

    private final Wire wire;
    private final History history;
    private final AtomicLong numbers = new AtomicLong();
    private volatile boolean open = true;
    private volatile boolean working = true;

    Stage(Wire wire, History history) {
        this.wire = wire;
        this.history = history;
    }

    Wire wire() {
        return wire;
    }

    History history() {
        return history;
    }

    long number() {
        return numbers.incrementAndGet();
    }

    /// Whether jobs are still made and servers disturbed.
    boolean isOpen() {
        return open;
    }

    /// Whether jobs are still worked off.
    boolean isWorking() {
        return working;
    }

    void closeDoors() {
        open = false;
        wire.stopCutting();
    }

    void end() {
        working = false;
    }

    /// Writes down what came of a request, unless it never went out. `answer` is what the checks need of it.
    void note(Actor actor, String name, Reply reply, ObjectNode asked, ObjectNode answer) {
        if (reply.wasSent()) {
            if (reply.retryAfter() != null) {
                answer.put("retry_after", reply.retryAfter());
            }
            history.add(new Op(
                    actor.by(),
                    name,
                    actor.org().name(),
                    reply.sent(),
                    reply.heard(),
                    reply.outcome(),
                    reply.status(),
                    asked,
                    answer));
        }
    }

    /// A request whose answer says nothing but whether it succeeded.
    Reply plain(Actor actor, String name, String method, String path, ObjectNode asked) {
        Reply reply = wire.ask(actor, method, path, "");
        note(actor, name, reply, asked, object());
        return reply;
    }

    static ObjectNode object() {
        return JsonNodeFactory.instance.objectNode();
    }

    static ArrayNode array() {
        return JsonNodeFactory.instance.arrayNode();
    }

    /// A time of an answer in microseconds, 0 for none.
    static long micros(JsonNode time) {
        return time.isString()
                ? History.micros(OffsetDateTime.parse(time.asString("")).toInstant())
                : 0;
    }

    static String time(long micros) {
        return Instant.ofEpochSecond(micros / 1_000_000, micros % 1_000_000 * 1_000)
                .toString();
    }

    static void pause(long millis) {
        LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(millis));
    }
}
