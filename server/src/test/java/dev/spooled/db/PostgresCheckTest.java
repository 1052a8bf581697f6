package dev.spooled.db;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.spooled.config.CannotStart;
import dev.spooled.support.TestDb;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.concurrent.atomic.AtomicInteger;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Settings are changed for a login of the test's own, so that the shared PostgreSQL stays as it is.
class PostgresCheckTest {
    private static final AtomicInteger LOGINS = new AtomicInteger();

    private final DbAddress database = TestDb.createEmpty();

    @Test
    void aSuperuserOfASoundPostgresWillDo() {
        assertThatCode(() -> PostgresCheck.check(database)).doesNotThrowAnyException();
    }

    @ParameterizedTest
    @ValueSource(strings = {"on", "local", "remote_write", "remote_apply"})
    void everyCommitThatWaitsForOurDiskWillDo(String commit) throws SQLException {
        DbAddress login = login("superuser");
        run(database, "alter role " + login.user() + " set synchronous_commit = '" + commit + "'");
        assertThatCode(() -> PostgresCheck.check(login)).doesNotThrowAnyException();
    }

    @Test
    void aCommitThatDoesNotWaitIsRefused() throws SQLException {
        DbAddress login = login("superuser");
        run(database, "alter role " + login.user() + " set synchronous_commit = off");
        refused(() -> PostgresCheck.check(login), "synchronous_commit is off");
    }

    @Test
    void aReadOnlyLoginIsRefused() throws SQLException {
        DbAddress login = login("superuser");
        run(database, "alter role " + login.user() + " set default_transaction_read_only = on");
        refused(() -> PostgresCheck.check(login), "is read-only");
    }

    @Test
    void aLoginThatMayNotCreateASchemaIsRefused() throws SQLException {
        DbAddress login = login("createrole");
        refused(() -> PostgresCheck.check(login), "grant create on database");
    }

    @Test
    void aLoginThatMayNotActAsOurRolesIsRefused() throws SQLException {
        try (var migrated = TestDb.create()) {
            DbAddress login = login("nosuperuser");
            run(database, "grant create on database " + name() + " to " + login.user());
            refused(() -> PostgresCheck.check(login), "grant spooled_owner to " + login.user());
        }
    }

    @Test
    void aPlainLoginThatWasGrantedOurRolesMigratesAndRuns() throws SQLException {
        try (var migrated = TestDb.create()) {
            DbAddress login = login("nosuperuser");
            run(database, "grant create on database " + name() + " to " + login.user());
            run(database, "grant spooled_owner, spooled_engine, spooled_tenant to " + login.user());
            PostgresCheck.check(login);
            new Migrator(login).migrate();
            try (var db = new Db(login, 1)) {
                RoleSelfTest.run(db);
            }
        }
    }

    @Test
    void aWrongPasswordIsRefusedWithoutQuotingIt() {
        var wrong = new DbAddress(database.jdbcUrl(), database.user(), "hush");
        assertThatThrownBy(() -> PostgresCheck.check(wrong))
                .isInstanceOf(CannotStart.class)
                .hasMessageContaining("does not let us in")
                .hasMessageNotContaining("hush");
    }

    private DbAddress login(String rights) throws SQLException {
        String user = "login_" + ProcessHandle.current().pid() + "_" + LOGINS.incrementAndGet();
        run(database, "drop role if exists " + user);
        run(database, "create role " + user + " login password 'x' " + rights);
        return new DbAddress(database.jdbcUrl(), user, "x");
    }

    private String name() {
        return database.jdbcUrl().substring(database.jdbcUrl().lastIndexOf('/') + 1);
    }

    private static void refused(ThrowingCallable check, String message) {
        assertThatThrownBy(check).isInstanceOf(CannotStart.class).hasMessageContaining(message);
    }

    private static void run(DbAddress address, String sql) throws SQLException {
        try (Connection connection =
                        DriverManager.getConnection(address.jdbcUrl(), address.user(), address.password());
                Statement statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }
}
