package dev.spooled.live;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spooled.support.Await;
import dev.spooled.support.TestServer;
import dev.spooled.upkeep.Upkeep;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/// A storm of listeners: 200 that never read and 1,000 that have nothing to hear, while jobs are enqueued as fast
/// as they go, and some one by one, whose time is taken. Phases with and without listeners take turns in one run;
/// the aim is a ratio of 1.2 on a quiet machine, and what is asserted leaves room for a busy one.
/// `-Dstorm.deaf=n`, `-Dstorm.idle=n` and `-Dstorm.rounds=n` make a smaller one.
@Tag("soak")
final class StormTest {
    private static final int DEAF = Integer.getInteger("storm.deaf", 200);
    private static final int IDLE = Integer.getInteger("storm.idle", 1_000);
    private static final int ROUNDS = Integer.getInteger("storm.rounds", 6);
    private static final Duration WARM = Duration.ofSeconds(25);
    private static final Duration PHASE = Duration.ofSeconds(15);
    private static final long PACE_NANOS = TimeUnit.MILLISECONDS.toNanos(5);
    private static final int BULK = 100;
    private static final int LOADERS = 2;

    /// Together 10,000 jobs a second, and each is an event at least.
    private static final long LOAD_PACE_NANOS = TimeUnit.SECONDS.toNanos(1) * BULK * LOADERS / 10_000;

    private long heapWithListeners;

    /// What a phase came to: enqueue times of single jobs in microseconds, and events per second.
    private record Phase(long[] micros, long jobs, double seconds, String slowest) {
        double at(double part) {
            return micros[(int) Math.min(micros.length - 1, micros.length * part)] / 1_000.0;
        }

        @Override
        public String toString() {
            return "%d singles, p50 %.2f ms, p99 %.2f ms, %.0f jobs/s; slowest of each second %s"
                    .formatted(micros.length, at(0.5), at(0.99), jobs / seconds, slowest);
        }
    }

    @Test
    void enqueuesDoNotFeelListeners() throws Exception {
        try (var server = new TestServer(new Hub.Limits(2_000, 100, 5_000), Rhythm.STANDARD);
                var upkeep = new Upkeep(server.chores.all())) {
            var warm = List.of(run(server, WARM), runWithListeners(server));
            System.out.println("storm: warm up " + warm);
            heapWithListeners = 0;
            var without = new ArrayList<Phase>();
            var with = new ArrayList<Phase>();
            long heapWithout = usedHeap();
            for (int i = 0; i < ROUNDS; i++) {
                // In turns, so that what comes at regular times, such as checkpoints, does not always meet the same
                // one.
                if (i % 2 == 0) {
                    without.add(run(server, PHASE));
                    with.add(runWithListeners(server));
                } else {
                    with.add(runWithListeners(server));
                    without.add(run(server, PHASE));
                }
            }
            long heapWith = heapWithListeners;
            without.forEach(phase -> System.out.println("storm: without " + phase));
            with.forEach(phase -> System.out.println("storm: with    " + phase));
            System.out.println("storm: all without " + together(without));
            System.out.println("storm: all with    " + together(with));
            double ratio = together(with).at(0.99) / together(without).at(0.99);
            System.out.printf(
                    "storm: p99 with / without = %.2f; heap %d MB without, %d MB with%n",
                    ratio, heapWithout >> 20, heapWith >> 20);
            assertThat(heapWith - heapWithout).isLessThan(200L << 20);
            assertThat(ratio).isLessThan(1.5);
        }
    }

    private Phase runWithListeners(TestServer server) throws Exception {
        List<Socket> listeners = listeners(server);
        assertThat(server.hub().connections()).isEqualTo(DEAF + IDLE);
        Phase phase = run(server, PHASE);
        System.out.println("storm: of the deaf " + (DEAF + IDLE - server.hub().connections())
                + " were sent away, none of the idle");
        assertThat(server.hub().connections()).isBetween(IDLE, DEAF + IDLE);
        heapWithListeners = Math.max(heapWithListeners, usedHeap());
        for (Socket listener : listeners) {
            listener.close();
        }
        Await.until(() -> server.hub().connections(), open -> open == 0);
        return phase;
    }

    /// The phases as one: a few thousand calls say more about the slowest of a hundred than the middle of some
    /// hundreds.
    private static Phase together(List<Phase> phases) {
        long[] micros = phases.stream()
                .flatMapToLong(phase -> Arrays.stream(phase.micros()))
                .sorted()
                .toArray();
        return new Phase(
                micros,
                phases.stream().mapToLong(Phase::jobs).sum(),
                phases.stream().mapToDouble(Phase::seconds).sum(),
                "");
    }

