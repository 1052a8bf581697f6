package dev.spooled.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spooled.db.DbAddress;
import dev.spooled.db.EmbeddedPostgres;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/// A running server with 1,000,000 jobs (`-Dmove.jobs=`) moves to another PostgreSQL while a producer goes
/// on: what was acknowledged before the server stopped and after it came back is there, under the same key,
/// and nobody was served for a short while only: little of what there is (`-Dmove.seconds=10` at most).
@Tag("chaos")
class MovingHouseTest {
    private static final int JOBS = Integer.getInteger("move.jobs", 1_000_000);
    private static final Pattern UNSERVED = Pattern.compile("nobody was served for ([0-9.]+) s");
    private static final int WARM_UP = 2_000;
    private static final Pattern JOB_ID = Pattern.compile("\"id\":\"([0-9a-f-]{36})\"");

    private final Set<String> acknowledged = ConcurrentHashMap.newKeySet();
    private final List<Long> answeredInNanos = Collections.synchronizedList(new ArrayList<>());
    private volatile boolean over;

    @Test
    void nothingIsLostOnTheWay() throws Exception {
        Path old = Path.of("target", "move-" + UUID.randomUUID()).toAbsolutePath();
        Path other = Path.of("target", "moved-" + UUID.randomUUID()).toAbsolutePath();
        try (var server = new ServerProcess(old);
                var target = EmbeddedPostgres.start(other, line -> {})) {
            fill(server);
            Thread producer = Thread.ofVirtual().start(() -> produce(server));
            while (answeredInNanos.size() < WARM_UP) {
                Thread.onSpinWait();
            }
            answeredInNanos.clear();
            while (answeredInNanos.size() < WARM_UP) {
                Thread.onSpinWait();
            }
            report("before the move");
            String url = url(target.address());
            assertThat(move(old, url)).as("exit of the move").isZero();
            report("during it");
            int before = acknowledged.size();
            server.restart();
            server.awaitReady();
            while (acknowledged.size() < before + 100) {
                Thread.onSpinWait();
            }
            over = true;
            producer.join();
            for (String id : acknowledged) {
                assertThat(server.get("/jobs/" + id).statusCode()).as(id).isEqualTo(200);
            }
            assertThat(count(target.address())).isEqualTo(JOBS + acknowledged.size());
        }
    }

    private void report(String when) {
        List<Long> nanos;
        synchronized (answeredInNanos) {
            nanos = answeredInNanos.stream().sorted().toList();
            answeredInNanos.clear();
        }
        System.out.printf(
                "move: %s %d enqueues, p50 %.1f ms, p99 %.1f ms, slowest %.1f ms%n",
                when,
                nanos.size(),
                nanos.get(nanos.size() / 2) / 1e6,
                nanos.get(nanos.size() * 99 / 100) / 1e6,
                nanos.getLast() / 1e6);
    }

    private static int move(Path data, String url) throws IOException, InterruptedException {
        Process move = new ProcessBuilder(
                        System.getProperty("java.home") + File.separator + "bin" + File.separator + "java",
                        "-cp",
                        System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")),
                        "dev.spooled.Main",
                        "move",
                        "--data-dir",
                        data.toString(),
                        "--to",
                        url)
                .redirectErrorStream(true)
                .redirectOutput(new File(data + ".move.log"))
                .start();
        assertThat(move.waitFor(5, TimeUnit.MINUTES)).isTrue();
        String said = Files.readString(Path.of(data + ".move.log"));
        System.out.println("move: " + said);
        Matcher seconds = UNSERVED.matcher(said);
        assertThat(seconds.find()).isTrue();
        assertThat(Double.parseDouble(seconds.group(1))).isLessThan(Integer.getInteger("move.seconds", 10));
        return move.exitValue();
    }

    private void produce(ServerProcess server) {
        while (!over) {
            try {
                long asked = System.nanoTime();
                var answer = server.post("/jobs", "{\"queue_name\":\"on\",\"payload\":{}}");
                var id = JOB_ID.matcher(answer.body());
                if (answer.statusCode() == 201 && id.find()) {
                    answeredInNanos.add(System.nanoTime() - asked);
                    acknowledged.add(id.group(1));
                }
            } catch (IOException e) {
                // The server is moving.
            }
        }
    }

    /// Jobs in bulk by the front door would take minutes: they are written as the lane would.
    private static void fill(ServerProcess server) throws IOException, SQLException {
        server.post("/jobs", "{\"queue_name\":\"filled\",\"payload\":{}}");
        DbAddress address = server.database();
        try (var connection = DriverManager.getConnection(address.jdbcUrl(), address.user(), address.password());
                var statement = connection.createStatement()) {
            statement.execute("set search_path = spooled, public");
            statement.execute(
                    "insert into job (id, cell, org, queue, timeout_seconds, priority, max_retries, payload) select"
                            + " (lpad(to_hex((extract(epoch from now() - make_interval(secs => g % 3600)) * 1000)::bigint), 12, '0')"
                            + " || '71008000' || lpad(to_hex(g), 12, '0'))::uuid, 0, q.org, q.id, 300, 0, 3,"
                            + " '{\"to\":\"somebody@example.com\"}' from generate_series(2, " + JOBS
                            + ") g, queue q where q.name = 'filled'");
            statement.execute(
                    "insert into done (cell, queue, org, attempt, status, retry_count, id, completed_at, started_at,"
                            + " worker, result) select cell, queue, org, 1, 3, 0, id, now(), now(), 'w', '{}' from job"
                            + " where id not in (select id from ready)");
        }
    }

    private static long count(DbAddress address) throws SQLException {
        try (var connection = DriverManager.getConnection(address.jdbcUrl(), address.user(), address.password());
                var row = connection.createStatement().executeQuery("select count(*) from spooled.job")) {
            row.next();
            return row.getLong(1);
        }
    }

    private static String url(DbAddress address) {
        return "postgres://" + address.user() + ":" + address.password() + "@"
                + address.jdbcUrl().replaceFirst("jdbc:postgresql://", "");
    }
}
