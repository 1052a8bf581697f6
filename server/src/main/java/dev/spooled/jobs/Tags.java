package dev.spooled.jobs;

import dev.spooled.json.Json;
import dev.spooled.json.JsonLabel;
import dev.spooled.json.JsonObject;
import dev.spooled.json.SearchedJson;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// A job's tags: their JSON text, and the terms a tag filter finds the job by: each tag's `key` and `key:value`.
/// Terms beyond `MAX_TERMS`, and very long ones, are stored but not searched.
public record Tags(String json, List<String> terms) {
    private static final int MAX_TERMS = 256;
    private static final int MAX_TERM_LENGTH = 255;

    public Tags {
        SearchedJson.check("tags", json);
    }

    /// The tags a request carries, or null.
    public static @Nullable Tags of(JsonObject request) {
        String json = request.rawOrNull("tags");
        return json == null ? null : new Tags(json, terms(request.labels("tags")));
    }

    /// Tags of ours: names with plain values.
    public static Tags of(Map<String, String> plain) {
        byte[] json = Json.write(to -> plain.forEach(to::text));
        return new Tags(
                new String(json, StandardCharsets.UTF_8),
                terms(plain.entrySet().stream()
                        .map(tag -> new JsonLabel(tag.getKey(), tag.getValue()))
                        .toList()));
    }

    private static List<String> terms(List<JsonLabel> labels) {
        return labels.stream()
                .flatMap(label -> label.value() == null
                        ? Stream.of(label.name())
                        : Stream.of(label.name(), label.name() + ":" + label.value()))
                .filter(term -> term.length() <= MAX_TERM_LENGTH)
                .distinct()
                .limit(MAX_TERMS)
                .toList();
    }
}
