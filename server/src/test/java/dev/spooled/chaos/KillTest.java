package dev.spooled.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spooled.db.DbAddress;
import dev.spooled.db.EmbeddedPostgres;
import java.io.IOException;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.HashSet;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/// kill -9 of the server, of PostgreSQL, or of both, at random instants under load, twenty times, and then an account
/// by id: nothing acknowledged is lost, nothing is completed twice, no job is leased again inside its lease, and nobody
/// had to lend a hand. `-Dkill.seed=n` repeats the instants, `-Dkill.kills=n` their number.
@Tag("chaos")
class KillTest {
    private static final int KILLS = Integer.getInteger("kill.kills", 20);
    private static final int PRODUCERS = 6;
    private static final int WORKERS = 96;
    private static final int BULK = 20;
    private static final int AHEAD_MAX = 4_000;
    private static final Pattern JOB_ID = Pattern.compile("\"job_id\":\"([0-9a-f-]{36})\"");
    private static final Pattern CLAIMED = Pattern.compile(
            "\"id\":\"([0-9a-f-]{36})\".*?\"lease_id\":\"([0-9a-f-]{36})\",\"lease_expires_at\":\"([^\"]+)\"");

    private final Set<String> acknowledged = ConcurrentHashMap.newKeySet();
    private final Map<String, String> completedUnder = new ConcurrentHashMap<>();
    private final Map<String, Instant> leasedUntil = new ConcurrentHashMap<>();
    private final AtomicInteger early = new AtomicInteger();
    private final AtomicInteger again = new AtomicInteger();
    private final AtomicInteger twoResults = new AtomicInteger();
    private final AtomicLong claimedJobs = new AtomicLong();
    private volatile boolean producing = true;
    private volatile boolean working = true;

    @Test
    void nothingAcknowledgedIsLostNothingDoneTwice() throws Exception {
        long seed = Long.getLong("kill.seed", System.nanoTime());
        System.out.println("kills: -Dkill.seed=" + seed);
        var random = new Random(seed);
        Path data = Path.of("target", "chaos-" + UUID.randomUUID());
        double rate;
        try (var server = new ServerProcess(data)) {
            var threads = new java.util.ArrayList<Thread>();
            for (int i = 0; i < PRODUCERS; i++) {
                threads.add(Thread.ofVirtual().start(() -> produce(server)));
            }
            for (int i = 0; i < WORKERS; i++) {
                String worker = "w" + i;
                threads.add(Thread.ofVirtual().start(() -> work(server, worker)));
            }
            long began = System.nanoTime();
            long downNanos = killRepeatedly(server, random);
            double seconds = (System.nanoTime() - began - downNanos) / 1e9;
            rate = completedUnder.size() / seconds;
            System.out.printf("kills: %d, %.0f jobs/s completed while up%n", KILLS, rate);
            producing = false;
            drain(server);
            working = false;
            for (Thread thread : threads) {
                thread.join();
            }
        }
        account(data);
        assertThat(rate).isGreaterThan(2_000);
    }

    /// Kills after random numbers of completed jobs. Returns how long the server was down in all.
    private long killRepeatedly(ServerProcess server, Random random) throws IOException {
        long down = 0;
        for (int kill = 0; kill < KILLS; kill++) {
            int until = completedUnder.size() + 2_000 + random.nextInt(6_000);
            awaitCompleted(until);
            long at = System.nanoTime();
            int victim = random.nextInt(3);
            switch (victim) {
                case 0 -> server.killServer();
                case 1 -> server.killPostgres();
                default -> server.killBoth();
            }
            awaitCompleted(completedUnder.size() + 1);
            server.awaitReady();
            long took = System.nanoTime() - at;
            down += took;
            System.out.printf(
                    "kill %d: %s, work went on after %.2f s%n",
                    kill + 1, new String[] {"server", "PostgreSQL", "both"}[victim], took / 1e9);
        }
        return down;
    }

