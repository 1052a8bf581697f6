package dev.spooled.moving;

import dev.spooled.config.CannotStart;
import dev.spooled.db.DbAddress;
import dev.spooled.db.DbAddress.Role;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;

/// Held while an organization is moved from cell to cell: one move of it at a time. Given back when the
/// connection ends, however that comes about.
public final class MoveLock implements AutoCloseable {
    private final Connection connection;

    private MoveLock(Connection connection) {
        this.connection = connection;
    }

    public static MoveLock take(DbAddress directory, int org) {
        try {
            Connection connection =
                    DriverManager.getConnection(directory.jdbcUrl(), directory.properties(Role.ENGINE, ""));
            var lock = new MoveLock(connection);
            if (!lock.isFree(org)) {
                lock.close();
                throw new CannotStart("the organization is being moved already");
            }
            return lock;
        } catch (SQLException e) {
            throw new CannotStart("the directory does not answer: " + e.getMessage(), e);
        }
    }

    private boolean isFree(int org) throws SQLException {
        try (PreparedStatement statement =
                connection.prepareStatement("select pg_try_advisory_lock(hashtextextended('spooled.cell_move', ?))")) {
            statement.setInt(1, org);
            try (ResultSet row = statement.executeQuery()) {
                return row.next() && row.getBoolean(1);
            }
        }
    }

    @Override
    public void close() {
        try {
            connection.close();
        } catch (SQLException e) {
            // Then the server has let go of it, too.
            return;
        }
    }
}
