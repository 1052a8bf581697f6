package dev.spooled.web;

import io.helidon.http.HeaderNames;
import io.helidon.http.HeaderValues;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.zip.GZIPOutputStream;

/// Sends an answer with its body. Bodies worth it are gzipped when the client takes gzip; small ones never, since that
/// would only cost both sides.
public final class Answer {
    private static final int GZIP_FROM_BYTES = 1_400;

    private Answer() {}

    public static void json(ServerRequest request, ServerResponse response, int status, byte[] body) {
        response.status(status).header(HeaderValues.CONTENT_TYPE_JSON);
        send(request, response, body);
    }

    public static void text(ServerRequest request, ServerResponse response, String type, String body) {
        response.status(200).header(HeaderNames.CONTENT_TYPE, type);
        send(request, response, body.getBytes(StandardCharsets.UTF_8));
    }

    public static void nothing(ServerResponse response) {
        response.status(204).send();
    }

    private static void send(ServerRequest request, ServerResponse response, byte[] body) {
        if (body.length < GZIP_FROM_BYTES || !takesGzip(request)) {
            response.send(body);
            return;
        }
        response.header(HeaderNames.CONTENT_ENCODING, "gzip");
        response.headers().add(HeaderNames.VARY, "Accept-Encoding");
        response.send(gzipped(body));
    }

    private static boolean takesGzip(ServerRequest request) {
        return request.headers()
                .first(HeaderNames.ACCEPT_ENCODING)
                .map(accepted -> accepted.toLowerCase(Locale.ROOT))
                .filter(accepted -> accepted.contains("gzip") && !accepted.contains("gzip;q=0"))
                .isPresent();
    }

    private static byte[] gzipped(byte[] body) {
        var bytes = new ByteArrayOutputStream(body.length / 2);
        try (var gzip = new GZIPOutputStream(bytes)) {
            gzip.write(body);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return bytes.toByteArray();
    }
}