    private void awaitCompleted(int jobs) {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(90);
        while (completedUnder.size() < jobs) {
            assertThat(System.nanoTime() - end).as("work did not go on").isNegative();
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(5));
        }
    }

    private void produce(ServerProcess server) {
        while (producing) {
            if (acknowledged.size() - completedUnder.size() > AHEAD_MAX) {
                LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(5));
                continue;
            }
            var jobs = new StringBuilder("{\"queue_name\":\"chaos\",\"jobs\":[");
            for (int i = 0; i < BULK; i++) {
                jobs.append(i == 0 ? "" : ",")
                        .append("{\"payload\":{\"n\":")
                        .append(i)
                        .append("}}");
            }
            HttpResponse<String> answer =
                    tried(server, "/jobs/bulk", jobs.append("]}").toString());
            if (answer != null && answer.statusCode() == 200) {
                Matcher ids = JOB_ID.matcher(answer.body());
                while (ids.find()) {
                    acknowledged.add(ids.group(1));
                }
            }
        }
    }

    private void work(ServerProcess server, String worker) {
        while (working) {
            HttpResponse<String> answer = tried(
                    server,
                    "/jobs/claim",
                    "{\"queue_name\":\"chaos\",\"worker_id\":\"" + worker
                            + "\",\"limit\":20,\"lease_duration_secs\":5,\"wait_seconds\":1}");
            if (answer == null || answer.statusCode() != 200) {
                continue;
            }
            Matcher jobs = CLAIMED.matcher(answer.body());
            while (jobs.find()) {
                claimed(jobs.group(1), Instant.parse(jobs.group(3)));
                complete(server, worker, jobs.group(1), jobs.group(2));
            }
        }
    }

    private void claimed(String job, Instant until) {
        claimedJobs.incrementAndGet();
        Instant before = leasedUntil.put(job, until);
        if (before != null) {
            again.incrementAndGet();
            if (until.minusSeconds(5).isBefore(before)) {
                early.incrementAndGet();
            }
        }
    }

    private void complete(ServerProcess server, String worker, String job, String lease) {
        HttpResponse<String> answer = tried(
                server,
                "/jobs/" + job + "/complete",
                "{\"worker_id\":\"" + worker + "\",\"lease_id\":\"" + lease + "\",\"result\":{\"by\":\"" + lease
                        + "\"}}");
        if (answer != null && answer.statusCode() == 200) {
            String before = completedUnder.put(job, lease);
            if (before != null && !before.equals(lease)) {
                twoResults.incrementAndGet();
            }
        }
    }

    private static @org.jspecify.annotations.Nullable HttpResponse<String> tried(
            ServerProcess server, String path, String json) {
        try {
            return server.post(path, json);
        } catch (IOException e) {
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(20));
            return null;
        }
    }

    /// Until nothing is claimed for longer than a lease.
    private void drain(ServerProcess server) {
        server.awaitReady();
        long claimed = -1;
        while (claimed != claimedJobs.get()) {
            claimed = claimedJobs.get();
            LockSupport.parkNanos(TimeUnit.SECONDS.toNanos(8));
        }
    }

    private void account(Path data) throws SQLException {
        try (var postgres = EmbeddedPostgres.start(data, line -> {})) {
            DbAddress address = postgres.address();
            try (Connection connection =
                    DriverManager.getConnection(address.jdbcUrl(), address.user(), address.password())) {
                Set<String> stored = ids(connection, "select id from spooled.job");
                Set<String> completed = ids(connection, "select id from spooled.done where status = 3");
                Set<String> lost = minus(acknowledged, stored);
                Set<String> undone = minus(completedUnder.keySet(), completed);
                Set<String> open = minus(stored, ids(connection, "select id from spooled.done"));
                long live = number(connection, "select count(*) from spooled.lease")
                        + number(connection, "select count(*) from spooled.ready");
                long otherResult = number(
                        connection,
                        "select count(*) from spooled.done where status = 3 and result not like '%' || lease_id || '%'");
                System.out.printf(
                        "account: %d jobs stored, %d acknowledged, %d completed and acknowledged; lost %d,"
                                + " completions lost %d, two results %d, leased inside a lease %d, delivered again %d"
                                + " (%.3f %%), still open %d%n",
                        stored.size(),
                        acknowledged.size(),
                        completedUnder.size(),
                        lost.size(),
                        undone.size(),
                        twoResults.get(),
                        early.get(),
                        again.get(),
                        100.0 * again.get() / Math.max(1, claimedJobs.get()),
                        open.size());
                assertThat(lost).isEmpty();
                assertThat(undone).isEmpty();
                assertThat(open).isEmpty();
                assertThat(live).isZero();
                assertThat(otherResult).isZero();
                assertThat(twoResults.get()).isZero();
                assertThat(early.get()).isZero();
            }
        }
    }

    private static Set<String> minus(Set<String> all, Set<String> without) {
        var left = new HashSet<>(all);
        left.removeAll(without);
        return left;
    }

    private static Set<String> ids(Connection connection, String query) throws SQLException {
        var ids = new HashSet<String>();
        try (var statement = connection.createStatement();
                ResultSet result = statement.executeQuery(query)) {
            while (result.next()) {
                ids.add(result.getString(1));
            }
        }
        return ids;
    }

    private static long number(Connection connection, String query) throws SQLException {
        try (var statement = connection.createStatement();
                ResultSet result = statement.executeQuery(query)) {
            result.next();
            return result.getLong(1);
        }
    }
}
