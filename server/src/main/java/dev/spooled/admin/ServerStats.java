package dev.spooled.admin;

import dev.spooled.db.Args;
import dev.spooled.db.Db;
import dev.spooled.db.Homes;
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

    private final Homes homes;
    private final Clock clock;
    private final Instant startedAt;

    public ServerStats(Homes homes, Clock clock) {
        this.homes = homes;
        this.clock = clock;
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
            long degraded) {
        /// With what another cell holds; organizations and keys are all in the directory.
        Totals with(Totals other) {
            return new Totals(
                    organizations,
                    createdToday,
                    createdThisWeek,
                    activeOrganizations + other.activeOrganizations,
                    queues + other.queues,
                    apiKeys,
                    workers + other.workers,
                    healthy + other.healthy,
                    degraded + other.degraded);
        }
    }

    record Flows(long jobsToday, long completedDay, long failedDay) {
        Flows with(Flows other) {
            return new Flows(
                    jobsToday + other.jobsToday, completedDay + other.completedDay, failedDay + other.failedDay);
        }
    }

    record Stats(Totals totals, Flows flows, Map<JobStatus, Long> jobs, Map<String, Long> plans, long uptimeSeconds) {
        /// With what another cell holds.
        Stats with(Stats other) {
            var all = new EnumMap<JobStatus, Long>(JobStatus.class);
            all.putAll(jobs);
            other.jobs.forEach((status, n) -> all.merge(status, n, Long::sum));
            return new Stats(totals.with(other.totals), flows.with(other.flows), all, plans, uptimeSeconds);
        }

        long jobsIn(JobStatus status) {
            return jobs.getOrDefault(status, 0L);
        }

        long allJobs() {
            return jobs.values().stream().mapToLong(Long::longValue).sum();
        }
    }

    /// Of all cells that can be asked.
    Stats read() {
        return homes.all().stream().map(this::read).reduce(Stats::with).orElseThrow();
    }

    private Stats read(Db db) {
        Instant now = clock.now();
        Instant midnight = now.truncatedTo(ChronoUnit.DAYS);
        Instant dayAgo = now.minus(Duration.ofDays(1));
        Args args = Args.of("midnight", midnight)
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
