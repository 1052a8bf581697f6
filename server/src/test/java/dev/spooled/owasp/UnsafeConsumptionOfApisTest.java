package dev.spooled.owasp;

import static dev.spooled.owasp.Wire.send;
import static dev.spooled.owasp.Wire.text;
import static org.assertj.core.api.Assertions.assertThat;

import dev.spooled.mail.Postbox;
import dev.spooled.mail.SmtpPostbox;
import dev.spooled.orgs.Registration;
import dev.spooled.support.Await;
import dev.spooled.support.TestServer;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;

/// API10: believing those we call: receivers of webhooks and the mail server. Each ends within its time, costs a
/// bounded part of memory, and tells a tenant no more than its beginning. More of single attempts is in
/// `SenderTest`.
final class UnsafeConsumptionOfApisTest {
    private static final TestServer SERVER = new TestServer();

    /// The test server gives a receiver two seconds.
    private static final Duration WITHIN = Duration.ofSeconds(6);

    @AfterAll
    static void close() {
        SERVER.close();
    }

    /// What a peer says to who has connected; what it wrote is counted.
    private interface Conduct {
        void show(Socket socket, OutputStream out) throws IOException;
    }

    /// Somebody else's server, which behaves as told to each of its callers.
    private static final class Peer implements AutoCloseable {
        private final ServerSocket listener;
        final AtomicInteger open = new AtomicInteger();

        Peer(Conduct conduct) {
            try {
                listener = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
            Thread.ofVirtual().start(() -> accept(conduct));
        }

        private void accept(Conduct conduct) {
            while (!listener.isClosed()) {
                try {
                    Socket socket = listener.accept();
                    open.incrementAndGet();
                    Thread.ofVirtual().start(() -> serve(socket, conduct));
                } catch (IOException e) {
                    return;
                }
            }
        }

        private void serve(Socket socket, Conduct conduct) {
            try (socket) {
                conduct.show(socket, socket.getOutputStream());
            } catch (IOException e) {
                // the caller has had enough
            } finally {
                open.decrementAndGet();
            }
        }

        int port() {
            return listener.getLocalPort();
        }

        @Override
        public void close() throws IOException {
            listener.close();
        }
    }

    private static Conduct says(String head, byte[] again, long times) {
        return (socket, out) -> {
            int unused = socket.getInputStream().read(new byte[8_192]);
            out.write(head.getBytes(StandardCharsets.ISO_8859_1));
            for (long i = 0; i < times; i++) {
                out.write(again);
            }
            out.flush();
        };
    }

    /// The answer of the test call of a webhook to that peer.
    private static String tested(Conduct conduct) throws IOException {
        try (var peer = new Peer(conduct)) {
            String hook = text(
                    SERVER.post(
                            "/outgoing-webhooks",
                            "{\"name\":\"h\",\"url\":\"http://127.0.0.1:" + peer.port()
                                    + "/\",\"events\":[\"job.failed\"]}"),
                    "id");
            long begun = System.nanoTime();
            String told =
                    SERVER.post("/outgoing-webhooks/" + hook + "/test", "").body();
            assertThat(Duration.ofNanos(System.nanoTime() - begun)).isLessThan(WITHIN);
            Await.until(peer.open::get, open -> open == 0);
            SERVER.delete("/outgoing-webhooks/" + hook);
            return told;
        }
    }

