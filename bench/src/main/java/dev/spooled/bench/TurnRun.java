package dev.spooled.bench;

import dev.spooled.db.DbAddress;
import java.io.IOException;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/// The turns of one contender, on a database of its own: from the first job a ramp that does not count, the measured
/// time, then producers
/// end, workers finish what is left, and the tables are looked at.
final class TurnRun implements AutoCloseable {
    private static final Duration FIRST_MAX = Duration.ofSeconds(15);
    private static final Duration DRAIN_MAX = Duration.ofSeconds(60);
    private static final long LOOK_AGAIN = TimeUnit.MILLISECONDS.toNanos(100);

    private final Contender contender;
    private final DbAddress address;
    private final Connection watcher;
    private final PostgresMeter meter;
    private long finishedBefore;

    TurnRun(Contender contender, DbAddress address) throws SQLException {
        this.contender = contender;
        this.address = address;
        this.watcher = BenchPostgres.connect(address);
        this.meter = PostgresMeter.of(watcher);
    }

    Contender contender() {
        return contender;
    }

    Turn turn(int round, Duration ramp, Duration time) throws IOException, SQLException {
        try (var statement = watcher.createStatement()) {
            statement.execute("checkpoint");
        }
        try (var running = contender.source().open(address)) {
            running.start();
            awaitFirst(running);
            pass(ramp);
            var unused = running.cut();
            var before = meter.read();
            long start = System.nanoTime();
            pass(time);
            var cut = running.cut();
            double seconds = (System.nanoTime() - start) / 1e9;
            var after = meter.read();
            long enqueued = running.stop();
            long left = drained(running, enqueued);
            long handled = running.handled();
            return new Turn(
                    contender.name(),
                    round,
                    seconds,
                    cut.jobs(),
                    cut.jobs() / seconds,
                    cut.delivery(),
                    perJob(before.walBytes(), after.walBytes(), cut.jobs()),
                    perJob(before.cpuMicros(), after.cpuMicros(), cut.jobs()),
                    enqueued,
                    handled,
                    fault(enqueued, handled, left));
        }
    }

    /// A system that polls each few seconds has not begun before its first poll.
    private static void awaitFirst(Running running) throws IOException {
        long deadline = System.nanoTime() + FIRST_MAX.toNanos();
        while (running.handled() == 0 && System.nanoTime() - deadline < 0) {
            LockSupport.parkNanos(LOOK_AGAIN);
        }
    }

    /// Waits until all is handled and nothing unfinished, and answers what is left when the patience is over.
    private long drained(Running running, long enqueued) throws IOException, SQLException {
        long deadline = System.nanoTime() + DRAIN_MAX.toNanos();
        while (true) {
            long left = count(contender.unfinished());
            if (left == 0 && running.handled() >= enqueued || System.nanoTime() - deadline > 0) {
                return left;
            }
            LockSupport.parkNanos(LOOK_AGAIN);
        }
    }

    private @Nullable String fault(long enqueued, long handled, long left) throws SQLException {
        if (left != 0) {
            return left + " jobs were not finished in " + DRAIN_MAX.toSeconds() + " s";
        }
        if (handled != enqueued) {
            return enqueued + " enqueued, " + handled + " handled";
        }
        var query = contender.finished();
        if (query == null) {
            return null;
        }
        long finished = count(query);
        long kept = finished - finishedBefore;
        finishedBefore = finished;
        return kept == enqueued ? null : enqueued + " enqueued, " + kept + " finished in its tables";
    }

    private long count(String query) throws SQLException {
        try (var statement = watcher.createStatement();
                var rows = statement.executeQuery(query)) {
            rows.next();
            return rows.getLong(1);
        }
    }

    private static @Nullable Double perJob(@Nullable Long before, @Nullable Long after, long jobs) {
        return before == null || after == null || jobs == 0 ? null : (after - before) / (double) jobs;
    }

    private static void pass(Duration time) {
        long until = System.nanoTime() + time.toNanos();
        for (long left = time.toNanos(); left > 0; left = until - System.nanoTime()) {
            LockSupport.parkNanos(left);
        }
    }

    @Override
    public void close() throws SQLException {
        watcher.close();
    }
}
