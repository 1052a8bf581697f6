package dev.spooled.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spooled.support.Await;
import dev.spooled.support.Line;
import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/// Each kind of stream, and each way in which one dies in the middle: what becomes of leases and of events, and
/// that the server is left with what it had before. The account is printed, a line each.
@Tag("chaos")
final class StreamCrashTest {
    private static final int JOBS = 150;

    /// `-Dcrash.only=SSE` or `-Dcrash.only=NETWORK_RESET` narrows the table.
    private static final String ONLY = System.getProperty("crash.only", "");

    /// Large enough that not all of them fit into what is on its way to a client.
    private static final String PAYLOAD = "{\"x\":\"" + "x".repeat(20_000) + "\"}";

    /// More than fits on the line and may wait, and fewer than the server keeps for who comes back.
    private static final int FLOOD = 5_000;

    private static final Pattern CREATED = Pattern.compile("event [^- ]\\S* JobCreated [0-9a-f-]{36}");
    private static final Duration BACK_WITHIN = Duration.ofSeconds(2);
    private static final List<String> ACCOUNT = new ArrayList<>();

    private static ServerProcess server;

    enum Kind {
        STREAM_JOBS,
        PROCESS_JOBS,
        BATCHES,
        SSE,
        WEBSOCKET;

        boolean takesJobs() {
            return this != SSE && this != WEBSOCKET;
        }
    }

    private enum Failure {
        CLIENT_KILLED,
        SERVER_KILLED,
        SERVER_STOPPED,
        NETWORK_RESET,
        NETWORK_SILENT;

        boolean ofServer() {
            return this == SERVER_KILLED || this == SERVER_STOPPED;
        }
    }

    /// What a server holds for its streams.
    private record Held(int streams, int listeners, int files) {
        static Held now() throws IOException {
            String metrics = server.metrics();
            try (Stream<Path> files =
                    Files.list(Path.of("/proc", Long.toString(server.handle().pid()), "fd"))) {
                return new Held(
                        figure(metrics, "spooled_grpc_streams"), figure(metrics, "spooled_live_connections"), (int)
                                files.count());
            }
        }

        static int figure(String metrics, String name) {
            var found = Pattern.compile("(?m)^" + name + " ([0-9.]+)").matcher(metrics);
            assertThat(found.find()).as(name + " in metrics").isTrue();
            return (int) Double.parseDouble(found.group(1));
        }
    }

    /// The client's process and what it has said.
    private static final class Client implements AutoCloseable {
        private final Process process;
        final List<String> said = new CopyOnWriteArrayList<>();

        Client(Kind kind, int port, String queue, String last) throws IOException {
            process = new ProcessBuilder(
                            System.getProperty("java.home") + File.separator + "bin" + File.separator + "java",
                            "-Xmx128m",
                            "-XX:+UseSerialGC",
                            "-XX:TieredStopAtLevel=1",
                            "-cp",
                            System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")),
                            StreamClient.class.getName(),
                            kind.name(),
                            Integer.toString(port),
                            server.key(),
                            queue,
                            last)
                    .redirectError(ProcessBuilder.Redirect.DISCARD)
                    .start();
            Thread.ofVirtual().start(this::listen);
        }

        private void listen() {
            try (BufferedReader lines = process.inputReader(StandardCharsets.UTF_8)) {
                lines.lines().forEach(said::add);
            } catch (IOException | java.io.UncheckedIOException e) {
                // it is gone, and has said what it had to
            }
        }

        /// The jobs it has heard of. A line that was cut off with it does not count.
        List<String> created() {
            return said.stream()
                    .filter(CREATED.asMatchPredicate())
                    .map(line -> line.split(" ")[3])
                    .toList();
        }

        List<String> second(String first) {
            return said.stream()
                    .filter(line -> line.startsWith(first + " "))
                    .map(line -> line.split(" ")[1])
                    .toList();
        }

        void await(String first, int count) {
            Await.until(
                    () -> said.stream().filter(line -> line.startsWith(first)).count(), n -> n >= count);
        }

        void kill() {
            process.destroyForcibly();
            process.onExit().join();
        }

        @Override
        public void close() {
            kill();
        }
    }

    @BeforeAll
    static void start() throws IOException {
        server = new ServerProcess(Path.of("target", "crash-" + UUID.randomUUID()));
    }

    @AfterAll
    static void stop() {
        server.close();
        System.out.println("crash account:");
        ACCOUNT.forEach(line -> System.out.println("  " + line));
    }

    static Stream<Arguments> table() {
        return Stream.of(Kind.values())
                .flatMap(kind -> Stream.of(Failure.values()).map(failure -> Arguments.of(kind, failure)))
                .filter(row -> String.join(" ", row.get()[0].toString(), row.get()[1].toString())
                        .contains(ONLY));
    }

    @ParameterizedTest
    @MethodSource("table")
    void isAccountedFor(Kind kind, Failure failure) throws Exception {
        if (kind.takesJobs()) {
            jobs(kind, failure);
        } else {
            events(kind, failure);
        }
    }

