package dev.spooled.conformance.history;

import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/// What was read when all was quiet: `kind` is job, workflow, stats or queue; `state` is what the server said of it.
public record Found(String kind, String org, String id, JsonNode state) {
    public boolean is(String other) {
        return kind.equals(other);
    }

    public String text(String member) {
        return state.path(member).asString("");
    }

    public long number(String member) {
        return state.path(member).asLong(0);
    }

    String line() {
        ObjectNode line = JsonNodeFactory.instance.objectNode();
        line.put("found", kind).put("org", org).put("id", id).set("state", state);
        return Op.JSON.writeValueAsString(line);
    }

    static Found of(JsonNode line) {
        return new Found(
                line.path("found").asString(""),
                line.path("org").asString(""),
                line.path("id").asString(""),
                line.path("state"));
    }
}
