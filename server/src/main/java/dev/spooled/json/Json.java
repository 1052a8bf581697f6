package dev.spooled.json;

import dev.spooled.refusal.Refusal;
import dev.spooled.refusal.Refused;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.function.Consumer;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonGenerator;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.ObjectWriteContext;
import tools.jackson.core.StreamReadConstraints;
import tools.jackson.core.TokenStreamFactory;
import tools.jackson.core.json.JsonFactory;

/// The one way JSON comes in and goes out. Requests are checked once as a whole (UTF-8, escapes, grammar, bounds) and
/// read as `JsonObject`, whose parts keep the exact text they were sent with; answers are written with `JsonWriter`.
///
/// Everything wrong with a text is `Refusal.InvalidJson`.
public final class Json {
    public static final int MAX_DOCUMENT_BYTES = 16 * 1024 * 1024;

    /// A payload may nest 100 deep; the request around it adds at most three levels.
    static final int MAX_DEPTH = 103;

    private static final int MAX_NUMBER_LENGTH = 10_000;
    private static final int MAX_NAME_LENGTH = 50_000;

    private static final TokenStreamFactory FACTORY = JsonFactory.builder()
            .streamReadConstraints(StreamReadConstraints.builder()
                    .maxDocumentLength(MAX_DOCUMENT_BYTES)
                    .maxStringLength(MAX_DOCUMENT_BYTES)
                    .maxNestingDepth(MAX_DEPTH)
                    .maxNumberLength(MAX_NUMBER_LENGTH)
                    .maxNameLength(MAX_NAME_LENGTH)
                    .build())
            .build();

    private Json() {}

    /// The object a request body holds.
    public static JsonObject object(byte[] body) {
        if (body.length == 0) {
            throw malformed("A JSON body is required");
        }
        JsonText.check(body);
        return JsonObject.read(body, 0, body.length);
    }

    /// As `object`, for requests whose body may be left out: nothing, `null` and `[]` (an empty PHP array) are `{}`.
    public static JsonObject objectOrEmpty(byte[] body) {
        String text = body.length > 16 ? "{" : new String(body, StandardCharsets.UTF_8).strip();
        boolean empty = text.isEmpty() || text.equals("null") || text.equals("[]");
        return empty ? JsonObject.EMPTY : object(body);
    }

    /// An object as UTF-8 text; `members` writes what is in it.
    public static byte[] write(Consumer<JsonWriter> members) {
        var bytes = new ByteArrayOutputStream(512);
        try (JsonGenerator generator = FACTORY.createGenerator(ObjectWriteContext.empty(), bytes)) {
            generator.writeStartObject();
            members.accept(new JsonWriter(generator));
            generator.writeEndObject();
        }
        return bytes.toByteArray();
    }

    /// An array as UTF-8 text; `each` writes the members of the object for one item.
    public static <T> byte[] writeAll(Iterable<T> items, java.util.function.BiConsumer<JsonWriter, T> each) {
        var bytes = new ByteArrayOutputStream(512);
        try (JsonGenerator generator = FACTORY.createGenerator(ObjectWriteContext.empty(), bytes)) {
            new JsonWriter(generator).items(items, each);
        }
        return bytes.toByteArray();
    }

    /// One JSON value of any kind, checked as a whole and without white space between its tokens.
    public static String value(String text) {
        byte[] source = text.getBytes(StandardCharsets.UTF_8);
        JsonText.check(source);
        try (JsonParser parser = parser(source)) {
            if (parser.nextToken() == null) {
                throw malformed("There is no JSON value");
            }
            parser.skipChildren();
            expectEnd(parser);
        } catch (JacksonException e) {
            throw malformed(e);
        }
        return JsonText.compact(source, 0, source.length);
    }

    /// A parser of a text that was checked when it came in.
    public static JsonParser parser(byte[] checked) {
        return parser(checked, 0, checked.length);
    }

    static JsonParser parser(byte[] source, int start, int end) {
        return FACTORY.createParser(ObjectReadContext.empty(), source, start, end - start);
    }

    static void expectEnd(JsonParser parser) {
        JsonToken more = parser.nextToken();
        if (more != null) {
            throw malformed("The body holds more than one JSON value");
        }
    }

    static Refused malformed(String message) {
        return new Refused(new Refusal.InvalidJson(message));
    }

    static Refused malformed(JacksonException e) {
        var at = e.getLocation();
        String place = at == null ? "" : " (line " + at.getLineNr() + ", column " + at.getColumnNr() + ")";
        return malformed("The body is not valid JSON" + place + ": " + firstSentence(e.getOriginalMessage()));
    }

    /// Jackson explains at length; what it says first is what a caller can use.
    private static String firstSentence(String explanation) {
        String line = explanation.lines().findFirst().orElse("");
        return line.length() > 200 ? line.substring(0, 200) : line;
    }
}
