package dev.spooled.jobs;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.ObjectMapper;
import tools.jackson.databind.json.JsonMapper;

/// What a tag filter finds a job by: of an object each key and each `key:value` with a plain value, of an array each
/// plain element. The first 32 of at most 64 characters (129 for `key:value`); more tags are stored, not indexed.
final class TagTerms {
    private static final int TAGS_MAX = 32;
    private static final int CHARS_MAX = 64;
    private static final ObjectMapper JSON = JsonMapper.shared();

    private TagTerms() {}

    static List<String> of(@Nullable String tags) {
        if (tags == null) {
            return List.of();
        }
        JsonNode parsed = JSON.readTree(tags);
        var terms = new ArrayList<String>();
        if (parsed.isObject()) {
            parsed.properties().stream().limit(TAGS_MAX).forEach(tag -> addPair(terms, tag.getKey(), tag.getValue()));
        } else if (parsed.isArray()) {
            parsed.valueStream().limit(TAGS_MAX).filter(JsonNode::isValueNode).forEach(tag -> add(terms, text(tag)));
        }
        return List.copyOf(terms);
    }

    private static void addPair(List<String> terms, String key, JsonNode value) {
        add(terms, key);
        if (key.length() <= CHARS_MAX
                && value.isValueNode()
                && !value.isNull()
                && text(value).length() <= CHARS_MAX) {
            terms.add(key + ":" + text(value));
        }
    }

    private static void add(List<String> terms, String term) {
        if (term.length() <= CHARS_MAX && !term.isEmpty()) {
            terms.add(term);
        }
    }

    private static String text(JsonNode value) {
        return value.asString();
    }
}