    // ---- jobs

    private static void jobs(Kind kind, Failure failure) throws Exception {
        String queue = "crash-" + UUID.randomUUID();
        Set<String> enqueued = new HashSet<>();
        for (int i = 0; i < JOBS; i++) {
            enqueued.add(enqueue(queue, PAYLOAD));
        }
        Held before = Held.now();
        Set<String> given;
        Set<String> done;
        Duration back;
        try (var line = new Line(server.grpcPort());
                var client = new Client(kind, line.port(), queue, "")) {
            client.await("got", 10);
            back = fail(failure, client, line, () -> Held.now().streams() == before.streams());
            client.kill();
            given = new HashSet<>(client.second("got"));
            done = new HashSet<>(client.second("done"));
        }
        Taken first = take(queue);
        Await.until(() -> leased(queue), leased -> leased == 0);
        Taken later = take(queue);
        var all = new HashSet<>(first.untried());
        all.addAll(first.tried());
        all.addAll(later.tried());
        all.addAll(done);
        int unanswered = JOBS - all.size();
        assertThat(later.untried()).as("leases that ran out count an attempt").isEmpty();
        assertThat(all).as("only jobs of this queue").isSubsetOf(enqueued);
        // Of the completions under way when it broke, the answers are lost, not the completions.
        assertThat(unanswered).isLessThanOrEqualTo(kind == Kind.PROCESS_JOBS ? 20 : 0);
        for (String id : enqueued) {
            assertThat(server.get("/jobs/" + id).body()).contains("\"status\":\"completed\"");
        }
        // Undelivered jobs come back without an attempt counted, those that the client had seen only with their lease.
        if (failure != Failure.SERVER_KILLED) {
            assertThat(first.untried()).doesNotContainAnyElementsOf(given);
        }
        if (failure != Failure.NETWORK_SILENT && !failure.ofServer()) {
            assertThat(back).isLessThan(BACK_WITHIN);
        }
        Held after = settled(before, failure);
        ACCOUNT.add(
                "%-12s %-14s given %2d, done %2d, back unharmed %2d in %,5d ms, by lease %2d, streams %d -> %d, files %d -> %d"
                        .formatted(
                                kind,
                                failure,
                                given.size(),
                                done.size() + unanswered,
                                first.untried().size(),
                                back.toMillis(),
                                first.tried().size() + later.tried().size(),
                                before.streams(),
                                after.streams(),
                                before.files(),
                                after.files()));
    }

    private static List<String> enqueueMany(String queue) throws IOException {
        String jobs = "{\"payload\":{}},".repeat(100).replaceAll(",$", "");
        String made = server.post("/jobs/bulk", "{\"queue_name\":\"" + queue + "\",\"jobs\":[" + jobs + "]}")
                .body();
        return Pattern.compile("\"job_id\":\"([^\"]*)\"")
                .matcher(made)
                .results()
                .map(found -> found.group(1))
                .toList();
    }

    private static String enqueue(String queue, String payload) throws IOException {
        return text(
                server.post("/jobs", "{\"queue_name\":\"" + queue + "\",\"payload\":" + payload + "}")
                        .body(),
                "id");
    }

    /// Breaks the stream and waits until the server has noticed. Answers how long that took.
    private static Duration fail(Failure failure, Client client, Line line, Noticed noticed) throws Exception {
        long begun = System.nanoTime();
        switch (failure) {
            case CLIENT_KILLED -> client.kill();
            case SERVER_KILLED -> server.killServer();
            case SERVER_STOPPED -> server.stopServer();
            case NETWORK_RESET -> line.reset();
            case NETWORK_SILENT -> line.swallow();
        }
        if (failure.ofServer()) {
            server.awaitReady();
            client.await("end", 1);
        } else if (failure == Failure.NETWORK_SILENT) {
            // A peer that says nothing is pinged after 10 s and given up 20 s later, or when it has fallen behind.
            for (int i = 0; i < 7 && !patient(noticed); i++) {}
        }
        Await.until(() -> checked(noticed), yes -> yes);
        return Duration.ofNanos(System.nanoTime() - begun);
    }

    private interface Noticed {
        boolean now() throws IOException;
    }

    private static boolean checked(Noticed noticed) {
        try {
            return noticed.now();
        } catch (IOException e) {
            return false;
        }
    }

    private static boolean patient(Noticed noticed) {
        try {
            return Await.until(() -> checked(noticed), yes -> yes);
        } catch (AssertionError e) {
            return false;
        }
    }

    /// What may be claimed now, by whether an attempt was counted; all of it is completed.
    private record Taken(Set<String> untried, Set<String> tried) {}

