package dev.spooled.admin;

import dev.spooled.db.Args;
import dev.spooled.db.Db;
import dev.spooled.db.Row;
import dev.spooled.db.Sql;
import dev.spooled.db.Statements;
import dev.spooled.engine.JobStatus;
import dev.spooled.time.Clock;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.Map;

/// Figures of the whole server, from counters and small tables. Jobs are never counted.
public final class ServerStats {
    private static final Statements SQL = Statements.beside(ServerStats.class, "admin.sql");
    private static final Sql PLANS_IN_USE = SQL.get("plans_in_use");
    private static final Sql JOBS_BY_KIND = SQL.get("jobs_by_kind");
    private static final Sql FLOWS = SQL.get("flows");
    private static final Sql TOTALS = SQL.get("totals");
    private static final Duration SILENCE = Duration.ofMinutes(2);

    private final Db db;
    private final Clock clock;
    private final int cell;
    private final Instant startedAt;

    public ServerStats(Db db, Clock clock, int cell) {
        this.db = db;
        this.clock = clock;
        this.cell = cell;
        this.startedAt = clock.now();
    }

    record Totals(
            long organizations,
            long createdToday,
            long createdThisWeek,
            long activeOrganizations,
            long queues,
            long apiKeys,
            long workers,
            long healthy,
            long degraded) {}

    record Flows(long jobsToday, long completedDay, long failedDay) {}

    record Stats(Totals totals, Flows flows, Map<JobStatus, Long> jobs, Map<String, Long> plans, long uptimeSeconds) {
        long jobsIn(JobStatus status) {
            return jobs.getOrDefault(status, 0L);
        }

        long allJobs() {
            return jobs.values().stream().mapToLong(Long::longValue).sum();
        }
    }

    Stats read() {
        Instant now = clock.now();
        Instant midnight = now.truncatedTo(ChronoUnit.DAYS);
        Instant dayAgo = now.minus(Duration.ofDays(1));
        Args args = Args.of("cell", cell)
                .and("midnight", midnight)
                .and("day_ago", dayAgo)
                .and("since", dayAgo)
                .and("week_ago", now.minus(Duration.ofDays(7)))
                .and("silent_since", now.minus(SILENCE));
        return db.asEngine(tx -> {
            var plans = new LinkedHashMap<String, Long>();
            tx.list(PLANS_IN_USE, args, row -> plans.put(row.text("plan_tier"), row.bigint("n")));
            var jobs = new EnumMap<JobStatus, Long>(JobStatus.class);
            tx.list(
                    JOBS_BY_KIND,
                    args,
                    row -> jobs.put(JobStatus.of(row.integer("kind")), Math.max(0, row.bigint("n"))));
            return new Stats(
                    tx.first(TOTALS, args, ServerStats::totals).orElseThrow(),
                    tx.first(FLOWS, args, ServerStats::flows).orElseThrow(),
                    jobs,
                    plans,
                    Duration.between(startedAt, now).toSeconds());
        });
    }

    private static Totals totals(Row row) throws SQLException {
        return new Totals(
                row.bigint("organizations"),
                row.bigint("created_today"),
                row.bigint("created_this_week"),
                row.bigint("active_organizations"),
                row.bigint("queues"),
                row.bigint("api_keys"),
                row.bigint("workers"),
                row.bigint("healthy"),
                row.bigint("degraded"));
    }

    private static Flows flows(Row row) throws SQLException {
        return new Flows(row.bigint("jobs_today"), row.bigint("completed_day"), row.bigint("failed_day"));
    }
}
