package dev.spooled.ingestion;

import dev.spooled.json.Json;
import java.nio.charset.StandardCharsets;

/// A whole body as a job's payload.
final class Payload {
    private Payload() {}

    /// The object without white space between its tokens; anything but an object is refused.
    static String of(byte[] body) {
        var unused = Json.object(body);
        return Json.value(new String(body, StandardCharsets.UTF_8));
    }
}
