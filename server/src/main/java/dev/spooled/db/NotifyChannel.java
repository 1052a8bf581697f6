package dev.spooled.db;

import dev.spooled.db.DbAddress.Role;
import java.io.IOException;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Properties;
import org.postgresql.PGConnection;
import org.postgresql.PGNotification;

/// A connection of its own to a NOTIFY channel, either to listen or to send.
public final class NotifyChannel implements AutoCloseable {
    private static final String NOTIFY = "select pg_notify(?, payload) from unnest(?::text[]) as t (payload)";

    /// What is only told may be lost with a crash, and waits for no disk.
    private static final String SETTINGS = "-c synchronous_commit=off -c statement_timeout=2s";

    private static final int PATIENCE_SECONDS = 3;

    private final Connection connection;
    private final String name;

    private NotifyChannel(Connection connection, String name) {
        this.connection = connection;
        this.name = name;
    }

    public static NotifyChannel open(DbAddress address, String name) throws IOException {
        Properties properties = address.properties(Role.ENGINE, SETTINGS);
        properties.setProperty("socketTimeout", Integer.toString(PATIENCE_SECONDS));
        try {
            return new NotifyChannel(DriverManager.getConnection(address.jdbcUrl(), properties), name);
        } catch (SQLException e) {
            throw new IOException(e);
        }
    }

    public void listen() throws IOException {
        try (Statement statement = connection.createStatement()) {
            statement.execute("listen " + name);
        } catch (SQLException e) {
            throw new IOException(e);
        }
    }

    /// What was notified; waits for something up to that long.
    public List<String> await(int millis) throws IOException {
        try {
            var payloads = new ArrayList<String>();
            PGNotification[] found = connection.unwrap(PGConnection.class).getNotifications(millis);
            if (found != null) {
                for (PGNotification each : found) {
                    payloads.add(each.getParameter());
                }
            }
            return payloads;
        } catch (SQLException e) {
            throw new IOException(e);
        }
    }

    /// All in one transaction. Each is shorter than 8,000 bytes.
    public void send(List<String> payloads) throws IOException {
        try (PreparedStatement statement = connection.prepareStatement(NOTIFY)) {
            statement.setString(1, name);
            statement.setArray(2, connection.createArrayOf("text", payloads.toArray()));
            statement.execute();
        } catch (SQLException e) {
            throw new IOException(e);
        }
    }

    /// From any thread, also while another waits on it.
    @Override
    public void close() {
        DbAddress.sever(connection);
    }
}
