package dev.spooled.live;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spooled.support.Await;
import dev.spooled.support.TestServer;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;

/// Who does not read is sent away; who reads hears everything, however much comes at once; who is connected when the
/// server stops is told.
final class SlowListenersTest {
    private static final int JOBS = 100;

    private static String bulk(int jobs) {
        return "{\"queue_name\":\"q\",\"jobs\":[" + "{\"payload\":{}},".repeat(jobs - 1) + "{\"payload\":{}}]}";
    }

    @Test
    void aBurstIsHeardWholeAndInOrder() {
        try (var server = new TestServer(Hub.Limits.STANDARD, Rhythm.STANDARD.faster(10));
                var stream = EventStream.open(server, server.key, "/events?events=job.created")) {
            for (int i = 0; i < 20; i++) {
                assertThat(server.post("/jobs/bulk", bulk(JOBS)).statusCode()).isEqualTo(200);
            }
            String last = "";
            for (int i = 0; i < 20 * JOBS; i++) {
                String next = stream.event().inside("job_id").asString();
                assertThat(next).isGreaterThan(last);
                last = next;
            }
        }
    }

    @Test
    void whoNeverReadsIsSentAwayAndNobodyWaits() throws IOException {
        try (var server = new TestServer(Hub.Limits.STANDARD, Rhythm.STANDARD.faster(10));
                var deaf = new Socket()) {
            deaf.setReceiveBufferSize(4_096);
            deaf.connect(new InetSocketAddress("127.0.0.1", server.port()));
            String request = "GET /api/v1/events HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer " + server.key
                    + "\r\n\r\n";
            deaf.getOutputStream().write(request.getBytes(StandardCharsets.US_ASCII));
            Await.until(() -> server.hub().listeners().size(), open -> open == 1);
            int org = server.hub().listeners().getFirst().caller().org();
            try (var stream = EventStream.open(server, server.key, "/events?events=error")) {
                int told = 0;
                while (server.hub().connections() == 2 || told == 0) {
                    server.hub().publish(org, Collections.nCopies(20, large()));
                    for (int i = 0; i < 20; i++) {
                        assertThat(stream.event().type()).isEqualTo("Error");
                    }
                    told += 20;
                    assertThat(told).isLessThan(20_000);
                }
                assertThat(server.hub().connections()).isEqualTo(1);
            }
        }
    }

    /// It gets what was on its way, and then the reason.
    @Test
    void aSocketThatFellBehindIsClosedWith1013() throws Exception {
        try (var server = new TestServer(Hub.Limits.STANDARD, Rhythm.STANDARD.faster(2));
                var socket = TestSocket.open(server, server.key, "")) {
            assertThat(socket.next().get("type").asString()).isEqualTo("Ping");
            Listener listener = server.hub().listeners().getFirst();
            socket.stopReading();
            int told = 0;
            while (listener.ended() == null) {
                server.hub().publish(listener.caller().org(), Collections.nCopies(20, large()));
                told += 20;
                assertThat(told).isLessThan(1_000_000);
                LockSupport.parkNanos(1_000_000);
            }
            assertThat(listener.ended()).isEqualTo(Listener.End.SLOW);
            socket.readAgain();
            assertThat(socket.closedWith.get(15, TimeUnit.SECONDS)).isEqualTo(1013);
        }
    }

    private static LiveEvent large() {
        return LiveEvent.error("x".repeat(20_000), Instant.EPOCH);
    }

    @Test
    void aStopEndsStreamsInOrder() {
        var server = new TestServer(Hub.Limits.STANDARD, Rhythm.STANDARD);
        try (var stream = EventStream.open(server, server.key, "/events")) {
            assertThat(stream.next()).isNotNull();
            server.close();
            assertThat(stream.endsNow()).isTrue();
        }
    }

    @Test
    void aFeedKeepsTheNewestWithinItsBounds() {
        var held = new AtomicLong();
        var feed = new Feed(held, new AtomicLong());
        var about = LiveEvent.About.queue("q");
        for (int i = 0; i < 3 * Feed.KEPT; i++) {
            feed.add(List.of(new LiveEvent(EventKind.JOB_CREATED, about, 0L, null, 5_000, data -> {})));
        }
        assertThat(held.get()).isBetween(1L << 20, 17L << 20);
        feed.forget();
        assertThat(held.get()).isZero();
    }
}
