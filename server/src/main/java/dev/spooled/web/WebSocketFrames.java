package dev.spooled.web;

import io.helidon.common.buffers.DataReader;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;

/// The frames of RFC 6455, as a server reads and writes them: those of a client are masked, those of a server are not.
/// Strict: what the RFC forbids ends the connection with the code it names. Messages are put together from their
/// fragments up to a bound. Reading is for one thread.
final class WebSocketFrames {
    static final int MAX_MESSAGE_BYTES = 64 * 1024;
    static final int PROTOCOL_ERROR = 1002;
    static final int NOT_TEXT = 1007;
    static final int TOO_BIG = 1009;

    private static final int CONTINUATION = 0;
    private static final int TEXT = 1;
    private static final int BINARY = 2;
    private static final int CLOSE = 8;
    private static final int PING = 9;
    private static final int PONG = 10;
    private static final int CONTROL = 0x8;
    private static final int MAX_CONTROL_BYTES = 125;
    private static final int NO_STATUS = 1005;

    private final DataReader in;
    private final ByteArrayOutputStream message = new ByteArrayOutputStream();
    private int fragmented = CONTINUATION;

    WebSocketFrames(DataReader in) {
        this.in = in;
    }

    /// What came in.
    sealed interface Incoming {
        record Text(String text) implements Incoming {}

        record Binary() implements Incoming {}

        record Ping(byte[] payload) implements Incoming {}

        record Pong() implements Incoming {}

        /// `code` is 1005 when the client gave none.
        record Close(int code) implements Incoming {}

        /// A fragment of a message that goes on.
        record Part() implements Incoming {}
    }

    /// A fault of the client, and the code to close with.
    static final class Broken extends RuntimeException {
        private static final long serialVersionUID = 1;

        private final int code;

        Broken(int code, String message) {
            super(message);
            this.code = code;
        }

        int code() {
            return code;
        }
    }

    // ---- reading

    Incoming next() {
        int first = in.read() & 0xFF;
        int second = in.read() & 0xFF;
        boolean last = (first & 0x80) != 0;
        int kind = first & 0x0F;
        check((first & 0x70) == 0, "reserved bits are set");
        check((second & 0x80) != 0, "a client's frame is not masked");
        byte[] payload = payload(kind, last, second & 0x7F);
        return (kind & CONTROL) != 0 ? control(kind, payload) : data(kind, last, payload);
    }

    private byte[] payload(int kind, boolean last, int shortLength) {
        boolean control = (kind & CONTROL) != 0;
        check(kind <= BINARY || kind >= CLOSE && kind <= PONG, "unknown opcode " + kind);
        check(!control || last && shortLength <= MAX_CONTROL_BYTES, "a control frame is fragmented or too long");
        long length = length(shortLength);
        if (message.size() + length > MAX_MESSAGE_BYTES) {
            throw new Broken(TOO_BIG, "a message has more than " + MAX_MESSAGE_BYTES + " bytes");
        }
        byte[] mask = in.readBytes(4);
        byte[] payload = length == 0 ? new byte[0] : in.readBytes((int) length);
        for (int i = 0; i < payload.length; i++) {
            payload[i] ^= mask[i & 3];
        }
        return payload;
    }

    private long length(int shortLength) {
        return switch (shortLength) {
            case 126 -> longLength(2, 126);
            case 127 -> longLength(8, 0x10000);
            default -> shortLength;
        };
    }

    /// A length that would have fitted a shorter form, or has its first bit set, is a fault.
    private long longLength(int bytes, long least) {
        long length = 0;
        for (int i = 0; i < bytes; i++) {
            length = length << 8 | in.read() & 0xFF;
        }
        check(length >= least, "a length is not in its shortest form");
        return length;
    }

    private Incoming data(int kind, boolean last, byte[] payload) {
        check((kind == CONTINUATION) == (fragmented != CONTINUATION), "fragments are out of order");
        int begun = kind == CONTINUATION ? fragmented : kind;
        message.writeBytes(payload);
        if (!last) {
            fragmented = begun;
            return new Incoming.Part();
        }
        fragmented = CONTINUATION;
        byte[] whole = message.toByteArray();
        message.reset();
        return begun == TEXT ? new Incoming.Text(text(whole)) : new Incoming.Binary();
    }

    private static Incoming control(int kind, byte[] payload) {
        return switch (kind) {
            case PING -> new Incoming.Ping(payload);
            case PONG -> new Incoming.Pong();
            default -> new Incoming.Close(closeCode(payload));
        };
    }

    private static int closeCode(byte[] payload) {
        if (payload.length == 0) {
            return NO_STATUS;
        }
        check(payload.length >= 2, "a close frame has half a code");
        int code = (payload[0] & 0xFF) << 8 | payload[1] & 0xFF;
        boolean known = code >= 1000 && code <= 1011 && (code < 1004 || code > 1006);
        check(known || code >= 3000 && code <= 4999, "no client closes with " + code);
        var unused = text(java.util.Arrays.copyOfRange(payload, 2, payload.length));
        return code;
    }

    private static String text(byte[] utf8) {
        try {
            return StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(utf8))
                    .toString();
        } catch (CharacterCodingException e) {
            throw new Broken(NOT_TEXT, "a text is not UTF-8");
        }
    }

    private static void check(boolean right, String otherwise) {
        if (!right) {
            throw new Broken(PROTOCOL_ERROR, otherwise);
        }
    }

    // ---- writing

    static void text(byte[] utf8, ByteArrayOutputStream to) {
        frame(TEXT, utf8, to);
    }

    static void ping(ByteArrayOutputStream to) {
        frame(PING, new byte[0], to);
    }

    static void pong(byte[] payload, ByteArrayOutputStream to) {
        frame(PONG, payload, to);
    }

    /// The reason is short ASCII.
    static void close(int code, String reason, ByteArrayOutputStream to) {
        byte[] why = reason.getBytes(StandardCharsets.US_ASCII);
        byte[] payload = ByteBuffer.allocate(2 + why.length)
                .putShort((short) code)
                .put(why)
                .array();
        frame(CLOSE, code == NO_STATUS ? new byte[0] : payload, to);
    }

    private static void frame(int kind, byte[] payload, ByteArrayOutputStream to) {
        to.write(0x80 | kind);
        if (payload.length < 126) {
            to.write(payload.length);
        } else if (payload.length < 0x10000) {
            to.write(126);
            to.writeBytes(
                    ByteBuffer.allocate(2).putShort((short) payload.length).array());
        } else {
            to.write(127);
            to.writeBytes(ByteBuffer.allocate(8).putLong(payload.length).array());
        }
        to.writeBytes(payload);
    }
}