    private static Taken take(String queue) throws IOException {
        var taken = new Taken(new HashSet<>(), new HashSet<>());
        while (true) {
            String claimed = server.post(
                            "/jobs/claim", "{\"queue_name\":\"" + queue + "\",\"worker_id\":\"after\",\"limit\":100}")
                    .body();
            var jobs = Pattern.compile(
                            "\"id\":\"([0-9a-f-]{36})\".*?\"retry_count\":([0-9]+).*?\"lease_id\":\"([^\"]*)\"")
                    .matcher(claimed);
            boolean some = false;
            while (jobs.find()) {
                some = true;
                boolean fresh = (jobs.group(2).equals("0") ? taken.untried() : taken.tried()).add(jobs.group(1));
                assertThat(fresh).as("given once at a time").isTrue();
                assertThat(server.post(
                                        "/jobs/" + jobs.group(1) + "/complete",
                                        "{\"worker_id\":\"after\",\"lease_id\":\"" + jobs.group(3) + "\"}")
                                .statusCode())
                        .isEqualTo(200);
            }
            if (!some) {
                return taken;
            }
        }
    }

    private static int leased(String queue) {
        try {
            var found = Pattern.compile("\"processing_jobs\":([0-9]+)")
                    .matcher(server.get("/queues/" + queue + "/stats").body());
            return found.find() ? Integer.parseInt(found.group(1)) : -1;
        } catch (IOException e) {
            return -1;
        }
    }

    // ---- events

    private static void events(Kind kind, Failure failure) throws Exception {
        String queue = "crash-" + UUID.randomUUID();
        Held before = Held.now();
        var told = new ArrayList<String>();
        List<String> expected = new ArrayList<>();
        Duration noticed;
        String last;
        try (var line = new Line(server.port());
                var client = new Client(kind, line.port(), queue, "")) {
            client.await("open", 1);
            for (int i = 0; i < 20; i++) {
                expected.add(enqueue(queue, "{}"));
            }
            client.await("event", 10);
            noticed = failEvents(kind, failure, client, line, before, queue, expected);
            client.kill();
            told.addAll(client.created());
            last = client.said.stream()
                    .filter(CREATED.asMatchPredicate())
                    .reduce((one, next) -> next)
                    .map(it -> it.split(" ")[1])
                    .orElseThrow();
        }
        for (int i = 0; i < 10; i++) {
            expected.add(enqueue(queue, "{}"));
        }
        boolean missed;
        try (var again = new Client(kind, server.port(), queue, last)) {
            again.await("open", 1);
            expected.add(enqueue(queue, "{}"));
            String newest = expected.getLast();
            Await.until(() -> again.said, said -> said.stream().anyMatch(it -> it.endsWith(newest)));
            missed = again.said.stream().anyMatch(it -> it.contains(" Error "));
            told.addAll(again.created());
        }
        assertThat(told).as("told once").doesNotHaveDuplicates();
        assertThat(told).isSubsetOf(expected);
        // Another run of the server knows no events of the one before: it says so, and the state is read again.
        assertThat(missed).isEqualTo(failure.ofServer());
        if (!missed) {
            assertThat(told).containsExactlyElementsOf(expected);
        }
        Held after = settled(before, failure);
        ACCOUNT.add("%-12s %-14s events %2d of %2d, %s, noticed in %,6d ms, listeners %d -> %d, files %d -> %d"
                .formatted(
                        kind,
                        failure,
                        told.size(),
                        expected.size(),
                        missed ? "told that some are missed" : "resumed without a gap",
                        noticed.toMillis(),
                        before.listeners(),
                        after.listeners(),
                        before.files(),
                        after.files()));
    }

    /// A listener whose network is silent is found when more waits for it than a connection may keep waiting.
    private static Duration failEvents(
            Kind kind, Failure failure, Client client, Line line, Held before, String queue, List<String> expected)
            throws Exception {
        long begun = System.nanoTime();
        Duration took = fail(failure, client, line, () -> {
            if (failure == Failure.NETWORK_SILENT && kind == Kind.SSE) {
                if (expected.size() < FLOOD) {
                    expected.addAll(enqueueMany(queue));
                }
            }
            return Held.now().listeners() == before.listeners();
        });
        if (failure == Failure.SERVER_STOPPED) {
            assertThat(client.said.getLast()).isIn("end of stream", "end 1001");
        }
        return failure == Failure.NETWORK_SILENT ? Duration.ofNanos(System.nanoTime() - begun) : took;
    }

    /// Nothing of the stream is left. A server that was started anew has files of its own.
    private static Held settled(Held before, Failure failure) throws IOException {
        Await.until(
                () -> {
                    try {
                        return Held.now();
                    } catch (IOException e) {
                        return before;
                    }
                },
                held -> held.streams() == before.streams()
                        && held.listeners() == before.listeners()
                        && (failure.ofServer() || held.files() <= before.files() + 12));
        return Held.now();
    }

    private static String text(String json, String name) {
        var found = Pattern.compile("\"" + name + "\":\"([^\"]*)\"").matcher(json);
        assertThat(found.find()).as(name + " in " + json).isTrue();
        return found.group(1);
    }
}
