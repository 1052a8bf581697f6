package dev.spooled.db;

import dev.spooled.config.CannotStart;
import dev.spooled.db.DbAddress.Role;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.Properties;
import java.util.Set;

/// Looks at a PostgreSQL that somebody else runs before the server trusts it with jobs: version, durability, rights.
/// The first thing that will not do is refused in one line that says what to change.
public final class PostgresCheck {
    private static final int OLDEST = 15;
    private static final int NEWEST = 18;
    private static final Set<String> DURABLE_COMMITS = Set.of("on", "local", "remote_write", "remote_apply");

    private PostgresCheck() {}

    public static void check(DbAddress address) {
        try (Connection connection = connected(address);
                Statement statement = connection.createStatement()) {
            checkVersion(statement);
            checkWritable(statement);
            checkDurable(statement);
            checkRights(statement);
        } catch (SQLException e) {
            throw new CannotStart("the PostgreSQL of DATABASE_URL could not be checked: " + e.getMessage(), e);
        }
    }

    private static Connection connected(DbAddress address) {
        var login = new Properties();
        login.setProperty("user", address.user());
        login.setProperty("password", address.password());
        login.setProperty("connectTimeout", "10");
        try {
            return DriverManager.getConnection(address.jdbcUrl(), login);
        } catch (SQLException e) {
            throw new CannotStart("the PostgreSQL of DATABASE_URL does not let us in: " + e.getMessage(), e);
        }
    }

    private static void checkVersion(Statement statement) throws SQLException {
        int major = Integer.parseInt(text(statement, "select current_setting('server_version_num')")) / 10_000;
        if (major < OLDEST || major > NEWEST) {
            throw new CannotStart(
                    "the PostgreSQL of DATABASE_URL is version " + major + ": expected " + OLDEST + " to " + NEWEST);
        }
        String encoding = text(statement, "select current_setting('server_encoding')");
        if (!encoding.equals("UTF8")) {
            throw new CannotStart("the database of DATABASE_URL is encoded in " + encoding + ": expected UTF8");
        }
    }

    private static void checkWritable(Statement statement) throws SQLException {
        if (holds(statement, "select pg_is_in_recovery()")) {
            throw new CannotStart("the PostgreSQL of DATABASE_URL is a standby: point it at the primary");
        }
        if (text(statement, "select current_setting('transaction_read_only')").equals("on")) {
            throw new CannotStart("the database of DATABASE_URL is read-only (default_transaction_read_only is on)");
        }
    }

    private static void checkDurable(Statement statement) throws SQLException {
        for (String setting : List.of("fsync", "full_page_writes")) {
            if (!text(statement, "select current_setting('" + setting + "')").equals("on")) {
                throw new CannotStart("the PostgreSQL of DATABASE_URL has " + setting
                        + " off, which loses jobs at a crash: turn it on");
            }
        }
        String commit = text(statement, "select current_setting('synchronous_commit')");
        if (!DURABLE_COMMITS.contains(commit)) {
            throw new CannotStart("synchronous_commit is " + commit
                    + " for this login, which loses acknowledged jobs at a crash: turn it on");
        }
    }

    private static void checkRights(Statement statement) throws SQLException {
        String user = text(statement, "select current_user");
        if (!holds(statement, "select has_database_privilege(current_database(), 'CREATE')")) {
            throw new CannotStart(user + " may not create a schema: grant create on database "
                    + text(statement, "select current_database()") + " to " + user);
        }
        if (holds(statement, "select rolsuper from pg_roles where rolname = current_user")) {
            return;
        }
        boolean makesRoles = holds(statement, "select rolcreaterole from pg_roles where rolname = current_user");
        for (Role role : Role.values()) {
            checkRole(statement, role.sqlName(), user, makesRoles);
        }
    }

    private static void checkRole(Statement statement, String role, String user, boolean makesRoles)
            throws SQLException {
        if (!holds(statement, "select exists (select 1 from pg_roles where rolname = '" + role + "')")) {
            if (!makesRoles) {
                throw new CannotStart(user + " may not create role " + role + ": alter role " + user
                        + " createrole, or create role " + role + " nologin; grant " + role + " to " + user);
            }
        } else if (!mayBecome(statement, role) && !mayGrant(statement, role)) {
            throw new CannotStart(user + " may not act as " + role + ": grant " + role + " to " + user);
        }
    }

    /// Since 16 a membership may come without the right to SET ROLE, as does the one that CREATEROLE brings.
    static boolean mayBecome(Statement statement, String role) throws SQLException {
        String right =
                holds(statement, "select current_setting('server_version_num')::int >= 160000") ? "SET" : "MEMBER";
        return holds(statement, "select pg_has_role(current_user, '" + role + "', '" + right + "')");
    }

    private static boolean mayGrant(Statement statement, String role) throws SQLException {
        return holds(statement, "select pg_has_role(current_user, '" + role + "', 'MEMBER WITH ADMIN OPTION')");
    }

    private static boolean holds(Statement statement, String query) throws SQLException {
        return text(statement, query).equals("t");
    }

    private static String text(Statement statement, String query) throws SQLException {
        try (ResultSet result = statement.executeQuery(query)) {
            String found = result.next() ? result.getString(1) : null;
            return found == null ? "" : found;
        }
    }
}
