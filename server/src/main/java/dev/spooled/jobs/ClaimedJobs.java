package dev.spooled.jobs;

import dev.spooled.db.Args;
import dev.spooled.db.Homes;
import dev.spooled.db.PgArray;
import dev.spooled.db.Row;
import dev.spooled.db.Sql;
import dev.spooled.db.Statements;
import dev.spooled.engine.Command.Leased;
import dev.spooled.engine.NewJob;
import dev.spooled.jobs.ClaimedJob.Upstream;
import dev.spooled.time.Clock;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/// Puts what a job is beside its lease, in the lane's order: as the lane remembers it, else read from its row.
public final class ClaimedJobs {
    private static final Statements SQL = Statements.beside(ClaimedJobs.class, "jobs.sql");
    private static final Sql CLAIMED = SQL.get("claimed");
    private static final Sql PARENT_RESULTS = SQL.get("parent_results");

    private final Homes db;

    public ClaimedJobs(Homes db) {
        this.db = db;
    }

    List<ClaimedJob> read(int org, String queueName, List<Leased> leases) {
        if (leases.isEmpty()) {
            return List.of();
        }
        Map<UUID, ClaimedJob.Facts> facts = facts(org, leases);
        Map<UUID, Upstream> upstream = upstream(org, facts);
        return leases.stream()
                .map(lease -> new ClaimedJob(
                        queueName, lease, known(facts, lease.id()), upstream.getOrDefault(lease.id(), Upstream.NONE)))
                .toList();
    }

    private Map<UUID, Upstream> upstream(int org, Map<UUID, ClaimedJob.Facts> facts) {
        var ids = PgArray.uuids();
        facts.values().stream().filter(job -> job.workflow() != null).forEach(job -> ids.add(job.id()));
        Map<UUID, Upstream> upstream = new HashMap<>();
        if (ids.size() > 0) {
            db.of(org)
                    .readAsEngine(PARENT_RESULTS, Args.of("ids", ids), Brought::of)
                    .forEach(brought -> upstream.merge(brought.job(), brought.alone(), ClaimedJobs::both));
        }
        return upstream;
    }

    /// One result, or without a name the signal.
    private record Brought(UUID job, @Nullable String name, String json) {
        static Brought of(Row row) throws SQLException {
            return new Brought(row.uuid("child"), row.textOrNull("name"), row.text("result"));
        }

        Upstream alone() {
            return name == null ? new Upstream(Map.of(), json) : new Upstream(Map.of(name, json), null);
        }
    }

    private static Upstream both(Upstream one, Upstream other) {
        Map<String, String> results = new TreeMap<>(one.parentResults());
        results.putAll(other.parentResults());
        return new Upstream(results, one.signal() == null ? other.signal() : one.signal());
    }

    private Map<UUID, ClaimedJob.Facts> facts(int org, List<Leased> leases) {
        Map<UUID, ClaimedJob.Facts> facts = new HashMap<>();
        var unknown = new ArrayList<UUID>();
        for (Leased lease : leases) {
            NewJob remembered = lease.facts();
            if (remembered == null) {
                unknown.add(lease.id());
            } else {
                facts.put(lease.id(), facts(lease.id(), remembered));
            }
        }
        if (!unknown.isEmpty()) {
            var ids = PgArray.uuids();
            unknown.forEach(ids::add);
            db.of(org)
                    .readAsEngine(CLAIMED, Args.of("ids", ids).andBounds(unknown), ClaimedJobs::facts)
                    .forEach(read -> facts.put(read.id(), read));
        }
        return facts;
    }

    private static ClaimedJob.Facts facts(UUID id, NewJob job) {
        return new ClaimedJob.Facts(
                id,
                job.payload(),
                job.tags(),
                job.maxRetries(),
                job.timeoutSeconds(),
                job.runAtMicros() == PgArray.NO_TIME ? null : Clock.instantOf(job.runAtMicros()),
                job.idempotencyKey(),
                null);
    }

    private static ClaimedJob.Facts known(Map<UUID, ClaimedJob.Facts> facts, UUID id) {
        ClaimedJob.Facts found = facts.get(id);
        if (found == null) {
            throw new IllegalStateException("job " + id + " is leased but has no row");
        }
        return found;
    }

    private static ClaimedJob.Facts facts(Row row) throws SQLException {
        return new ClaimedJob.Facts(
                row.uuid("id"),
                row.text("payload"),
                row.textOrNull("tags"),
                row.integer("max_retries"),
                row.integer("timeout_seconds"),
                row.instantOrNull("run_at"),
                row.textOrNull("idem_key"),
                row.uuidOrNull("workflow"));
    }
}
