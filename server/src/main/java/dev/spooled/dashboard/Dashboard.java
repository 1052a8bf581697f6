package dev.spooled.dashboard;

import dev.spooled.access.Caller;
import dev.spooled.db.Args;
import dev.spooled.db.Homes;
import dev.spooled.db.PgArray;
import dev.spooled.db.Row;
import dev.spooled.db.Sql;
import dev.spooled.db.Statements;
import dev.spooled.engine.JobStatus;
import dev.spooled.time.Clock;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Reads an organization's figures, for a restricted key those of its queues. Reads as the engine, since counters not
/// yet folded in belong to no organization; every statement names the caller's.
public final class Dashboard {
    private static final Statements SQL = Statements.beside(Dashboard.class, "dashboard.sql");
    private static final Sql HELD = SQL.get("held");
    private static final Sql NAMED = SQL.get("named");
    private static final Sql FLOWS = SQL.get("flows");
    private static final Sql TIMES = SQL.get("times");
    private static final Sql WORKERS = SQL.get("workers");
    private static final int QUEUES_SHOWN = 20;
    private static final int SAMPLE = 500;

    private final Homes db;
    private final Clock clock;

    public Dashboard(Homes db, Clock clock) {
        this.db = db;
        this.clock = clock;
    }

    /// A queue with jobs in it; those that wait for their time or a retry are pending.
    record BusyQueue(String name, boolean paused, Map<JobStatus, Long> held) {
        long pending() {
            return in(JobStatus.PENDING) + in(JobStatus.SCHEDULED);
        }

        long in(JobStatus status) {
            return held.getOrDefault(status, 0L);
        }

        long open() {
            return pending() + in(JobStatus.PROCESSING);
        }
    }

    record Flows(long completedDay, long failedDay, long createdHour, long completedHour, long failedHour) {}

    /// Means over a sample, in milliseconds; null when nothing in it completed.
    record Times(@Nullable Double waitMs, @Nullable Double processingMs) {}

    /// `busy` ones are healthy and have a job in hand.
    record Workers(long total, long healthy, long busy) {}

    /// Queues that have been used or configured.
    record Queues(long total, long paused) {}

    record Figures(List<BusyQueue> queues, Queues named, Flows flows, Times times, Workers workers) {
        long in(JobStatus status) {
            return queues.stream().mapToLong(queue -> queue.in(status)).sum();
        }

        long total() {
            return queues.stream()
                    .flatMap(queue -> queue.held().values().stream())
                    .mapToLong(Long::longValue)
                    .sum();
        }

        /// The busiest.
        List<BusyQueue> shown() {
            return queues.stream()
                    .sorted(Comparator.comparingLong(BusyQueue::open).reversed().thenComparing(BusyQueue::name))
                    .limit(QUEUES_SHOWN)
                    .toList();
        }
    }

    Figures of(Caller caller) {
        Instant now = clock.now();
        Args args = Args.of("org", caller.org())
                .and("queues", caller.queues().isEmpty() ? null : PgArray.texts(caller.queues()))
                .and("day_ago", now.minus(Duration.ofDays(1)))
                .and("hour_ago", now.minus(Duration.ofHours(1)))
                .and("minute_ago", now.minus(Duration.ofMinutes(1)))
                .and("sample", SAMPLE);
        return db.asEngineFor(caller.org(), tx -> {
            var queues = new LinkedHashMap<String, BusyQueue>();
            tx.list(HELD, args, row -> add(queues, row));
            return new Figures(
                    List.copyOf(queues.values()),
                    tx.first(NAMED, args, row -> new Queues(row.bigint("total"), row.bigint("paused")))
                            .orElseThrow(),
                    tx.first(FLOWS, args, Dashboard::flows).orElseThrow(),
                    tx.first(TIMES, args, Dashboard::times).orElseThrow(),
                    tx.first(WORKERS, args, Dashboard::workers).orElseThrow());
        });
    }

    private static Workers workers(Row row) throws SQLException {
        return new Workers(row.bigint("total"), row.bigint("healthy"), row.bigint("busy"));
    }

    private static boolean add(Map<String, BusyQueue> queues, Row row) throws SQLException {
        boolean paused = row.bool("paused");
        String name = row.text("name");
        BusyQueue queue = queues.computeIfAbsent(name, it -> new BusyQueue(it, paused, new EnumMap<>(JobStatus.class)));
        queue.held().put(JobStatus.of(row.integer("kind")), Math.max(0, row.bigint("n")));
        return true;
    }

    private static Flows flows(Row row) throws SQLException {
        return new Flows(
                row.bigint("completed_day"),
                row.bigint("failed_day"),
                row.bigint("created_hour"),
                row.bigint("completed_hour"),
                row.bigint("failed_hour"));
    }

    private static Times times(Row row) throws SQLException {
        return new Times(row.realOrNull("wait_ms"), row.realOrNull("processing_ms"));
    }
}
