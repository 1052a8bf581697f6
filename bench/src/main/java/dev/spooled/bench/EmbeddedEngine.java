package dev.spooled.bench;

import dev.spooled.db.DbAddress;
import dev.spooled.db.EmbeddedPostgres;
import dev.spooled.engine.Cell;
import dev.spooled.engine.Lane;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.UUID;

/// An engine as the server runs it, chores included, on the embedded PostgreSQL and in a database that is dropped when
/// it closes. Its folder is kept, so that only the first run unpacks.
final class EmbeddedEngine implements EngineUnderTest {
    private static final Path FOLDER = Path.of("bench", "target", "engine-data");
    private static final int CONNECTIONS = 4;

    private final EmbeddedPostgres postgres;
    private final String database = "bench_" + UUID.randomUUID().toString().substring(0, 8);
    private final Cell cell;
    private final Connection watcher;
    private final int org;
    private final int[] queues;

    EmbeddedEngine(int queueCount, Lane.Way way, int caps) throws SQLException {
        postgres = EmbeddedPostgres.start(FOLDER, System.err::println);
        execute(postgres.address("postgres"), "create database " + database);
        DbAddress address = postgres.address(database);
        cell = Cell.open(address, CONNECTIONS, "bench", way);
        watcher = DriverManager.getConnection(address.jdbcUrl(), address.user(), address.password());
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
            execute(postgres.address("postgres"), "drop database " + database + " with (force)");
        } catch (SQLException fault) {
            throw new IllegalStateException("the benchmark's database could not be dropped", fault);
        } finally {
            postgres.close();
        }
    }

    private int insertOrganization() throws SQLException {
        return ids("insert into spooled.organization (public_id, name, slug, created_at, updated_at)"
                + " values (gen_random_uuid(), 'bench', 'bench', now(), now()) returning id")[0];
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

    private static void execute(DbAddress address, String sql) throws SQLException {
        try (var connection = DriverManager.getConnection(address.jdbcUrl(), address.user(), address.password());
                var statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }
}
