package dev.spooled.support;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiFunction;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.SerializationFeature;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;
import tools.jackson.databind.node.StringNode;

/// A file of contract/examples: exchanges in the order they are played. What the server makes up (ids, keys, leases) is
/// written `${exchange.member}`, by the exchange and the member in which it was first told; whoever plays an example
/// keeps it and expects the same from then on, and sends it where a request names it.
public final class Examples {
    private static final JsonMapper JSON =
            JsonMapper.builder().enable(SerializationFeature.INDENT_OUTPUT).build();
    private static final Pattern NAMED = Pattern.compile("\\$\\{([^}]+)}");

    /// Ids, keys and the part of a key that is shown.
    private static final Pattern MADE_UP = Pattern.compile(
            "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|sk_(live|test)_[A-Za-z0-9_-]{2,}");

    /// Times are told to the microsecond, which the engine uses to keep its batches apart; compared to the millisecond.
    private static final Pattern MICROS =
            Pattern.compile("(\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{3})\\d{3}Z");

    /// An id that the file itself sends.
    private static final String NOBODY = "00000000-0000-7000-8000-000000000000";

    /// `by` is the credential, null for the organization's own.
    public record Request(
            String method, String path, @Nullable String by, String body) {}

    /// `after` is how long before it the clock moves and what became due comes up.
    public record Exchange(String name, Duration after, Request request, ObjectNode written) {}

    private final Path file;
    private final ObjectNode document;
    private final List<Exchange> exchanges = new ArrayList<>();
    private final Map<String, String> told = new HashMap<>();

    private Examples(Path file) {
        this.file = file;
        document = (ObjectNode) JSON.readTree(file);
        document.get("exchanges").forEach(node -> exchanges.add(exchange((ObjectNode) node)));
    }

    public static Examples of(String noun) {
        return new Examples(Path.of("../contract/examples", noun + ".json"));
    }

    private static Exchange exchange(ObjectNode node) {
        JsonNode request = node.get("request");
        JsonNode by = request.get("by");
        JsonNode body = request.get("body");
        return new Exchange(
                node.get("name").asString(),
                Duration.ofSeconds(node.path("after_seconds").asInt(0)),
                new Request(
                        request.get("method").asString(),
                        request.get("path").asString(),
                        by == null ? null : by.asString(),
                        body == null
                                ? ""
                                : JSON.writer()
                                        .without(SerializationFeature.INDENT_OUTPUT)
                                        .writeValueAsString(body)),
                node);
    }

    public List<Exchange> exchanges() {
        return exchanges;
    }

    /// The request with what was told so far.
    public Request filled(Exchange exchange) {
        Request as = exchange.request();
        return new Request(as.method(), filled(as.path()), as.by() == null ? null : filled(as.by()), filled(as.body()));
    }

    private String filled(String text) {
        return NAMED.matcher(text).replaceAll(found -> {
            String value = told.get(found.group(1));
            if (value == null) {
                throw new AssertionError("nothing has told ${" + found.group(1) + "} yet");
            }
            return Matcher.quoteReplacement(value);
        });
    }

    /// What an answer has other than the recorded one.
    public List<String> differences(Exchange exchange, int status, String body) {
        var found = new ArrayList<String>();
        JsonNode response = exchange.written().get("response");
        if (response.get("status").asInt() != status) {
            found.add(exchange.name() + ": status " + status + " for " + response.get("status") + " " + body);
        }
        JsonNode expected = response.get("body");
        if (expected == null) {
            if (!body.isEmpty()) {
                found.add(exchange.name() + ": a body where none is recorded: " + body);
            }
            return found;
        }
        JsonNode answered = turned(JSON.readTree(body), "", (path, text) -> toMillis(text));
        learn(expected, answered);
        JsonNode filled = turned(expected, exchange.name(), (path, text) -> filledIfTold(text));
        if (!filled.equals(answered)) {
            found.add(exchange.name() + ":\n  recorded " + filled + "\n  answered " + answered);
        }
        return found;
    }

    private String filledIfTold(String text) {
        return NAMED.matcher(text)
                .replaceAll(found -> Matcher.quoteReplacement(told.getOrDefault(found.group(1), found.group())));
    }

    private void learn(JsonNode recorded, @Nullable JsonNode answered) {
        if (answered == null) {
            return;
        }
        if (recorded instanceof StringNode text) {
            Matcher named = NAMED.matcher(text.asString());
            if (named.matches()
                    && answered instanceof StringNode value
                    && MADE_UP.matcher(value.asString()).matches()) {
                told.putIfAbsent(named.group(1), value.asString());
            }
        } else if (recorded instanceof ObjectNode object) {
            object.properties().forEach(member -> learn(member.getValue(), answered.get(member.getKey())));
        } else if (recorded instanceof ArrayNode array) {
            for (int i = 0; i < array.size(); i++) {
                learn(array.get(i), answered.get(i));
            }
        }
    }

    /// Writes an answer into the exchange, what was made up replaced by its name.
    public void record(Exchange exchange, int status, String body) {
        ObjectNode response = JSON.createObjectNode().put("status", status);
        if (!body.isEmpty()) {
            response.set("body", turned(JSON.readTree(body), exchange.name(), this::named));
        }
        exchange.written().set("response", response);
    }

    private static String toMillis(String text) {
        Matcher found = MICROS.matcher(text);
        return found.matches() ? found.group(1) + "Z" : text;
    }

    private String named(String path, String text) {
        String out = toMillis(text);
        Matcher found = MADE_UP.matcher(text);
        while (found.find()) {
            String value = found.group();
            if (value.equals(NOBODY)) {
                continue;
            }
            String name = told.entrySet().stream()
                    .filter(entry -> entry.getValue().equals(value))
                    .map(Map.Entry::getKey)
                    .findFirst()
                    .orElse(path);
            told.putIfAbsent(name, value);
            out = out.replace(value, "${" + name + "}");
        }
        return out;
    }

    private static JsonNode turned(JsonNode node, String path, BiFunction<String, String, String> text) {
        if (node instanceof StringNode string) {
            return StringNode.valueOf(text.apply(path, string.asString()));
        }
        if (node instanceof ObjectNode object) {
            ObjectNode copy = JSON.createObjectNode();
            object.properties()
                    .forEach(member ->
                            copy.set(member.getKey(), turned(member.getValue(), path + "." + member.getKey(), text)));
            return copy;
        }
        if (node instanceof ArrayNode array) {
            ArrayNode copy = JSON.createArrayNode();
            for (int i = 0; i < array.size(); i++) {
                copy.add(turned(array.get(i), path + "." + i, text));
            }
            return copy;
        }
        return node;
    }

    public void write() {
        try {
            Files.writeString(file, JSON.writeValueAsString(document) + "\n");
        } catch (java.io.IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }
}
