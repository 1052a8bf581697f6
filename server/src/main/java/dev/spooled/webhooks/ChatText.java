package dev.spooled.webhooks;

import dev.spooled.json.Json;
import dev.spooled.json.JsonObject;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/// A delivery as a chat service takes it: one member with a line of text.
final class ChatText {
    private static final int MAX = 1_500;

    private ChatText() {}

    static String written(Format format, String event, String body) {
        return switch (format) {
            case JSON -> body;
            case SLACK -> line("text", event, body, '*');
            case DISCORD -> line("content", event, body, '`');
        };
    }

    private static String line(String member, String event, String body, char mark) {
        JsonObject data = Json.object(body.getBytes(StandardCharsets.UTF_8)).memberOrNull("data");
        var text = new StringBuilder().append(mark).append(event).append(mark);
        if (data != null) {
            add(text, " on ", data.rawOrNull("queue_name"));
            add(text, ", job ", data.rawOrNull("job_id"));
            add(text, ", worker ", data.rawOrNull("worker_id"));
            add(text, ": ", data.rawOrNull("error"));
            add(text, ": ", data.rawOrNull("reason"));
            add(text, ": ", data.rawOrNull("message"));
        }
        String whole = text.length() > MAX ? text.substring(0, MAX) : text.toString();
        return new String(Json.write(to -> to.text(member, whole)), StandardCharsets.UTF_8);
    }

    private static void add(StringBuilder text, String before, @Nullable String json) {
        if (json != null && json.startsWith("\"")) {
            text.append(before)
                    .append(Json.object(("{\"v\":" + json + "}").getBytes(StandardCharsets.UTF_8))
                            .text("v"));
        }
    }
}
