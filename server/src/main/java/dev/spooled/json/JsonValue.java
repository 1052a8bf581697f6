package dev.spooled.json;

/// One value inside a checked text: its kind, where it stands, and the text of a scalar (a string unescaped, a
/// number as written).
record JsonValue(Kind kind, int start, int end, String scalar) {
    enum Kind {
        OBJECT("an object"),
        ARRAY("an array"),
        STRING("a string"),
        NUMBER("a number"),
        BOOLEAN("true or false"),
        NULL("null");

        private final String words;

        Kind(String words) {
            this.words = words;
        }

        String words() {
            return words;
        }
    }

    boolean isNull() {
        return kind == Kind.NULL;
    }
}