    private static long usedHeap() {
        System.gc();
        Runtime runtime = Runtime.getRuntime();
        return runtime.totalMemory() - runtime.freeMemory();
    }

    private static List<Socket> listeners(TestServer server) throws IOException {
        var sockets = new ArrayList<Socket>();
        for (int i = 0; i < DEAF + IDLE; i++) {
            var socket = new Socket();
            socket.setReceiveBufferSize(8_192);
            socket.connect(new InetSocketAddress("127.0.0.1", server.port()));
            String path = i < DEAF ? "/events" : "/events?queue=idle";
            String request =
                    "GET /api/v1" + path + " HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer " + server.key + "\r\n\r\n";
            socket.getOutputStream().write(request.getBytes(StandardCharsets.US_ASCII));
            assertThat(socket.getInputStream().read()).isEqualTo('H');
            sockets.add(socket);
        }
        return sockets;
    }

    /// Begins with a collection, so that no phase pays for what was made before it.
    private static Phase run(TestServer server, Duration span) throws Exception {
        System.gc();
        var over = new AtomicBoolean();
        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            var loads = new ArrayList<Callable<Long>>();
            for (int i = 0; i < LOADERS; i++) {
                loads.add(() -> load(server, over));
            }
            var running = loads.stream().map(threads::submit).toList();
            long begun = System.nanoTime();
            var slowest = new TreeMap<Long, Long>();
            long[] micros = singles(server, begun, begun + span.toNanos(), slowest);
            over.set(true);
            long jobs = micros.length;
            for (var each : running) {
                jobs += each.get();
            }
            return new Phase(micros, jobs, (System.nanoTime() - begun) / 1e9, slowest.values() + " ms");
        }
    }

    private static long load(TestServer server, AtomicBoolean over) throws IOException {
        String body =
                "{\"queue_name\":\"storm\",\"jobs\":[" + "{\"payload\":{}},".repeat(BULK - 1) + "{\"payload\":{}}]}";
        long jobs = 0;
        try (var client = new KeptAlive(server, "/jobs/bulk", body)) {
            for (long due = System.nanoTime(); !over.get(); due += LOAD_PACE_NANOS) {
                LockSupport.parkNanos(due - System.nanoTime());
                client.post();
                jobs += BULK;
            }
        }
        return jobs;
    }

    private static long[] singles(TestServer server, long start, long end, Map<Long, Long> slowest) throws IOException {
        var micros = new ArrayList<Long>();
        try (var client = new KeptAlive(server, "/jobs", "{\"queue_name\":\"single\",\"payload\":{}}")) {
            while (System.nanoTime() - end < 0) {
                long begun = System.nanoTime();
                client.post();
                long took = System.nanoTime() - begun;
                micros.add(took / 1_000);
                slowest.merge(TimeUnit.NANOSECONDS.toSeconds(begun - start), took / 1_000_000, Math::max);
                LockSupport.parkNanos(PACE_NANOS);
            }
        }
        long[] sorted = micros.stream().mapToLong(Long::longValue).toArray();
        Arrays.sort(sorted);
        return sorted;
    }

    /// Posts the same body again and again on one connection.
    private static final class KeptAlive implements AutoCloseable {
        private final Socket socket;
        private final InputStream in;
        private final byte[] request;

        KeptAlive(TestServer server, String path, String body) throws IOException {
            socket = new Socket("127.0.0.1", server.port());
            socket.setTcpNoDelay(true);
            in = new BufferedInputStream(socket.getInputStream());
            request = ("POST /api/v1" + path + " HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer " + server.key
                            + "\r\nContent-Type: application/json\r\nContent-Length: " + body.length() + "\r\n\r\n"
                            + body)
                    .getBytes(StandardCharsets.US_ASCII);
        }

        void post() throws IOException {
            socket.getOutputStream().write(request);
            String head = head();
            assertThat(head).startsWith("HTTP/1.1 20");
            String length = head.toLowerCase(Locale.ROOT);
            int at = length.indexOf("content-length: ") + 16;
            in.skipNBytes(Integer.parseInt(length.substring(at, length.indexOf('\r', at))));
        }

        private String head() throws IOException {
            var head = new StringBuilder(512);
            while (head.length() < 4 || head.lastIndexOf("\r\n\r\n") != head.length() - 4) {
                head.append((char) in.read());
            }
            return head.toString();
        }

        @Override
        public void close() {
            try {
                socket.close();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }
}
