package dev.spooled.jobs;

import dev.spooled.db.Args;
import dev.spooled.db.Db;
import dev.spooled.db.PgArray;
import dev.spooled.db.Row;
import dev.spooled.db.Sql;
import dev.spooled.db.Statements;
import dev.spooled.engine.Command.Leased;
import java.sql.SQLException;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.function.Function;
import java.util.stream.Collectors;

/// Fetches what a claim hands out beyond what the lane knows, in the lane's order.
public final class ClaimedJobs {
    private static final Sql CLAIMED =
            Statements.beside(ClaimedJobs.class, "jobs.sql").get("claimed");

    private final Db db;

    public ClaimedJobs(Db db) {
        this.db = db;
    }

    List<ClaimedJob> read(int cell, String queueName, List<Leased> leases) {
        if (leases.isEmpty()) {
            return List.of();
        }
        Map<UUID, ClaimedJob.Facts> facts = facts(cell, leases);
        return leases.stream()
                .map(lease -> new ClaimedJob(queueName, lease, known(facts, lease.id())))
                .toList();
    }

    private Map<UUID, ClaimedJob.Facts> facts(int cell, List<Leased> leases) {
        var ids = PgArray.uuids();
        leases.forEach(lease -> ids.add(lease.id()));
        return db.asEngine(tx -> tx.list(CLAIMED, Args.of("cell", cell).and("ids", ids), ClaimedJobs::facts)).stream()
                .collect(Collectors.toMap(ClaimedJob.Facts::id, Function.identity()));
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
                row.uuidOrNull("workflow"));
    }
}
