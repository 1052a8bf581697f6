package dev.spooled.bench;

import dev.spooled.db.DbAddress;
import dev.spooled.db.EmbeddedPostgres;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;

/// The embedded PostgreSQL of a measurement, as the server starts it, with databases that are dropped when it closes.
/// Its folder is kept, so that only the first run unpacks. PostgreSQL ends with this JVM, however that ends.
final class BenchPostgres implements AutoCloseable {
    private static final String PREFIX = "bench_";

    private final EmbeddedPostgres postgres =
            EmbeddedPostgres.start(BenchFolder.at("target", "engine-data"), System.err::println);

    /// A new, empty database.
    DbAddress create() throws SQLException {
        var name = PREFIX + UUID.randomUUID().toString().substring(0, 8);
        try (var connection = connect(postgres.address("postgres"));
                var statement = connection.createStatement()) {
            statement.execute("create database " + name);
        }
        return postgres.address(name);
    }

    /// A connection of the administrator, for what stands outside the load.
    static Connection connect(DbAddress address) throws SQLException {
        return DriverManager.getConnection(address.jdbcUrl(), address.user(), address.password());
    }

    /// Drops all databases, those of a run that was cut included.
    @Override
    public void close() {
        try (var connection = connect(postgres.address("postgres"));
                var statement = connection.createStatement()) {
            for (var name : databases(statement)) {
                statement.execute("drop database " + name + " with (force)");
            }
        } catch (SQLException fault) {
            throw new IllegalStateException("the benchmark's databases could not be dropped", fault);
        } finally {
            postgres.close();
        }
    }

    private static List<String> databases(Statement statement) throws SQLException {
        var names = new ArrayList<String>();
        try (var rows = statement.executeQuery(
                "select datname from pg_database where starts_with(datname, '" + PREFIX + "')")) {
            while (rows.next()) {
                names.add(rows.getString(1));
            }
        }
        return names;
    }
}
