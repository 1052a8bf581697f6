package dev.spooled.webhooks;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spooled.outbound.SafeResolver;
import dev.spooled.outbound.Targets;
import dev.spooled.support.Receiver;
import dev.spooled.support.Receiver.Answer;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Single attempts against receivers that behave badly: each ends within its time and reads a bounded part.
class SenderTest {
    private static final Duration BRIEF = Duration.ofMillis(700);
    private static final Sender.Limits LIMITS = new Sender.Limits(Duration.ofMillis(500), Duration.ofSeconds(5), 8, 16);

    /// The test is over, or the sender has closed the connection.
    private final CountDownLatch over = new CountDownLatch(1);
    private SafeResolver.Lookup lookup = InetAddress::getAllByName;

    @AfterEach
    void end() {
        over.countDown();
    }

    private Answered send(String url, Duration within, Targets targets) {
        try (var resolver = new SafeResolver(targets, host -> lookup.of(host), Duration.ofMillis(300));
                var sender = new Sender(resolver, LIMITS)) {
            return sendOnce(sender, url, within);
        }
    }

    private static Answered sendOnce(Sender sender, String url, Duration within) {
        var parcel = new Parcel(URI.create(url), "job.created", UUID.randomUUID(), 1, 1, "{}".getBytes(), List.of());
        var thread = new java.util.concurrent.FutureTask<>(() -> sender.send(parcel, within));
        Thread.ofVirtual().start(thread);
        try {
            return thread.get();
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }

    private Answered send(String url, Duration within) {
        return send(url, within, Targets.of(List.of("127.0.0.1"), false));
    }

    /// What a raw receiver does with a connection once the request is there.
    private interface Conduct {
        void show(InputStream in, OutputStream out) throws IOException;
    }

    private String receiver(Conduct conduct) throws IOException {
        var server = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
        Thread.ofVirtual().start(() -> {
            try (server;
                    Socket socket = server.accept()) {
                byte[] request = new byte[8_192];
                assertThat(socket.getInputStream().read(request)).isPositive();
                conduct.show(socket.getInputStream(), socket.getOutputStream());
            } catch (IOException e) {
                over.countDown();
            }
        });
        return "http://127.0.0.1:" + server.getLocalPort() + "/x";
    }

    private static void write(OutputStream out, String text) throws IOException {
        out.write(text.getBytes(StandardCharsets.ISO_8859_1));
        out.flush();
    }

    private void waitForTheEnd() {
        try {
            over.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Test
    void noAnswerCostsTheTimeOfOneAttempt() throws IOException {
        Answered answered = send(receiver((in, out) -> waitForTheEnd()), BRIEF);
        assertThat(answered.status()).isNull();
        assertThat(answered.error()).startsWith("no answer within");
        assertThat(answered.millis()).isBetween(600, 4_000);
    }

    /// A byte now and then keeps every time-out between bytes from running out.
    @ParameterizedTest
    @ValueSource(strings = {"HTTP/1.1 200 OK\r\nX: ", "HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n", ""})
    void anAnswerByDropsCostsTheTimeOfOneAttempt(String start) throws IOException {
        Answered answered = send(
                receiver((in, out) -> {
                    write(out, start);
                    while (over.getCount() > 0) {
                        write(out, "a");
                        LockSupport.parkNanos(50_000_000);
                    }
                }),
                BRIEF);
        assertThat(answered.error()).startsWith("no answer within");
        assertThat(answered.millis()).isLessThan(4_000);
    }

    @Test
    void repeatedInterimAnswersEnd() throws IOException {
        Answered answered = send(
                receiver((in, out) -> {
                    while (over.getCount() > 0) {
                        write(out, "HTTP/1.1 102 Processing\r\n\r\n");
                        LockSupport.parkNanos(20_000_000);
                    }
                }),
                BRIEF);
        assertThat(answered.isSuccess()).isFalse();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "HTTP/1.1 200 OK",
                "HTTP/1.1 200 OK\r\n",
                "HTTP/1.1 200 OK\r\nContent-Type: text/pl",
                "HTTP/1.1 204 No Content\r\nX: y\r\n",
                "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf",
                ""
            })
    void anAnswerThatBreaksOffIsNoSuccess(String start) throws IOException {
        Answered answered = send(receiver((in, out) -> write(out, start)), BRIEF);
        assertThat(answered.isSuccess()).as(answered.toString()).isFalse();
        assertThat(answered.error()).isEqualTo("the connection broke off");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"HTTP/1.1 204 No Content\r\n\r\n", "HTTP/1.0 200 OK\r\n\r\n", "HTTP/1.1 200\r\nA: b\r\n\r\nbody"
            })
    void aShortAnswerThatIsWholeIsOne(String answer) throws IOException {
        assertThat(send(receiver((in, out) -> write(out, answer)), BRIEF).isSuccess())
                .isTrue();
    }

    /// What is left of a body whose end is known is not read either.
    @Test
    void ofALongBodyTheBeginningIsRead() throws IOException {
        var written = new java.util.concurrent.atomic.AtomicLong();
        Answered answered = send(
                receiver((in, out) -> {
                    write(out, "HTTP/1.1 200 OK\r\nContent-Length: 4294967296\r\n\r\n");
                    byte[] piece = new byte[1 << 16];
                    while (written.get() < 1L << 32) {
                        out.write(piece);
                        written.addAndGet(piece.length);
                    }
                }),
                Duration.ofSeconds(5));
        assertThat(answered.isSuccess()).isTrue();
        assertThat(answered.millis()).isLessThan(2_000);
        assertThat(written.get()).isLessThan(64 << 20);
    }

    @Test
    void ofAnEndlessBodyTheBeginningIsKept() throws IOException {
        Answered answered = send(
                receiver((in, out) -> {
                    write(out, "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n");
                    while (over.getCount() > 0) {
                        write(out, "0123456789".repeat(1_000));
                    }
                }),
                Duration.ofSeconds(5));
        assertThat(answered.isSuccess()).isTrue();
        assertThat(answered.body()).hasSize(500).startsWith("01234");
    }

    @ParameterizedTest
    @ValueSource(strings = {"X: y\r\n", "yyyyyyyyyyyyyyyy"})
    void headersWithoutEndAreRefused(String part) throws IOException {
        Answered answered = send(
                receiver((in, out) -> {
                    write(out, "HTTP/1.1 200 OK\r\nX: y");
                    while (over.getCount() > 0) {
                        write(out, part.repeat(100));
                    }
                }),
                Duration.ofSeconds(5));
        assertThat(answered.error()).isEqualTo("the connection broke off");
    }

    @Test
    void whatIsNoHttpHasFailed() throws IOException {
        assertThat(send(receiver((in, out) -> write(out, "SSH-2.0-x\r\n\r\n")), Duration.ofSeconds(5))
                        .isSuccess())
                .isFalse();
        assertThat(send(receiver((in, out) -> {}), Duration.ofSeconds(5)).error())
                .isEqualTo("the connection broke off");
    }

    @Test
    void bodiesAreKeptAsTextWithoutControlCharacters() {
        try (var receiver = new Receiver()) {
            receiver.answers(
                    Answer.with(200, Map.of("Content-Encoding", "gzip"), "a\u0000b\r\nc\u001bd \u00fc \ud83d\ude00"));
            assertThat(send(receiver.url("/x"), BRIEF).body()).isEqualTo("a b c d \u00fc \ud83d\ude00");
            receiver.answers(Answer.with(200, Map.of(), "\ud83d\ude00".repeat(600)));
            String kept = String.valueOf(send(receiver.url("/x"), BRIEF).body());
            assertThat(kept.codePointCount(0, kept.length())).isEqualTo(500);
            receiver.answers(Answer.with(204, Map.of(), ""));
            assertThat(send(receiver.url("/x"), BRIEF).isSuccess()).isTrue();
        }
    }

    @Test
    void insideIsNotDialledByNameEither() {
        try (var inside = new Receiver()) {
            lookup = host -> new InetAddress[] {InetAddress.getLoopbackAddress()};
            String url = "http://looks-public.example:" + inside.port() + "/x";
            Answered answered = send(url, BRIEF, Targets.ofTheInternet());
            assertThat(answered.error())
                    .isEqualTo("not sent: looks-public.example does not lead to the public Internet");
            assertThat(inside.received()).isEmpty();
        }
    }

    /// A name server that says something good first and something else when asked again.
    @Test
    void aNameIsAskedOncePerConnectionAndThatAddressIsDialled() {
        try (var receiver = new Receiver();
                var resolver = new SafeResolver(
                        Targets.of(List.of("127.0.0.1"), false), host -> lookup.of(host), Duration.ofMillis(300));
                var sender = new Sender(resolver, LIMITS)) {
            receiver.answers(Answer.with(200, Map.of("Connection", "close"), "ok"));
            var asked = new AtomicInteger();
            lookup = host ->
                    new InetAddress[] {InetAddress.getByName(asked.incrementAndGet() == 1 ? "127.0.0.1" : "10.0.0.1")};
            String url = "http://rebinding.example:" + receiver.port() + "/x";
            assertThat(sendOnce(sender, url, BRIEF).isSuccess()).isTrue();
            assertThat(asked).hasValue(1);
            assertThat(sendOnce(sender, url, BRIEF).error()).startsWith("not sent: ");
            assertThat(receiver.received()).hasSize(1);
        }
    }

    @Test
    void aNameServerThatHangsHoldsUpOnlyItsNames() {
        lookup = host -> {
            if (host.startsWith("hangs")) {
                waitForTheEnd();
            }
            return new InetAddress[] {InetAddress.getLoopbackAddress()};
        };
        try (var receiver = new Receiver();
                var resolver = new SafeResolver(
                        Targets.of(List.of("127.0.0.1"), false), host -> lookup.of(host), Duration.ofMillis(300));
                var sender = new Sender(resolver, LIMITS)) {
            for (int i = 0; i < 20; i++) {
                assertThat(sendOnce(sender, "http://hangs.example:" + receiver.port(), BRIEF)
                                .error())
                        .isEqualTo("the host name could not be looked up");
            }
            assertThat(sendOnce(sender, "http://good.example:" + receiver.port(), BRIEF)
                            .isSuccess())
                    .isTrue();
        }
    }
}
