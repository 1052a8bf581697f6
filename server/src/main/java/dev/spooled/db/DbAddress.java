package dev.spooled.db;

import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Properties;
import org.jspecify.annotations.Nullable;

/// Where the database is and who we log in as. Roles are taken on after login (`SET ROLE`), so one login serves all.
public record DbAddress(String jdbcUrl, String user, String password) {
    /// The role a connection acts in (design: owner migrates, engine writes, tenant reads and edits under row
    /// security).
    public enum Role {
        OWNER("spooled_owner"),
        ENGINE("spooled_engine"),
        TENANT("spooled_tenant");

        private final String sqlName;

        Role(String sqlName) {
            this.sqlName = sqlName;
        }

        public String sqlName() {
            return sqlName;
        }
    }

    static final String OPENED_WITHIN_SECONDS = "5";

    /// A connection outside the pools: refused when the database has not answered its login within seconds, taken to be
    /// dead when an answer takes longer than `deadAfter` later.
    public Connection open(Properties properties, Duration deadAfter) throws SQLException {
        properties.setProperty("socketTimeout", OPENED_WITHIN_SECONDS);
        Connection opened = DriverManager.getConnection(jdbcUrl, properties);
        opened.setNetworkTimeout(Runnable::run, (int) deadAfter.toMillis());
        return opened;
    }

    /// Breaks such a connection, from any thread: whoever waits on it for an answer hears that it is lost.
    public static void sever(@Nullable Connection open) {
        try {
            if (open != null) {
                open.abort(Runnable::run);
            }
        } catch (SQLException e) {
            // It is gone either way.
        }
    }

    /// pgjdbc properties of a connection in `role`, with further session settings as `-c name=value` options.
    public Properties properties(Role role, String settings) {
        var properties = new Properties();
        properties.setProperty("user", user);
        properties.setProperty("password", password);
        properties.setProperty("prepareThreshold", "1");
        properties.setProperty(
                "binaryTransferEnable", "UUID_ARRAY,TIMESTAMPTZ_ARRAY,INT2_ARRAY,BOOL_ARRAY,TIMESTAMPTZ,1010");
        properties.setProperty("ApplicationName", "spooled");
        properties.setProperty("connectTimeout", "5");
        properties.setProperty("tcpKeepAlive", "true");
        properties.setProperty("reWriteBatchedInserts", "false");
        properties.setProperty("assumeMinServerVersion", "15");
        properties.setProperty(
                "options",
                "-c role=" + role.sqlName() + " -c search_path=spooled,pg_catalog -c TimeZone=UTC " + settings);
        return properties;
    }

    @Override
    public String toString() {
        return jdbcUrl + " as " + user;
    }
}
