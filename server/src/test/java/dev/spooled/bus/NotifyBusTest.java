package dev.spooled.bus;

import dev.spooled.support.TestDb;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import org.junit.jupiter.api.AfterEach;

/// Over a PostgreSQL.
final class NotifyBusTest extends BusConformance {
    private final TestDb database = TestDb.create();

    @Override
    Link link() {
        return new NotifyLink(database.address());
    }

    @Override
    void cut() {
        try (Connection connection = database.connect();
                Statement statement = connection.createStatement()) {
            statement.execute("select pg_terminate_backend(pid) from pg_stat_activity"
                    + " where datname = current_database() and pid <> pg_backend_pid()"
                    + " and (query ilike 'listen%' or query ilike '%pg_notify%')");
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
    }

    @AfterEach
    void drop() {
        closeAll();
        database.close();
    }
}
