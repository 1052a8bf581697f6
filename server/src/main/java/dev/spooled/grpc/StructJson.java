package dev.spooled.grpc;

import com.google.protobuf.ListValue;
import com.google.protobuf.NullValue;
import com.google.protobuf.Struct;
import com.google.protobuf.Value;
import dev.spooled.json.Json;
import dev.spooled.refusal.Refused;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;

/// Between a `Struct` and JSON text.
///
/// Numbers of a `Struct` are doubles: a whole one of up to 2^53 becomes an integer of JSON, so that it comes
/// back over REST as it was meant. The other way a number loses the digits that a double has no room for, and
/// one beyond all doubles becomes the largest: a `Struct` may not hold infinity.
final class StructJson {
    private static final double MAX_WHOLE = 1L << 53;

    /// Clients refuse messages nested deeper than 100; each level of JSON is up to three of messages.
    private static final int MAX_DEPTH = 32;

    private StructJson() {}

    /// The object as JSON text. Infinity, NaN and U+0000 are `Invalid`.
    static String json(String field, Struct struct) {
        var to = new StringBuilder(256);
        new Writer(field, to).object(struct);
        return to.toString();
    }

    /// The object a JSON text is; null for an array, a scalar, and for nesting that clients could not read.
    static @Nullable Struct struct(@Nullable String json) {
        if (json == null || json.isEmpty() || json.charAt(0) != '{') {
            return null;
        }
        try (JsonParser from = Json.parser(json.getBytes(StandardCharsets.UTF_8))) {
            from.nextToken();
            return new Reader(from).object(1);
        } catch (TooDeep e) {
            return null;
        }
    }

    private record Writer(String field, StringBuilder to) {
        void object(Struct struct) {
            to.append('{');
            boolean first = true;
            for (Map.Entry<String, Value> member : struct.getFieldsMap().entrySet()) {
                if (!first) {
                    to.append(',');
                }
                first = false;
                text(member.getKey());
                to.append(':');
                value(member.getValue());
            }
            to.append('}');
        }

        private void value(Value value) {
            switch (value.getKindCase()) {
                case NULL_VALUE, KIND_NOT_SET -> to.append("null");
                case BOOL_VALUE -> to.append(value.getBoolValue());
                case NUMBER_VALUE -> number(value.getNumberValue());
                case STRING_VALUE -> text(value.getStringValue());
                case STRUCT_VALUE -> object(value.getStructValue());
                case LIST_VALUE -> list(value.getListValue());
            }
        }

        private void list(ListValue list) {
            to.append('[');
            for (int i = 0; i < list.getValuesCount(); i++) {
                if (i > 0) {
                    to.append(',');
                }
                value(list.getValues(i));
            }
            to.append(']');
        }

        private void number(double number) {
            if (!Double.isFinite(number)) {
                throw Refused.invalid(field, field + " holds a number that JSON does not have: " + number);
            }
            if (number == Math.rint(number) && Math.abs(number) <= MAX_WHOLE) {
                to.append((long) number);
            } else {
                to.append(number);
            }
        }

        private void text(String text) {
            to.append('"');
            for (int i = 0; i < text.length(); i++) {
                character(text.charAt(i));
            }
            to.append('"');
        }

        private void character(char c) {
            switch (c) {
                case 0 -> throw Refused.invalid(field, field + " must not hold the character U+0000");
                case '"' -> to.append("\\\"");
                case '\\' -> to.append("\\\\");
                case '\n' -> to.append("\\n");
                case '\r' -> to.append("\\r");
                case '\t' -> to.append("\\t");
                default -> {
                    if (c < ' ') {
                        to.append("\\u00").append(c < 0x10 ? '0' : '1').append(Character.forDigit(c & 0xF, 16));
                    } else {
                        to.append(c);
                    }
                }
            }
        }
    }

    private record Reader(JsonParser from) {
        Struct object(int depth) {
            check(depth);
            var struct = Struct.newBuilder();
            while (from.nextToken() != JsonToken.END_OBJECT) {
                String name = from.currentName();
                from.nextToken();
                struct.putFields(name, value(depth));
            }
            return struct.build();
        }

        private ListValue list(int depth) {
            check(depth);
            var list = ListValue.newBuilder();
            while (from.nextToken() != JsonToken.END_ARRAY) {
                list.addValues(value(depth));
            }
            return list.build();
        }

        private Value value(int depth) {
            var value = Value.newBuilder();
            return switch (from.currentToken()) {
                case START_OBJECT -> value.setStructValue(object(depth + 1)).build();
                case START_ARRAY -> value.setListValue(list(depth + 1)).build();
                case VALUE_STRING -> value.setStringValue(from.getString()).build();
                case VALUE_NUMBER_INT, VALUE_NUMBER_FLOAT ->
                    value.setNumberValue(number(from.getString())).build();
                case VALUE_TRUE -> value.setBoolValue(true).build();
                case VALUE_FALSE -> value.setBoolValue(false).build();
                default -> value.setNullValue(NullValue.NULL_VALUE).build();
            };
        }

        private static double number(String digits) {
            return Math.clamp(Double.parseDouble(digits), -Double.MAX_VALUE, Double.MAX_VALUE);
        }

        private static void check(int depth) {
            if (depth > MAX_DEPTH) {
                throw new TooDeep();
            }
        }
    }

    private static final class TooDeep extends RuntimeException {
        private static final long serialVersionUID = 1;

        TooDeep() {
            super(null, null, false, false);
        }
    }
}
