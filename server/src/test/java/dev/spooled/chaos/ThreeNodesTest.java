package dev.spooled.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spooled.support.TestDb;
import java.io.IOException;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/// Three server processes before one PostgreSQL, one of them killed (-9) every few seconds for two minutes and until
/// seven were, as soon as all three are up again, while a schedule is due every second and graphs of 100 random steps
/// are worked off. Then an account: each occurrence fired once and made one job, no step began before its parents, each
/// graph ended as its shape says it must.
/// `-Dnodes.seed=n` repeats the instants and graphs, `-Dnodes.seconds=n` their time.
@Tag("chaos")
class ThreeNodesTest {
    private static final int SECONDS = Integer.getInteger("nodes.seconds", 120);
    private static final int WORKERS = 12;
    private static final int STEPS = 100;
    private static final Pattern CLAIMED =
            Pattern.compile("\"id\":\"([0-9a-f-]{36})\",\"queue_name\":\"[a-z]+\",\"payload\":(\\{[^}]*}).*?"
                    + "\"lease_id\":\"([0-9a-f-]{36})\"");
    private static final Pattern STEP = Pattern.compile("\\{\"graph\":(\\d+),\"step\":(\\d+)}");

    /// Steps by number: who must come before, whether one of them is enough, whether it fails.
    private record Graph(List<Set<Integer>> parents, boolean[] any, boolean[] fails) {
        boolean mayStart(int step, Set<Integer> completed) {
            Set<Integer> before = parents.get(step);
            return any[step] && !before.isEmpty()
                    ? before.stream().anyMatch(completed::contains)
                    : completed.containsAll(before);
        }

        /// The steps that complete, whoever works them off and when.
        Set<Integer> reachable() {
            Set<Integer> completed = new LinkedHashSet<>();
            for (int i = 0; i < STEPS; i++) {
                if (!fails[i] && mayStart(i, completed)) {
                    completed.add(i);
                }
            }
            return completed;
        }
    }

    /// A graph that was asked for: `begun` are the steps that a worker has set out to complete.
    private record Asked(Graph graph, Set<Integer> begun) {}

    /// A workflow on its way.
    private record Run(Graph graph, UUID id) {}

    private final List<ServerProcess> nodes = new ArrayList<>();
    private final AtomicInteger early = new AtomicInteger();
    private final List<Asked> asked = new CopyOnWriteArrayList<>();
    private volatile boolean working = true;

