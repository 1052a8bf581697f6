package dev.spooled.db;

import dev.spooled.db.DbAddress.Role;
import java.io.PrintWriter;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.SQLFeatureNotSupportedException;
import java.util.logging.Logger;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;

/// Unpooled connections in one role: Flyway asks for a `DataSource`.
final class RoleDataSource implements DataSource {
    private final DbAddress address;
    private final Role role;

    RoleDataSource(DbAddress address, Role role) {
        this.address = address;
        this.role = role;
    }

    @Override
    public Connection getConnection() throws SQLException {
        return DriverManager.getConnection(address.jdbcUrl(), address.properties(role, ""));
    }

    @Override
    public Connection getConnection(String user, String password) throws SQLException {
        return getConnection();
    }

    @Override
    public @Nullable PrintWriter getLogWriter() {
        return null;
    }

    @Override
    public void setLogWriter(PrintWriter out) {}

    @Override
    public void setLoginTimeout(int seconds) {}

    @Override
    public int getLoginTimeout() {
        return 0;
    }

    @Override
    public Logger getParentLogger() throws SQLFeatureNotSupportedException {
        throw new SQLFeatureNotSupportedException();
    }

    @Override
    public <T> T unwrap(Class<T> type) throws SQLException {
        throw new SQLException("not a wrapper");
    }

    @Override
    public boolean isWrapperFor(Class<?> type) {
        return false;
    }
}
