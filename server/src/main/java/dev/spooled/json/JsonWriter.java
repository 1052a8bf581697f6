package dev.spooled.json;

import java.time.Instant;
import java.util.UUID;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JsonGenerator;

/// Writes the members of an answer in order. A null value is written as null, never left out; times are RFC 3339 in UTC
/// with microseconds; `raw` takes JSON text as it is.
public final class JsonWriter {
    private final JsonGenerator to;

    JsonWriter(JsonGenerator to) {
        this.to = to;
    }

    public JsonWriter text(String name, @Nullable String value) {
        to.writeName(name);
        to.writeString(value);
        return this;
    }

    public JsonWriter id(String name, @Nullable UUID value) {
        return text(name, value == null ? null : value.toString());
    }

    public JsonWriter time(String name, @Nullable Instant value) {
        return text(name, value == null ? null : WireTime.format(value));
    }

    public JsonWriter number(String name, long value) {
        to.writeName(name);
        to.writeNumber(value);
        return this;
    }

    public JsonWriter numberOrNull(String name, @Nullable Integer value) {
        return value == null ? nothing(name) : number(name, value);
    }

    public JsonWriter realOrNull(String name, @Nullable Double value) {
        if (value == null) {
            return nothing(name);
        }
        to.writeName(name);
        to.writeNumber(value);
        return this;
    }

    public JsonWriter flag(String name, boolean value) {
        to.writeName(name);
        to.writeBoolean(value);
        return this;
    }

    public JsonWriter flagOrNull(String name, @Nullable Boolean value) {
        return value == null ? nothing(name) : flag(name, value);
    }

    public JsonWriter raw(String name, @Nullable String json) {
        if (json == null) {
            return nothing(name);
        }
        to.writeName(name);
        to.writeRawValue(json);
        return this;
    }

    public JsonWriter object(String name, Consumer<JsonWriter> members) {
        to.writeName(name);
        to.writeStartObject();
        members.accept(this);
        to.writeEndObject();
        return this;
    }

    public <T> JsonWriter array(String name, Iterable<T> items, BiConsumer<JsonWriter, T> each) {
        to.writeName(name);
        return items(items, each);
    }

    public JsonWriter texts(String name, Iterable<String> items) {
        to.writeName(name);
        to.writeStartArray();
        items.forEach(to::writeString);
        to.writeEndArray();
        return this;
    }

    /// A value whose type only the run knows: text, number, flag or null.
    public JsonWriter any(String name, @Nullable Object value) {
        to.writeName(name);
        switch (value) {
            case null -> to.writeNull();
            case Integer number -> to.writeNumber(number);
            case Long number -> to.writeNumber(number);
            case Boolean flag -> to.writeBoolean(flag);
            default -> to.writeString(value.toString());
        }
        return this;
    }

    <T> JsonWriter items(Iterable<T> items, BiConsumer<JsonWriter, T> each) {
        to.writeStartArray();
        for (T item : items) {
            to.writeStartObject();
            each.accept(this, item);
            to.writeEndObject();
        }
        to.writeEndArray();
        return this;
    }

    private JsonWriter nothing(String name) {
        to.writeName(name);
        to.writeNull();
        return this;
    }
}
