package dev.spooled.web;

import dev.spooled.json.Json;
import dev.spooled.json.JsonObject;
import dev.spooled.refusal.Refusal;
import dev.spooled.refusal.Refused;
import io.helidon.http.HeaderNames;
import io.helidon.webserver.CloseConnectionException;
import io.helidon.webserver.http.ServerRequest;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Arrays;
import java.util.Locale;
import java.util.zip.GZIPInputStream;
import java.util.zip.ZipException;

/// Reads request bodies within their bounds: size (after unpacking gzip, too) and type. A body that takes too long has
/// its connection closed by `Connections`.
public final class Body {
    public static final int SINGLE_BYTES = 8 * 1024 * 1024;
    public static final int BULK_BYTES = 16 * 1024 * 1024;

    private static final int FIRST_BUFFER = 8 * 1024;

    private Body() {}

    /// The JSON object a request must carry, of at most `limit` bytes.
    public static JsonObject json(ServerRequest request, int limit) {
        return Json.object(bytes(request, limit));
    }

    /// The JSON object a request may carry.
    public static JsonObject optionalJson(ServerRequest request) {
        return Json.objectOrEmpty(bytes(request, SINGLE_BYTES));
    }

    /// The bytes of a body of any type, of at most `limit`: for what is signed as it was sent.
    public static byte[] raw(ServerRequest request, int limit) {
        return request.content().hasEntity() ? read(request, limit) : new byte[0];
    }

    private static byte[] bytes(ServerRequest request, int limit) {
        if (!request.content().hasEntity()) {
            return new byte[0];
        }
        checkType(request);
        return read(request, limit);
    }

    private static byte[] read(ServerRequest request, int limit) {
        long announced = request.headers().contentLength().orElse(-1);
        if (announced > limit) {
            throw tooLarge(limit);
        }
        try (var reading = Connection.readingBody();
                InputStream in = unpacked(request)) {
            byte[] body = upTo(in, limit + 1, announced);
            if (body.length > limit) {
                throw tooLarge(limit);
            }
            return body;
        } catch (IOException | UncheckedIOException e) {
            throw broken(e);
        }
    }

    private static byte[] upTo(InputStream in, int limit, long announced) throws IOException {
        byte[] buffer = new byte[announced >= 0 ? (int) announced + 1 : FIRST_BUFFER];
        int size = 0;
        while (size < limit) {
            if (size == buffer.length) {
                buffer = Arrays.copyOf(buffer, Math.min(limit, buffer.length * 2));
            }
            int read = in.read(buffer, size, buffer.length - size);
            if (read < 0) {
                break;
            }
            size += read;
        }
        return size == buffer.length ? buffer : Arrays.copyOf(buffer, size);
    }

    private static InputStream unpacked(ServerRequest request) throws IOException {
        InputStream in = request.content().inputStream();
        String encoding = request.headers()
                .first(HeaderNames.CONTENT_ENCODING)
                .orElse("identity")
                .toLowerCase(Locale.ROOT);
        return switch (encoding) {
            case "identity" -> in;
            case "gzip", "x-gzip" -> new GZIPInputStream(in);
            default ->
                throw new Refused(
                        new Refusal.UnsupportedMedia("Content-Encoding may be gzip or absent, not " + encoding));
        };
    }

    /// JSON under any name, or no name at all: some clients leave the type out.
    private static void checkType(ServerRequest request) {
        String type = request.headers()
                .first(HeaderNames.CONTENT_TYPE)
                .orElse("application/json")
                .toLowerCase(Locale.ROOT);
        String essence = type.split(";", 2)[0].strip();
        if (!essence.equals("application/json") && !essence.endsWith("+json")) {
            throw new Refused(new Refusal.UnsupportedMedia("Content-Type must be application/json, not " + essence));
        }
    }

    private static Refused tooLarge(int limit) {
        return new Refused(new Refusal.TooLarge("The request body exceeds " + limit + " bytes"));
    }

    private static RuntimeException broken(Exception e) {
        if (e instanceof ZipException) {
            return new Refused(new Refusal.InvalidJson("The body is not valid gzip"));
        }
        return new CloseConnectionException("the client left while sending its body", e);
    }
}