    @Test
    void everyOccurrenceFiresOnceAndGraphsEndAsTheyMust() throws Exception {
        long seed = Long.getLong("nodes.seed", System.nanoTime());
        System.out.println("nodes: -Dnodes.seed=" + seed);
        var random = new Random(seed);
        var database = TestDb.createEmpty();
        Path data = Path.of("target", "nodes-" + UUID.randomUUID());
        nodes.add(new ServerProcess(data.resolve("a"), database, null));
        String key = nodes.getFirst().key();
        nodes.add(new ServerProcess(data.resolve("b"), database, key));
        nodes.add(new ServerProcess(data.resolve("c"), database, key));
        var threads = new ArrayList<Thread>();
        int graphs = 0;
        int kills = 0;
        try (AutoCloseable closing = () -> close(threads)) {
            String schedule = made(nodes.getFirst()
                    .post(
                            "/schedules",
                            "{\"name\":\"tick\",\"cron_expression\":\"* * * * * *\",\"queue_name\":\"ticks\","
                                    + "\"payload_template\":{},\"catch_up\":\"all\"}"));
            for (int i = 0; i < WORKERS; i++) {
                var dice = new Random(random.nextLong());
                String worker = "w" + i;
                threads.add(Thread.ofVirtual().start(() -> work(worker, dice)));
            }
            long begun = System.nanoTime();
            Run run = start(graph(random));
            long nextKill = System.nanoTime() + TimeUnit.SECONDS.toNanos(3);
            while (goesOn(System.nanoTime() - begun, kills)) {
                if (isOver(run)) {
                    check(run);
                    graphs++;
                    run = start(graph(random));
                }
                if (System.nanoTime() - nextKill > 0 && nodes.stream().allMatch(ServerProcess::isReady)) {
                    ServerProcess victim = nodes.get(random.nextInt(3));
                    victim.killServer();
                    kills++;
                    nextKill = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(2_000 + random.nextInt(4_000));
                }
                LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(200));
            }
            Run last = run;
            await("the last graph", () -> isOver(last));
            check(last);
            graphs++;
            nodes.forEach(ServerProcess::awaitReady);
            assertThat(tried(nodes.getFirst(), "/schedules/" + schedule + "/pause", "{}"))
                    .isNotNull();
            await("all ticks", () -> openJobs(database.jdbcUrl(), database.user(), database.password()) == 0);
        }
        System.out.printf("nodes: %d kills, %d graphs of %d steps ended as they must%n", kills, graphs, STEPS);
        account(database.jdbcUrl(), database.user(), database.password());
        assertThat(early).hasValue(0);
        assertThat(kills).isGreaterThan(SECONDS / 20);
    }

    /// A slow machine, on which servers take long to start, kills as many in more time, but not without end.
    private static boolean goesOn(long nanos, int kills) {
        long seconds = TimeUnit.NANOSECONDS.toSeconds(nanos);
        return seconds < SECONDS || kills <= SECONDS / 20 && seconds < 3 * SECONDS;
    }

    private void close(List<Thread> threads) throws InterruptedException {
        working = false;
        for (Thread thread : threads) {
            thread.join();
        }
        nodes.forEach(ServerProcess::close);
    }

    // ---- graphs

    private static Graph graph(Random random) {
        var parents = new ArrayList<Set<Integer>>();
        var any = new boolean[STEPS];
        var fails = new boolean[STEPS];
        for (int i = 0; i < STEPS; i++) {
            Set<Integer> before = new LinkedHashSet<>();
            for (int n = random.nextInt(4); n > 0 && i > 0; n--) {
                before.add(Math.max(0, i - 1 - random.nextInt(15)));
            }
            parents.add(before);
            any[i] = random.nextInt(3) == 0;
            fails[i] = i > 0 && random.nextInt(12) == 0;
        }
        return new Graph(parents, any, fails);
    }

    private Run start(Graph graph) {
        // A reply that was lost may have made one: that graph is worked off, too, and not looked at.
        HttpResponse<String> answer = null;
        for (int i = 0; answer == null || answer.statusCode() != 201; i++) {
            asked.add(new Asked(graph, ConcurrentHashMap.newKeySet()));
            answer = tried(nodes.get(i % 3), "/workflows", workflow(graph, asked.size() - 1));
        }
        Matcher id = Pattern.compile("\"workflow_id\":\"([^\"]*)\"").matcher(answer.body());
        assertThat(id.find()).isTrue();
        return new Run(graph, UUID.fromString(id.group(1)));
    }

    private static String workflow(Graph graph, int number) {
        var jobs = new StringBuilder();
        for (int i = 0; i < STEPS; i++) {
            String before = graph.parents().get(i).stream()
                    .map(parent -> "\"s" + parent + "\"")
                    .collect(Collectors.joining(","));
            jobs.append(i == 0 ? "" : ",")
                    .append("{\"key\":\"s" + i + "\",\"queue_name\":\"graph\",\"payload\":{\"graph\":" + number
                            + ",\"step\":" + i + "},\"depends_on\":[" + before + "],\"dependency_mode\":\""
                            + (graph.any()[i] ? "any" : "all") + "\"}");
        }
        return "{\"name\":\"graph\",\"jobs\":[" + jobs + "]}";
    }

    private boolean isOver(Run run) {
        String body = read("/workflows/" + run.id());
        return body.contains("\"status\":\"completed\",\"total_jobs\"")
                || body.contains("\"status\":\"failed\",\"total_jobs\"");
    }

    private void check(Run run) {
        String body = read("/workflows/" + run.id() + "/jobs/status");
        Set<Integer> completed = new LinkedHashSet<>();
        Matcher rows = Pattern.compile("\"key\":\"s(\\d+)\",\"job_id\":\"[^\"]*\",\"status\":\"([a-z]+)\"")
                .matcher(body);
        int seen = 0;
        while (rows.find()) {
            seen++;
            assertThat(rows.group(2)).isIn("completed", "deadletter", "cancelled");
            if (rows.group(2).equals("completed")) {
                completed.add(Integer.parseInt(rows.group(1)));
            }
        }
        assertThat(seen).isEqualTo(STEPS);
        assertThat(completed).isEqualTo(run.graph().reachable());
    }

    // ---- work

    private void work(String worker, Random dice) {
        while (working) {
            ServerProcess node = nodes.get(dice.nextInt(3));
            String queue = dice.nextInt(4) == 0 ? "ticks" : "graph";
            HttpResponse<String> answer = tried(
                    node,
                    "/jobs/claim",
                    "{\"queue_name\":\"" + queue + "\",\"worker_id\":\"" + worker
                            + "\",\"limit\":5,\"lease_duration_secs\":5,\"wait_seconds\":1}");
            if (answer == null || answer.statusCode() != 200) {
                continue;
            }
            Matcher jobs = CLAIMED.matcher(answer.body());
            while (jobs.find()) {
                settle(worker, dice, jobs.group(1), jobs.group(2), jobs.group(3));
            }
        }
    }

    private void settle(String worker, Random dice, String job, String payload, String lease) {
        boolean fails = false;
        Matcher step = STEP.matcher(payload);
        if (step.matches()) {
            Asked of = asked.get(Integer.parseInt(step.group(1)));
            int number = Integer.parseInt(step.group(2));
            early.addAndGet(of.graph().mayStart(number, of.begun()) ? 0 : 1);
            fails = of.graph().fails()[number];
            if (!fails) {
                of.begun().add(number);
            }
        }
        String held = "{\"worker_id\":\"" + worker + "\",\"lease_id\":\"" + lease + "\"";
        // The lease of 5 s ends by itself when no node answers.
        for (int i = 0; i < 6; i++) {
            ServerProcess node = nodes.get(dice.nextInt(3));
            HttpResponse<String> answer = fails
                    ? tried(node, "/jobs/" + job + "/fail", held + ",\"error\":\"no\",\"no_retry\":true}")
                    : tried(node, "/jobs/" + job + "/complete", held + "}");
            if (answer != null && answer.statusCode() < 500) {
                return;
            }
        }
    }

    private static @Nullable HttpResponse<String> tried(ServerProcess node, String path, String json) {
        try {
            return node.post(path, json);
        } catch (IOException e) {
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(20));
            return null;
        }
    }

    private String read(String path) {
        for (int i = 0; ; i++) {
            try {
                HttpResponse<String> answer = nodes.get(i % 3).get(path);
                if (answer.statusCode() == 200) {
                    return answer.body();
                }
            } catch (IOException e) {
                LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(20));
            }
            assertThat(i).as("nobody answers " + path).isLessThan(3_000);
        }
    }

    private static String made(HttpResponse<String> answer) {
        Matcher id = Pattern.compile("\"id\":\"([^\"]*)\"").matcher(answer.body());
        assertThat(id.find()).as(answer.body()).isTrue();
        return id.group(1);
    }

    private static void await(String what, java.util.function.BooleanSupplier done) {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(90);
        while (!done.getAsBoolean()) {
            assertThat(System.nanoTime() - end).as(what + " took too long").isNegative();
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(200));
        }
    }

    // ---- the account

    private static long openJobs(String url, String user, String password) {
        try (var connection = DriverManager.getConnection(url, user, password);
                var statement = connection.createStatement();
                ResultSet row = statement.executeQuery("select (select count(*) from spooled.ready)"
                        + " + (select count(*) from spooled.lease) + (select count(*) from spooled.scheduled)")) {
            row.next();
            return row.getLong(1);
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
    }

    private static void account(String url, String user, String password) throws SQLException {
        try (var connection = DriverManager.getConnection(url, user, password);
                var statement = connection.createStatement()) {
            ResultSet row = statement.executeQuery("select count(*), count(distinct occurrence), count(distinct job),"
                    + " sum(skipped), min(occurrence), max(occurrence),"
                    + " max(extract(epoch from started_at - occurrence)),"
                    + " count(*) filter (where started_at - occurrence > interval '1 second')"
                    + " from spooled.schedule_run");
            row.next();
            long runs = row.getLong(1);
            var first = row.getObject(5, java.time.OffsetDateTime.class).toInstant();
            var last = row.getObject(6, java.time.OffsetDateTime.class).toInstant();
            long seconds = Duration.between(first, last).toSeconds() + 1;
            System.out.printf(
                    "nodes: %d occurrences in %d s, %d jobs, %d skipped, latest %.2f s after its time, %d later than 1 s%n",
                    runs, seconds, row.getLong(3), row.getLong(4), row.getDouble(7), row.getLong(8));
            assertThat(runs).isEqualTo(seconds).isEqualTo(row.getLong(2)).isEqualTo(row.getLong(3));
            assertThat(row.getLong(4)).isZero();
            assertThat(last).isAfter(Instant.now().minusSeconds(120));
            ResultSet jobs = statement.executeQuery("select count(*), count(*) filter (where d.status = 3)"
                    + " from spooled.job j join spooled.queue q on q.id = j.queue and q.name = 'ticks'"
                    + " left join spooled.done d on d.id = j.id");
            jobs.next();
            assertThat(jobs.getLong(1)).isEqualTo(runs);
            assertThat(jobs.getLong(2)).isEqualTo(runs);
        }
    }
}
