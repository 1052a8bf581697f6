package dev.spooled.bench;

import dev.spooled.db.Db;
import dev.spooled.db.DbAddress;
import dev.spooled.engine.Cell;
import dev.spooled.engine.Lane;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/// An engine as the server runs it, chores included, with an organization and queues of its own.
final class EmbeddedEngine implements EngineUnderTest {
    private static final int CONNECTIONS = 4;

    private final @Nullable BenchPostgres own;
    private final Cell cell;
    private final Connection watcher;
    private final int org;
    private final int[] queues;

    /// @param own closed with the engine, where nobody else closes it
    EmbeddedEngine(DbAddress address, int queueCount, Lane.Way way, int caps, @Nullable BenchPostgres own)
            throws SQLException {
        this.own = own;
        cell = Cell.open(address, new Cell.Options(UUID.randomUUID(), CONNECTIONS, "bench", way, false));
        watcher = BenchPostgres.connect(address);
        org = insertOrganization();
        queues = insertQueues(queueCount);
        if (caps > 0) {
            insertCaps(caps);
        }
    }

    @Override
    public Lane lane() {
        return cell.lane();
    }

    @Override
    public Db db() {
        return cell.db();
    }

    @Override
    public int org() {
        return org;
    }

    @Override
    public int[] queues() {
        return queues.clone();
    }

    @Override
    public Connection watcher() {
        return watcher;
    }

    @Override
    public void close() {
        cell.close();
        try {
            watcher.close();
        } catch (SQLException fault) {
            throw new IllegalStateException("the benchmark's connection could not be closed", fault);
        } finally {
            if (own != null) {
                own.close();
            }
        }
    }

    private int insertOrganization() throws SQLException {
        return ids("insert into spooled.organization (public_id, name, slug, created_at, updated_at)"
                + " values (gen_random_uuid(), 'bench', gen_random_uuid()::text, now(), now()) returning id")[0];
    }

    private int[] insertQueues(int count) throws SQLException {
        return ids("insert into spooled.queue (org, public_id, name, created_at, updated_at)"
                + " select " + org + ", gen_random_uuid(), 'bench-' || n, now(), now() from generate_series(1, " + count
                + ") n returning id");
    }

    private void insertCaps(int caps) throws SQLException {
        ids("insert into spooled.usage (cell, org, day, max_today, max_active) values (0, " + org + ", 0, " + caps
                + ", " + caps + ") returning org");
    }

    private int[] ids(String sql) throws SQLException {
        var ids = new ArrayList<Integer>();
        try (var statement = watcher.createStatement();
                var rows = statement.executeQuery(sql)) {
            while (rows.next()) {
                ids.add(rows.getInt(1));
            }
        }
        return ids.stream().mapToInt(Integer::intValue).toArray();
    }
}
