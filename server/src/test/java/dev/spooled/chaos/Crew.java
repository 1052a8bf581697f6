package dev.spooled.chaos;

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
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// Producers and workers that go on whatever happens to the server, write down what it acknowledged to them
/// as soon as they read it, and give an account by id at the end.
final class Crew {
    private static final int BULK = 20;
    private static final Pattern JOB_ID = Pattern.compile("\"job_id\":\"([0-9a-f-]{36})\"");
    private static final Pattern CLAIMED = Pattern.compile(
            "\"id\":\"([0-9a-f-]{36})\".*?\"lease_id\":\"([0-9a-f-]{36})\",\"lease_expires_at\":\"([^\"]+)\"");

    /// How the crew works. Of the requests that enqueue, `keyedPercent` give their jobs idempotency keys and
    /// send some of them twice; slow workers acknowledge after their lease has ended; producers stay
    /// `aheadMax` jobs ahead.
    record Habits(
            int producers,
            int workers,
            int slowWorkers,
            int leaseSeconds,
            int priorities,
            int keyedPercent,
            int aheadMax) {}

    private final ServerProcess server;
    private final Habits habits;
    private final List<Thread> threads = new ArrayList<>();
    private final Set<String> acknowledged = ConcurrentHashMap.newKeySet();
    private final Map<String, String> jobOfKey = new ConcurrentHashMap<>();
    private final Map<String, String> completedUnder = new ConcurrentHashMap<>();
    private final Map<String, Instant> leasedUntil = new ConcurrentHashMap<>();
    private final AtomicInteger early = new AtomicInteger();
    private final AtomicInteger again = new AtomicInteger();
    private final AtomicInteger twoResults = new AtomicInteger();
    private final AtomicInteger twoForKey = new AtomicInteger();
    private final AtomicInteger staleRefused = new AtomicInteger();
    private final AtomicLong claimedJobs = new AtomicLong();
    private volatile boolean producing = true;
    private volatile boolean working = true;

    Crew(ServerProcess server, Habits habits) {
        this.server = server;
        this.habits = habits;
    }

    Crew start() {
        for (int i = 0; i < habits.producers(); i++) {
            threads.add(Thread.ofVirtual().start(this::produce));
        }
        for (int i = 0; i < habits.workers(); i++) {
            String worker = "w" + i;
            boolean slow = i < habits.slowWorkers();
            threads.add(Thread.ofVirtual().start(() -> work(worker, slow)));
        }
        return this;
    }

    int completed() {
        return completedUnder.size();
    }

