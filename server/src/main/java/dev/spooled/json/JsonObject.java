package dev.spooled.json;

import dev.spooled.json.JsonValue.Kind;
import dev.spooled.refusal.Refused;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;

/// An object of a request, read by member. A member is absent, null or a value: `has` is false for the first two,
/// `isNull` is true for the second. `...OrNull` gives null for both, the others refuse both.
///
/// A member of the wrong type, a missing one and a repeated one are `InvalidJson`; ranges are the caller's to judge.
/// `raw` gives a value's own text without white space: numbers, key order and repeated keys inside it stay as sent.
public final class JsonObject {
    static final JsonObject EMPTY = new JsonObject(new byte[0], Map.of());

    private final byte[] source;
    private final Map<String, JsonValue> members;

    private JsonObject(byte[] source, Map<String, JsonValue> members) {
        this.source = source;
        this.members = members;
    }

    public boolean has(String name) {
        JsonValue value = members.get(name);
        return value != null && !value.isNull();
    }

    public boolean isNull(String name) {
        JsonValue value = members.get(name);
        return value != null && value.isNull();
    }

    public String text(String name) {
        return required(name, textOrNull(name));
    }

    public @Nullable String textOrNull(String name) {
        JsonValue value = valueOrNull(name, Kind.STRING);
        return value == null ? null : value.scalar();
    }

    /// A whole number; one beyond int comes as the nearest int, which every range refuses.
    public @Nullable Integer integerOrNull(String name) {
        JsonValue value = valueOrNull(name, Kind.NUMBER);
        return value == null ? null : whole(name, value.scalar());
    }

    /// Any number, as near as a double comes to it.
    public @Nullable Double realOrNull(String name) {
        JsonValue value = valueOrNull(name, Kind.NUMBER);
        return value == null ? null : Double.valueOf(value.scalar());
    }

    public @Nullable Boolean flagOrNull(String name) {
        JsonValue value = valueOrNull(name, Kind.BOOLEAN);
        return value == null ? null : value.scalar().equals("true");
    }

    /// An RFC 3339 time with any offset; another form is `Invalid`.
    public @Nullable Instant timeOrNull(String name) {
        String text = textOrNull(name);
        return text == null ? null : time(name, text);
    }

    /// The exact text of a member that must be there but may be null or anything else; `[]` becomes `{}`.
    public String raw(String name) {
        JsonValue value = members.get(name);
        if (value == null) {
            throw missing(name);
        }
        return raw(value);
    }

    /// As `raw`, and null for an absent or null member.
    public @Nullable String rawOrNull(String name) {
        JsonValue value = members.get(name);
        return value == null || value.isNull() ? null : raw(value);
    }

    /// As `rawOrNull` for a member that must be an object (or `[]`).
    public @Nullable String objectOrNull(String name) {
        String text = rawOrNull(name);
        if (text != null && text.charAt(0) != '{') {
            throw wrongType(name, Kind.OBJECT);
        }
        return text;
    }

    /// The objects of an array.
    public List<JsonObject> objects(String name) {
        JsonValue array = required(name, valueOrNull(name, Kind.ARRAY));
        var found = new ArrayList<JsonObject>();
        for (JsonValue item : items(array)) {
            if (item.kind() != Kind.OBJECT) {
                throw Json.malformed(name + "[" + found.size() + "] must be an object");
            }
            found.add(read(source, item.start(), item.end()));
        }
        return found;
    }

    /// The object a member is.
    public @Nullable JsonObject memberOrNull(String name) {
        JsonValue value = valueOrNull(name, Kind.OBJECT);
        return value == null ? null : read(source, value.start(), value.end());
    }

    /// The whole numbers of an array, with the bounds of `integerOrNull`.
    public @Nullable List<Integer> integersOrNull(String name) {
        JsonValue array = valueOrNull(name, Kind.ARRAY);
        if (array == null) {
            return null;
        }
        var found = new ArrayList<Integer>();
        for (JsonValue item : items(array)) {
            if (item.kind() != Kind.NUMBER) {
                throw Json.malformed("Every item of " + name + " must be a whole number");
            }
            found.add(whole(name, item.scalar()));
        }
        return found;
    }

    /// The strings of an array; a lone string counts as an array of one.
    public @Nullable List<String> textsOrNull(String name) {
        JsonValue value = members.get(name);
        if (value == null || value.isNull()) {
            return null;
        }
        List<JsonValue> items = switch (value.kind()) {
            case STRING -> List.of(value);
            case ARRAY -> items(value);
            case OBJECT, NUMBER, BOOLEAN, NULL -> throw wrongType(name, Kind.ARRAY);
        };
        if (!items.stream().allMatch(item -> item.kind() == Kind.STRING)) {
            throw Json.malformed("Every item of " + name + " must be a string");
        }
        return items.stream().map(JsonValue::scalar).toList();
    }

    /// What the member named is labelled with: its own members, or the strings of the array it is. Repeated names stay.
    public List<JsonLabel> labels(String name) {
        JsonValue value = members.get(name);
        if (value == null) {
            return List.of();
        }
        return switch (value.kind()) {
            case OBJECT -> membersOf(value);
            case ARRAY ->
                items(value).stream()
                        .filter(item -> item.kind() == Kind.STRING)
                        .map(item -> new JsonLabel(item.scalar(), null))
                        .toList();
            case STRING, NUMBER, BOOLEAN, NULL -> List.of();
        };
    }

