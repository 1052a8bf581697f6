package dev.spooled.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

class HttpReaderTest {
    @Test
    void readsOneAnswerAfterTheOther() throws IOException {
        var reader = over("HTTP/1.1 201 Created\r\nContent-Length: 3\r\n\r\nabc"
                + "HTTP/1.1 204 No Content\r\n\r\n"
                + "HTTP/1.1 200 OK\r\nCONTENT-LENGTH: 0\r\n\r\n");
        assertThat(reader.read()).isEqualTo(new HttpAnswer(201, "abc", true));
        assertThat(reader.read()).isEqualTo(new HttpAnswer(204, "", true));
        assertThat(reader.read()).isEqualTo(new HttpAnswer(200, "", true));
    }

    @Test
    void joinsChunksAndSkipsExtensionsAndTrailers() throws IOException {
        var reader = over("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                + "4;name=value\r\n{\"a\"\r\nA\r\n:123456789\r\n0\r\nX-Trailer: 1\r\n\r\n"
                + "HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\n{}");
        assertThat(reader.read().body()).isEqualTo("{\"a\":123456789");
        assertThat(reader.read()).isEqualTo(new HttpAnswer(404, "{}", true));
    }

    @Test
    void aBodyWithoutAnEndClosesTheConnection() throws IOException {
        assertThat(over("HTTP/1.1 200 OK\r\n\r\nto the end").read())
                .isEqualTo(new HttpAnswer(200, "to the end", false));
    }

    @Test
    void honoursConnectionClose() throws IOException {
        var reader = over("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 1\r\n\r\nx");
        assertThat(reader.read().keepAlive()).isFalse();
    }

    @Test
    void skipsInterimAnswers() throws IOException {
        var reader = over("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
        assertThat(reader.read()).isEqualTo(new HttpAnswer(200, "ok", true));
    }

    @Test
    void keepsCharactersThatSpanReads() throws IOException {
        var body = "Zoë ".repeat(10_000);
        int bytes = body.getBytes(StandardCharsets.UTF_8).length;
        assertThat(over("HTTP/1.1 200 OK\r\nContent-Length: " + bytes + "\r\n\r\n" + body)
                        .read()
                        .body())
                .isEqualTo(body);
    }

    @Test
    void refusesWhatItCannotTrust() {
        assertThatThrownBy(() ->
                        over("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nabc").read())
                .isInstanceOf(EOFException.class);
        assertThatThrownBy(() ->
                        over("HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n").read())
                .hasMessageContaining("-1 bytes");
        assertThatThrownBy(() -> over("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n")
                        .read())
                .hasMessageContaining("not a number");
        assertThatThrownBy(() -> over("SSH-2.0-banner\r\n").read()).hasMessageContaining("not an HTTP/1.1 answer");
        assertThatThrownBy(() -> over("x".repeat(HttpReader.LINE_MAX + 1)).read())
                .hasMessageContaining("longer than");
    }

    private static HttpReader over(String bytes) {
        return new HttpReader(new ByteArrayInputStream(bytes.getBytes(StandardCharsets.UTF_8)));
    }
}
