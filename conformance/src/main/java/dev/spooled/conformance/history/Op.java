package dev.spooled.conformance.history;

import java.util.Locale;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/// One operation from the sending of its request to the end of its answer.
///
/// `by` is the thread that asked, `name` what it asked for, `org` for which organization. Times are microseconds since
/// 1970. `asked` and `answer` hold what the checks need of request and answer; an empty object where there is nothing.
public record Op(
        String by,
        String name,
        String org,
        long sent,
        long heard,
        Outcome outcome,
        int status,
        JsonNode asked,
        JsonNode answer) {
    static final JsonMapper JSON = JsonMapper.builder().build();

    public boolean is(String other) {
        return name.equals(other);
    }

    public boolean isOk() {
        return outcome == Outcome.OK;
    }

    /// Whether it may have had an effect.
    public boolean mayHaveHappened() {
        return outcome != Outcome.FAIL;
    }

    /// A text of the request, empty when it has none.
    public String asked(String member) {
        return asked.path(member).asString("");
    }

    /// A text of the answer, empty when it has none.
    public String answered(String member) {
        return answer.path(member).asString("");
    }

    /// Where in the history to look, for a human.
    public String place() {
        return name + " by " + by + " at " + sent + ".." + heard;
    }

    String line() {
        ObjectNode line = JsonNodeFactory.instance.objectNode();
        line.put("by", by).put("op", name).put("org", org).put("sent", sent).put("heard", heard);
        line.put("outcome", outcome.name().toLowerCase(Locale.ROOT)).put("status", status);
        line.set("asked", asked);
        line.set("answer", answer);
        return JSON.writeValueAsString(line);
    }

    static Op of(JsonNode line) {
        return new Op(
                line.path("by").asString("?"),
                line.path("op").asString(""),
                line.path("org").asString(""),
                line.path("sent").asLong(0),
                line.path("heard").asLong(0),
                Outcome.valueOf(line.path("outcome").asString("ok").toUpperCase(Locale.ROOT)),
                line.path("status").asInt(0),
                objectOf(line.path("asked")),
                objectOf(line.path("answer")));
    }

    private static JsonNode objectOf(JsonNode node) {
        return node.isMissingNode() ? JsonNodeFactory.instance.objectNode() : node;
    }
}