    /// More than the whole heap: 8 GiB are on offer, some kilobytes are read.
    @Test
    void ofAnEndlessAnswerTheBeginningIsRead() throws IOException {
        var written = new AtomicLong();
        String told = tested((socket, out) -> {
            int unused = socket.getInputStream().read(new byte[8_192]);
            out.write("HTTP/1.1 200 OK\r\nContent-Length: 8589934592\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
            byte[] piece = new byte[1 << 16];
            while (written.get() < 1L << 33) {
                out.write(piece);
                written.addAndGet(piece.length);
            }
        });
        assertThat(told).contains("\"status_code\":200").hasSizeLessThan(1_000);
        assertThat(written.get()).isLessThan(64 << 20);
    }

    @Test
    void whatIsPackedStaysPacked() throws IOException {
        var packed = new ByteArrayOutputStream();
        try (var out = new GZIPOutputStream(packed)) {
            for (int i = 0; i < 16; i++) {
                out.write(new byte[1 << 20]);
            }
        }
        String told = tested(says(
                "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: " + packed.size() + "\r\n\r\n",
                packed.toByteArray(),
                1));
        assertThat(told).contains("\"success\":true").hasSizeLessThan(3_000);
    }

    @Test
    void malformedAnswersAreFailures() throws IOException {
        for (String answer : new String[] {
            "",
            "nonsense\r\n\r\n",
            "HTTP/1.1 200 OK\r\n",
            "HTTP/1.1 200 OK\r\nContent-Type: te",
            "HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nhalf",
            "HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
            "HTTP/1.1 99999 OK\r\n\r\n",
            "HTTP/9.9 200 OK\r\n\r\n",
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n"
        }) {
            assertThat(tested(says(answer, new byte[0], 0))).as(answer).contains("\"success\":false");
        }
    }

    @Test
    void headersWithoutEndAreLeft() throws IOException {
        byte[] line = "X: y\r\n".getBytes(StandardCharsets.US_ASCII);
        assertThat(tested(says("HTTP/1.1 200 OK\r\n", line, 1_000_000))).contains("\"success\":false");
        assertThat(tested(says("HTTP/1.1 200 OK\r\nX: ", new byte[] {'a', 'a', 'a', 'a'}, 10_000_000)))
                .contains("\"success\":false");
    }

    @Test
    void whoNeverAnswersIsLeft() throws IOException {
        assertThat(tested((socket, out) -> {
                    while (socket.getInputStream().read() >= 0) {}
                }))
                .contains("\"success\":false", "no answer within the time-out");
    }

    /// What a receiver says is kept as text, and cannot become anything else where it is shown.
    @Test
    void whatAReceiverSaysIsTextOnly() throws IOException {
        String told = tested(says(
                "HTTP/1.1 500 No\r\nSet-Cookie: a=b\r\nLocation: https://evil.example/\r\n\r\n"
                        + "\u0000\u001b[31m\",\"success\":true,\"x\":\"",
                new byte[0],
                0));
        assertThat(told).contains("\"success\":false").doesNotContain("\u001b", "evil.example", "Set-Cookie");
    }

    // ---- mail

    /// Whatever the mail server does, the answer is the same and comes at once; its places come back.
    @Test
    void aMailServerThatMisbehavesHoldsNobodyUp() throws IOException {
        try (var tarpit = new Peer((socket, out) -> {
                    while (socket.getInputStream().read() >= 0) {}
                });
                var drips = new Peer((socket, out) -> {
                    while (true) {
                        out.write("220-a\r\n".getBytes(StandardCharsets.US_ASCII));
                        out.flush();
                        if (socket.getInputStream().available() > 0) {
                            int unused = socket.getInputStream().read();
                        }
                        java.util.concurrent.locks.LockSupport.parkNanos(20_000_000);
                    }
                });
                var floods = new Peer((socket, out) -> {
                    byte[] line = "220-aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\n".getBytes(StandardCharsets.US_ASCII);
                    for (int i = 0; i < 10_000_000; i++) {
                        out.write(line);
                    }
                });
                var refuses =
                        new Peer((socket, out) -> out.write("554 go away\r\n".getBytes(StandardCharsets.US_ASCII)))) {
            var postbox = new AtomicReference<Postbox>(letter -> {});
            try (var server =
                    new TestServer(Registration.OPEN, letter -> postbox.get().take(letter))) {
                for (Peer mail : new Peer[] {tarpit, drips, floods, refuses}) {
                    postbox.set(new SmtpPostbox(
                            URI.create("smtp://127.0.0.1:" + mail.port()), "jobs@example.com", Duration.ofMillis(700)));
                    long begun = System.nanoTime();
                    String to = "{\"email\":\"a" + mail.port() + "@example.com\"}";
                    assertThat(send(server, "POST", "/api/v1/auth/email/start", to)
                                    .statusCode())
                            .isEqualTo(200);
                    assertThat(Duration.ofNanos(System.nanoTime() - begun)).isLessThan(Duration.ofSeconds(3));
                    Await.until(mail.open::get, open -> open == 0);
                }
            }
        }
    }
}
