package dev.spooled.live;

import dev.spooled.json.Json;
import dev.spooled.json.JsonObject;
import dev.spooled.refusal.Refused;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// What a client says on its WebSocket, in either of two ways: `{"cmd":"Subscribe",...}`, which is never
/// acknowledged, and `{"type":"subscribe","request_id":...}`, which always is.
record Command(Verb verb, Filter filter, @Nullable Receipt receipt) {
    enum Verb {
        SUBSCRIBE,
        UNSUBSCRIBE,
        PING,
        /// An acknowledged command that cannot be meant; its receipt says why.
        FAULTY
    }

    /// What an acknowledgement repeats, and what was wrong.
    record Receipt(String requestId, @Nullable String fault) {}

    /// Empty for what is no command, or an unacknowledged one that cannot be meant.
    static Optional<Command> read(String text) {
        try {
            JsonObject said = Json.object(text.getBytes(StandardCharsets.UTF_8));
            String verb = said.textOrNull("cmd");
            return verb == null ? acknowledged(said) : unacknowledged(verb, said);
        } catch (Refused notACommand) {
            return Optional.empty();
        }
    }

    private static Optional<Command> unacknowledged(String word, JsonObject said) {
        return verb(word).map(verb -> new Command(verb, filter(said, "queue"), null));
    }

    private static Optional<Command> acknowledged(JsonObject said) {
        String word = said.textOrNull("type");
        Optional<Verb> verb = word == null ? Optional.empty() : verb(word);
        return verb.map(it -> acknowledged(it, said));
    }

    private static Command acknowledged(Verb verb, JsonObject said) {
        String given = said.textOrNull("request_id");
        String id = given == null ? "" : given;
        try {
            JsonObject filter = said.memberOrNull("filter");
            return new Command(
                    verb, filter == null ? Filter.NONE : filter(filter, "queue_name"), new Receipt(id, null));
        } catch (Refused wrong) {
            return new Command(Verb.FAULTY, Filter.NONE, new Receipt(id, wrong.getMessage()));
        }
    }

    private static Optional<Verb> verb(String word) {
        return switch (word.toLowerCase(Locale.ROOT)) {
            case "subscribe" -> Optional.of(Verb.SUBSCRIBE);
            case "unsubscribe" -> Optional.of(Verb.UNSUBSCRIBE);
            case "ping" -> Optional.of(Verb.PING);
            default -> Optional.empty();
        };
    }

    private static Filter filter(JsonObject said, String queueMember) {
        String queue = wordOrNull(said, queueMember);
        List<String> names = said.textsOrNull("events");
        Set<EventKind> kinds = names == null || names.isEmpty() ? null : Interest.kinds(names, Dialect.GO);
        return new Filter(
                queue == null ? null : new QueuePattern(queue),
                Filter.job(wordOrNull(said, "job_id")),
                wordOrNull(said, "worker_id"),
                kinds);
    }

    /// Go sends empty texts for what it leaves open.
    private static @Nullable String wordOrNull(JsonObject said, String member) {
        String word = said.textOrNull(member);
        return word == null || word.isBlank() ? null : word.strip();
    }
}
