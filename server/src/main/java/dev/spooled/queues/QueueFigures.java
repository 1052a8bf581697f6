package dev.spooled.queues;

import dev.spooled.access.Caller;
import dev.spooled.db.Args;
import dev.spooled.db.Homes;
import dev.spooled.db.Row;
import dev.spooled.db.Sql;
import dev.spooled.db.Statements;
import dev.spooled.db.Tx;
import dev.spooled.orgs.Queue;
import dev.spooled.orgs.Queues;
import dev.spooled.queues.QueueStats.Flow;
import dev.spooled.queues.QueueStats.Held;
import dev.spooled.queues.QueueStats.Times;
import dev.spooled.time.Clock;
import dev.spooled.time.Ids;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/// Reads a queue's figures: counters, never rows of jobs; times from a bounded sample of the newest. Reads as
/// the engine, since counters not yet rolled up belong to no organization; every statement names the
/// caller's.
public final class QueueFigures {
    static final int RATE_MINUTES = 5;

    private static final Statements SQL = Statements.beside(QueueFigures.class, "queues.sql");
    private static final Sql FIGURES = SQL.get("figures");
    private static final Sql OLDEST_READY = SQL.get("oldest_ready");
    private static final Sql SAMPLE = SQL.get("sample");
    private static final int SPAN = 1_000;
    private static final Duration WORKER_SILENCE = Duration.ofMinutes(2);

    private final Homes db;
    private final Clock clock;
    private final Queues queues;

    public QueueFigures(Homes db, Clock clock, Queues queues) {
        this.db = db;
        this.clock = clock;
        this.queues = queues;
    }

    /// A queue nobody has used has zeros.
    public QueueStats of(Caller caller, String name) {
        caller.check(name);
        return queues.find(caller, name).map(queue -> read(caller, queue)).orElse(QueueStats.NONE);
    }

    private QueueStats read(Caller caller, Queue queue) {
        Instant now = clock.now();
        Instant minute = now.truncatedTo(ChronoUnit.MINUTES);
        Args args = Args.of("org", caller.org())
                .and("queue", queue.number())
                .and("name", queue.name())
                .and("day_ago", now.minus(Duration.ofDays(1)))
                .and("rate_from", minute.minus(Duration.ofMinutes(RATE_MINUTES)))
                .and("rate_to", minute)
                .and("silent_since", now.minus(WORKER_SILENCE))
                .and("span", SPAN);
        return db.asEngineFor(caller.org(), tx -> {
            Times times = times(tx, args, now);
            return tx.first(FIGURES, args, row -> stats(row, times)).orElseThrow();
        });
    }

    private static Times times(Tx tx, Args args, Instant now) {
        UUID oldest = tx.first(OLDEST_READY, args, row -> row.uuid("id")).orElse(null);
        Row.Reader<Times> reader = row -> new Times(
                row.integerOrNull("run_ms"),
                ageMillis(oldest, now),
                row.integerOrNull("p50"),
                row.integerOrNull("p95"));
        return tx.first(SAMPLE, args, reader).orElseThrow();
    }

    private static @Nullable Long ageMillis(@Nullable UUID job, Instant now) {
        return job == null ? null : Math.max(0, now.toEpochMilli() - Ids.millisOf(job));
    }

    private static QueueStats stats(Row row, Times times) throws SQLException {
        var held = new Held(
                row.bigint("pending"),
                row.bigint("scheduled"),
                row.bigint("processing"),
                row.bigint("completed"),
                row.bigint("failed"),
                row.bigint("cancelled"));
        var flow = new Flow(
                row.bigint("completed_day"),
                row.bigint("failed_day"),
                row.bigint("enqueued_lately"),
                row.bigint("completed_lately"),
                row.bigint("failed_lately"));
        return new QueueStats(held, flow, times, row.bigint("active_workers"));
    }
}