    private List<JsonLabel> membersOf(JsonValue object) {
        try (JsonParser parser = Json.parser(source, object.start(), object.end())) {
            parser.nextToken();
            var found = new ArrayList<JsonLabel>();
            for (String name = parser.nextName(); name != null; name = parser.nextName()) {
                parser.nextToken();
                JsonValue value = value(parser, object.start());
                boolean plain = switch (value.kind()) {
                    case STRING, NUMBER, BOOLEAN -> true;
                    case OBJECT, ARRAY, NULL -> false;
                };
                found.add(new JsonLabel(name, plain ? value.scalar() : null));
            }
            return found;
        } catch (JacksonException e) {
            throw Json.malformed(e);
        }
    }

    static JsonObject read(byte[] source, int start, int end) {
        try (JsonParser parser = Json.parser(source, start, end)) {
            if (parser.nextToken() != JsonToken.START_OBJECT) {
                throw Json.malformed("The body must be a JSON object");
            }
            Map<String, JsonValue> members = new LinkedHashMap<>();
            for (String name = parser.nextName(); name != null; name = parser.nextName()) {
                parser.nextToken();
                if (members.put(name, value(parser, start)) != null) {
                    throw Json.malformed("The member " + name + " is given twice");
                }
            }
            Json.expectEnd(parser);
            return new JsonObject(source, members);
        } catch (JacksonException e) {
            throw Json.malformed(e);
        }
    }

    private List<JsonValue> items(JsonValue array) {
        try (JsonParser parser = Json.parser(source, array.start(), array.end())) {
            parser.nextToken();
            var found = new ArrayList<JsonValue>();
            while (parser.nextToken() != JsonToken.END_ARRAY) {
                found.add(value(parser, array.start()));
            }
            return found;
        } catch (JacksonException e) {
            throw Json.malformed(e);
        }
    }

    /// The value the parser stands at the start of; it stands at its end afterwards. The parser counts from `base`.
    private static JsonValue value(JsonParser parser, int base) {
        int start = base + (int) parser.currentTokenLocation().getByteOffset();
        Kind kind = kindOf(parser.currentToken());
        String scalar = "";
        if (kind == Kind.OBJECT || kind == Kind.ARRAY) {
            parser.skipChildren();
        } else {
            scalar = parser.getString();
        }
        return new JsonValue(kind, start, base + (int) parser.currentLocation().getByteOffset(), scalar);
    }

    private static Kind kindOf(JsonToken token) {
        return switch (token) {
            case START_OBJECT -> Kind.OBJECT;
            case START_ARRAY -> Kind.ARRAY;
            case VALUE_STRING -> Kind.STRING;
            case VALUE_NUMBER_INT, VALUE_NUMBER_FLOAT -> Kind.NUMBER;
            case VALUE_TRUE, VALUE_FALSE -> Kind.BOOLEAN;
            case VALUE_NULL -> Kind.NULL;
            case NOT_AVAILABLE, END_OBJECT, END_ARRAY, PROPERTY_NAME, VALUE_EMBEDDED_OBJECT ->
                throw new IllegalStateException("no value starts with " + token);
        };
    }

    private String raw(JsonValue value) {
        String text = switch (value.kind()) {
            case NUMBER, BOOLEAN, NULL -> value.scalar();
            case OBJECT, ARRAY, STRING -> JsonText.compact(source, value.start(), value.end());
        };
        return text.equals("[]") ? "{}" : text;
    }

    private @Nullable JsonValue valueOrNull(String name, Kind kind) {
        JsonValue value = members.get(name);
        if (value == null || value.isNull()) {
            return null;
        }
        if (value.kind() != kind) {
            throw wrongType(name, kind);
        }
        return value;
    }

    private static int whole(String name, String number) {
        for (int i = number.charAt(0) == '-' ? 1 : 0; i < number.length(); i++) {
            if (number.charAt(i) < '0' || number.charAt(i) > '9') {
                throw Json.malformed(name + " must be a whole number");
            }
        }
        if (number.length() > 18) {
            return number.charAt(0) == '-' ? Integer.MIN_VALUE : Integer.MAX_VALUE;
        }
        return Math.clamp(Long.parseLong(number), Integer.MIN_VALUE, Integer.MAX_VALUE);
    }

    private static Instant time(String name, String text) {
        try {
            OffsetDateTime time = OffsetDateTime.parse(text, DateTimeFormatter.ISO_OFFSET_DATE_TIME);
            if (time.getYear() >= 1970 && time.getYear() <= 9999) {
                return time.toInstant();
            }
        } catch (DateTimeParseException e) {
            throw Refused.invalid(name, name + " must be an RFC 3339 time such as 2026-01-05T10:00:00Z");
        }
        throw Refused.invalid(name, name + " must lie between the years 1970 and 9999");
    }

    private static <T> T required(String name, @Nullable T value) {
        if (value == null) {
            throw missing(name);
        }
        return value;
    }

    private static Refused missing(String name) {
        return Json.malformed("The member " + name + " is required");
    }

    private static Refused wrongType(String name, Kind wanted) {
        return Json.malformed(name + " must be " + wanted.words());
    }
}
