package dev.spooled.bench;

import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Locale;

/// Reads HTTP/1.1 answers off one connection. Bodies come with a length, in chunks, or to the end of the stream.
final class HttpReader {
    static final int LINE_MAX = 16 * 1024;
    static final int HEADERS_MAX = 200;
    static final int BODY_MAX = 64 << 20;

    private final InputStream in;
    private final byte[] buffer = new byte[16 * 1024];
    private final byte[] line = new byte[LINE_MAX];
    private int position;
    private int limit;

    HttpReader(InputStream in) {
        this.in = in;
    }

    HttpAnswer read() throws IOException {
        var head = readHead();
        while (head.status() >= 100 && head.status() < 200) {
            head = readHead();
        }
        return new HttpAnswer(
                head.status(), new String(readBody(head), StandardCharsets.UTF_8), head.keepAlive() && head.bounded());
    }

    /// Status line and the headers that say where the body ends.
    private record Head(int status, boolean keepAlive, int length, boolean chunked) {
        static final int NO_LENGTH = -1;

        boolean bodyless() {
            return status < 200 || status == 204 || status == 304;
        }

        boolean bounded() {
            return bodyless() || chunked || length != NO_LENGTH;
        }
    }

    private Head readHead() throws IOException {
        var status = readLine();
        if (!status.startsWith("HTTP/1.") || status.length() < 12) {
            throw new IOException("not an HTTP/1.1 answer: " + status);
        }
        boolean keepAlive = status.startsWith("HTTP/1.1");
        boolean chunked = false;
        int length = Head.NO_LENGTH;
        for (int headers = 0; ; headers++) {
            var header = readLine();
            if (header.isEmpty()) {
                return new Head(number(status.substring(9, 12), 10), keepAlive, length, chunked);
            }
            if (headers == HEADERS_MAX) {
                throw new IOException("more than " + HEADERS_MAX + " headers");
            }
            int colon = Math.max(0, header.indexOf(':'));
            var value = header.substring(colon + 1).strip();
            switch (header.substring(0, colon).toLowerCase(Locale.ROOT)) {
                case "content-length" -> length = bodyLength(number(value, 10));
                case "transfer-encoding" ->
                    chunked = value.toLowerCase(Locale.ROOT).endsWith("chunked");
                case "connection" -> keepAlive = keepAlive && !value.equalsIgnoreCase("close");
                default -> {}
            }
        }
    }

    private byte[] readBody(Head head) throws IOException {
        if (head.bodyless()) {
            return new byte[0];
        }
        if (head.chunked()) {
            return readChunks();
        }
        return head.length() == Head.NO_LENGTH ? readToEnd() : readBytes(head.length());
    }

    private byte[] readChunks() throws IOException {
        var body = new ByteArrayOutputStream();
        while (true) {
            var size = readLine();
            int extension = size.indexOf(';');
            int length = number((extension < 0 ? size : size.substring(0, extension)).strip(), 16);
            if (length == 0) {
                skipTrailers();
                return body.toByteArray();
            }
            bodyLength((long) body.size() + length);
            body.writeBytes(readBytes(length));
            if (!readLine().isEmpty()) {
                throw new IOException("a chunk is longer than it says");
            }
        }
    }

    private void skipTrailers() throws IOException {
        for (int trailers = 0; !readLine().isEmpty(); trailers++) {
            if (trailers == HEADERS_MAX) {
                throw new IOException("more than " + HEADERS_MAX + " trailers");
            }
        }
    }

    private byte[] readToEnd() throws IOException {
        var body = new ByteArrayOutputStream();
        while (position < limit || fill()) {
            bodyLength((long) body.size() + limit - position);
            body.write(buffer, position, limit - position);
            position = limit;
        }
        return body.toByteArray();
    }

    private byte[] readBytes(int count) throws IOException {
        bodyLength(count);
        var bytes = new byte[count];
        for (int done = 0; done < count; ) {
            need();
            int part = Math.min(count - done, limit - position);
            System.arraycopy(buffer, position, bytes, done, part);
            position += part;
            done += part;
        }
        return bytes;
    }

    private String readLine() throws IOException {
        for (int length = 0; length < LINE_MAX; length++) {
            need();
            byte next = buffer[position++];
            if (next == '\n') {
                int end = length > 0 && line[length - 1] == '\r' ? length - 1 : length;
                return new String(line, 0, end, StandardCharsets.ISO_8859_1);
            }
            line[length] = next;
        }
        throw new IOException("a line is longer than " + LINE_MAX + " bytes");
    }

    private void need() throws IOException {
        if (position == limit && !fill()) {
            throw new EOFException("the server closed the connection");
        }
    }

    private boolean fill() throws IOException {
        position = 0;
        limit = Math.max(0, in.read(buffer));
        return limit > 0;
    }

    private static int bodyLength(long length) throws IOException {
        if (length < 0 || length > BODY_MAX) {
            throw new IOException("a body of " + length + " bytes; at most " + BODY_MAX + " are read");
        }
        return (int) length;
    }

    private static int number(String text, int radix) throws IOException {
        try {
            return Integer.parseInt(text, radix);
        } catch (NumberFormatException bad) {
            throw new IOException("not a number: " + text, bad);
        }
    }
}
