package dev.spooled.db;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.spooled.config.CannotStart;
import dev.spooled.support.TestDb;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RoleSelfTestTest {
    private final TestDb test = TestDb.create();

    @AfterEach
    void drop() {
        test.close();
    }

    @Test
    void aMigratedDatabasePasses() {
        assertThatCode(() -> RoleSelfTest.run(test.db())).doesNotThrowAnyException();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "alter table spooled.lease disable row level security | table lease is open to tenants without it",
                "alter table spooled.lease no force row level security | table lease is open to tenants without it",
                "grant select on spooled.job_default to spooled_tenant | table job_default is open to tenants without it",
                "create policy hole on spooled.cell using (true); alter table spooled.cell enable row level security;"
                        + "alter table spooled.cell force row level security; grant select on spooled.cell to spooled_tenant"
                        + "| cell shows rows without a tenant"
            })
    void aHoleStopsTheStart(String hole, String message) throws SQLException {
        run(hole);
        assertThatThrownBy(() -> RoleSelfTest.run(test.db()))
                .isInstanceOf(CannotStart.class)
                .hasMessageContaining(message);
    }

    private void run(String sql) throws SQLException {
        DbAddress address = test.address();
        try (Connection connection =
                        DriverManager.getConnection(address.jdbcUrl(), address.user(), address.password());
                Statement statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }
}
