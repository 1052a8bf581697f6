package dev.spooled.db;

import dev.spooled.db.DbAddress.Role;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Properties;
import org.flywaydb.core.Flyway;
import org.flywaydb.core.api.FlywayException;

/// Brings a database to the newest schema: the three roles, the schema, then the forward-only migrations under
/// Flyway's lock, so that any number of starting servers may do it at once.
public final class Migrator {
    private static final long ROLES_LOCK = 0x5350_4f4f_4c45_4401L;

    private final DbAddress address;

    public Migrator(DbAddress address) {
        this.address = address;
    }

    public void migrate() {
        try {
            makeRoles();
            Flyway.configure()
                    .dataSource(new RoleDataSource(address, Role.OWNER))
                    .schemas("spooled")
                    .defaultSchema("spooled")
                    .createSchemas(false)
                    .locations("classpath:db/migration")
                    .load()
                    .migrate();
        } catch (SQLException | FlywayException e) {
            throw new IllegalStateException("the schema could not be migrated: " + e.getMessage(), e);
        }
    }

    private void makeRoles() throws SQLException {
        var login = new Properties();
        login.setProperty("user", address.user());
        login.setProperty("password", address.password());
        try (Connection connection = DriverManager.getConnection(address.jdbcUrl(), login);
                Statement statement = connection.createStatement()) {
            connection.setAutoCommit(false);
            statement.execute("select pg_advisory_xact_lock(" + ROLES_LOCK + ")");
            for (Role role : Role.values()) {
                makeRole(statement, role);
            }
            statement.execute("create schema if not exists spooled authorization spooled_owner");
            connection.commit();
        }
    }

    private static void makeRole(Statement statement, Role role) throws SQLException {
        String name = role.sqlName();
        if (!holds(statement, "select 1 from pg_roles where rolname = '" + name + "'")) {
            statement.execute("create role " + name + " nologin nosuperuser nobypassrls");
        }
        if (!PostgresCheck.mayBecome(statement, name)) {
            statement.execute("grant " + name + " to current_user");
        }
    }

    private static boolean holds(Statement statement, String query) throws SQLException {
        try (ResultSet result = statement.executeQuery(query)) {
            return result.next();
        }
    }
}