    void awaitCompleted(int jobs) {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(90);
        while (completedUnder.size() < jobs) {
            if (System.nanoTime() - end > 0) {
                throw new AssertionError("work did not go on");
            }
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(5));
        }
    }

    /// Ends the producers, has the workers go on until nothing was claimed for longer than two leases, and
    /// ends them.
    void drain() throws InterruptedException {
        producing = false;
        server.awaitReady();
        long claimed = -1;
        while (claimed != claimedJobs.get()) {
            claimed = claimedJobs.get();
            LockSupport.parkNanos(TimeUnit.SECONDS.toNanos(2L * habits.leaseSeconds()));
        }
        working = false;
        for (Thread thread : threads) {
            thread.join();
        }
    }

    private void produce() {
        while (producing) {
            if (acknowledged.size() - completedUnder.size() > habits.aheadMax()) {
                LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(1));
                continue;
            }
            var random = ThreadLocalRandom.current();
            if (random.nextInt(100) < habits.keyedPercent()) {
                String key = UUID.randomUUID().toString();
                for (int times = random.nextInt(10) == 0 ? 2 : 1; times > 0; times--) {
                    enqueueKeyed(key, random.nextInt(habits.priorities()));
                }
            } else {
                enqueueBulk(random.nextInt(habits.priorities()));
            }
        }
    }

    private void enqueueBulk(int priority) {
        var jobs = new StringBuilder("{\"queue_name\":\"chaos\",\"jobs\":[");
        for (int i = 0; i < BULK; i++) {
            jobs.append(i == 0 ? "" : ",")
                    .append("{\"priority\":")
                    .append(priority)
                    .append(",\"payload\":{\"n\":")
                    .append(i)
                    .append("}}");
        }
        HttpResponse<String> answer = tried("/jobs/bulk", jobs.append("]}").toString());
        if (answer != null && answer.statusCode() == 200) {
            Matcher ids = JOB_ID.matcher(answer.body());
            while (ids.find()) {
                acknowledged.add(ids.group(1));
            }
        }
    }

    /// A lost reply is asked for again with the same key, as a careful producer does.
    private void enqueueKeyed(String key, int priority) {
        for (int tries = 0; tries < 200 && producing; tries++) {
            HttpResponse<String> answer = tried(
                    "/jobs",
                    "{\"queue_name\":\"chaos\",\"priority\":" + priority + ",\"idempotency_key\":\"" + key
                            + "\",\"payload\":{\"n\":0}}");
            if (answer == null || answer.statusCode() / 100 != 2) {
                continue;
            }
            Matcher id = Pattern.compile("\"id\":\"([0-9a-f-]{36})\"").matcher(answer.body());
            if (id.find()) {
                acknowledged.add(id.group(1));
                String before = jobOfKey.putIfAbsent(key, id.group(1));
                // A key is free again once its job has ended, so a second job is wrong only while the first is open.
                if (before != null && !before.equals(id.group(1)) && !completedUnder.containsKey(before)) {
                    twoForKey.incrementAndGet();
                }
            }
            return;
        }
    }

    private void work(String worker, boolean slow) {
        while (working) {
            HttpResponse<String> answer = tried(
                    "/jobs/claim",
                    "{\"queue_name\":\"chaos\",\"worker_id\":\"" + worker + "\",\"limit\":" + (slow ? 2 : 20)
                            + ",\"lease_duration_secs\":" + habits.leaseSeconds() + ",\"wait_seconds\":1}");
            if (answer == null || answer.statusCode() != 200) {
                continue;
            }
            List<String[]> jobs = new ArrayList<>();
            Matcher found = CLAIMED.matcher(answer.body());
            while (found.find()) {
                jobs.add(new String[] {found.group(1), found.group(2)});
                claimed(found.group(1), Instant.parse(found.group(3)));
            }
            if (slow && !jobs.isEmpty()) {
                LockSupport.parkNanos(TimeUnit.SECONDS.toNanos(habits.leaseSeconds() + 1L));
            }
            jobs.forEach(job -> complete(worker, job[0], job[1]));
        }
    }

    private void claimed(String job, Instant until) {
        claimedJobs.incrementAndGet();
        Instant before = leasedUntil.put(job, until);
        if (before != null) {
            again.incrementAndGet();
            if (until.minusSeconds(habits.leaseSeconds()).isBefore(before)) {
                early.incrementAndGet();
            }
        }
    }

    private void complete(String worker, String job, String lease) {
        HttpResponse<String> answer = tried(
                "/jobs/" + job + "/complete",
                "{\"worker_id\":\"" + worker + "\",\"lease_id\":\"" + lease + "\",\"result\":{\"by\":\"" + lease
                        + "\"}}");
        if (answer == null) {
            return;
        }
        if (answer.statusCode() == 200) {
            String before = completedUnder.put(job, lease);
            if (before != null && !before.equals(lease)) {
                twoResults.incrementAndGet();
            }
        } else if (answer.statusCode() / 100 == 4) {
            staleRefused.incrementAndGet();
        }
    }

    private @Nullable HttpResponse<String> tried(String path, String json) {
        try {
            return server.post(path, json);
        } catch (IOException e) {
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(20));
            return null;
        }
    }

    /// What the crew was told against what the database holds. Everything from `lostEnqueues` to `twoForKey`
    /// must be 0.
    record Account(
            int stored,
            int acknowledged,
            int completed,
            int dead,
            int lostEnqueues,
            int lostCompletions,
            int twoResults,
            int otherResult,
            int leasedInsideALease,
            int stillOpen,
            int twoForKey,
            int deliveredAgain,
            double deliveredAgainPercent,
            int staleRefused) {
        boolean isClean() {
            return lostEnqueues
                            + lostCompletions
                            + twoResults
                            + otherResult
                            + leasedInsideALease
                            + stillOpen
                            + twoForKey
                    == 0;
        }
    }

    /// The account of a server that has stopped: its PostgreSQL is started without it.
    Account account(Path data) throws SQLException {
        try (var postgres = EmbeddedPostgres.start(data, line -> {})) {
            DbAddress address = postgres.address();
            try (Connection connection =
                    DriverManager.getConnection(address.jdbcUrl(), address.user(), address.password())) {
                return account(connection);
            }
        }
    }

    private Account account(Connection connection) throws SQLException {
        Set<String> stored = ids(connection, "select id from spooled.job");
        Set<String> completed = ids(connection, "select id from spooled.done where status = 3");
        Set<String> ended = ids(connection, "select id from spooled.done");
        Set<String> live = ids(connection, "select id from spooled.lease union select id from spooled.ready");
        Set<String> open = minus(stored, ended);
        open.addAll(live);
        Set<String> otherResult = ids(
                connection, "select id from spooled.done where status = 3 and result not like '%' || lease_id || '%'");
        return new Account(
                stored.size(),
                acknowledged.size(),
                completedUnder.size(),
                ended.size() - completed.size(),
                minus(acknowledged, stored).size(),
                minus(completedUnder.keySet(), completed).size(),
                twoResults.get(),
                otherResult.size(),
                early.get(),
                open.size(),
                twoForKey.get(),
                again.get(),
                100.0 * again.get() / Math.max(1, claimedJobs.get()),
                staleRefused.get());
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
}
