package dev.spooled.live;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;

/// Events as frames of an SSE stream: an id to come back to, the short name if the client listens by names, and the
/// event on one line. Line ends are bare.
record Frames(boolean named, Dialect dialect) {
    static final byte[] CONNECTED = bytes(": connected\n\n");
    static final byte[] KEEP_ALIVE = bytes(": keep-alive\n\n");

    /// Tells a client to come back soon.
    static final byte[] FAREWELL = bytes("retry: 1000\n\n");

    static final Frames USUAL = new Frames(false, Dialect.PLAIN);

    byte[] of(Feed.Entry entry) {
        return equals(USUAL) ? entry.frame() : frame(entry.event(), entry.place());
    }

    byte[] frame(LiveEvent event, String place) {
        byte[] json = event.json(dialect, null);
        var to = new ByteArrayOutputStream(json.length + 64);
        to.writeBytes(bytes("id: " + place + "\n"));
        if (named) {
            to.writeBytes(bytes("event: " + event.kind().shortName() + "\n"));
        }
        to.writeBytes(bytes("data: "));
        to.writeBytes(json);
        to.writeBytes(bytes("\n\n"));
        return to.toByteArray();
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
