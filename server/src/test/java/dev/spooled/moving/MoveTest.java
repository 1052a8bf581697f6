package dev.spooled.moving;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.spooled.config.CannotStart;
import dev.spooled.db.DbAddress;
import dev.spooled.support.TestDb;
import dev.spooled.support.TestServer;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class MoveTest {
    private final TestServer server = new TestServer();
    private DbAddress target;

    @BeforeEach
    void live() {
        target = TestDb.createEmpty();
        server.post(
                "/jobs",
                "{\"queue_name\":\"emails\",\"payload\":{\"n\":12345678901234567890.5},\"tags\":{\"a\":\"b\"}}");
        server.post("/jobs", "{\"queue_name\":\"emails\",\"payload\":{},\"idempotency_key\":\"k\"}");
        server.post("/jobs/claim", "{\"queue_name\":\"emails\",\"worker_id\":\"w\",\"limit\":1}");
        server.post(
                "/workflows",
                "{\"name\":\"f\",\"jobs\":[{\"key\":\"a\",\"queue_name\":\"q\",\"payload\":{}},"
                        + "{\"key\":\"b\",\"queue_name\":\"q\",\"payload\":{},\"depends_on\":[\"a\"]}]}");
        server.post(
                "/schedules",
                "{\"name\":\"s\",\"cron_expression\":\"0 0 * * * *\",\"queue_name\":\"q\",\"payload_template\":{}}");
    }

    @AfterEach
    void close() {
        server.close();
    }

    @Test
    void everythingIsThereAndNumbersGoOn() throws SQLException {
        var told = new ArrayList<String>();
        var move = new Move(server.database.address(), target, told::add);
        move.prepare();
        Move.Account account = move.run();
        assertThat(account.rows()).isPositive();
        assertThat(told).anyMatch(line -> line.startsWith("job: 4 rows"));
        for (String table : List.of(
                "job",
                "ready",
                "lease",
                "waiting",
                "idem",
                "dependency",
                "workflow",
                "schedule",
                "api_key",
                "organization",
                "queue",
                "count_delta",
                "lane_mark")) {
            assertThat(rows(target, table)).as(table).isEqualTo(rows(server.database.address(), table));
        }
        String next = "insert into spooled.organization (public_id, name, slug, created_at, updated_at)"
                + " values (gen_random_uuid(), 'o', 'after', now(), now()) returning id::text";
        assertThat(text(target, next)).isEqualTo(text(server.database.address(), next));
    }

    @Test
    void rowSecurityStandsAgain() throws SQLException {
        var move = new Move(server.database.address(), target, line -> {});
        move.prepare();
        move.run();
        String guarded = "select string_agg(relname || relrowsecurity || relforcerowsecurity, ',' order by relname)"
                + " from pg_class where relnamespace = 'spooled'::regnamespace and relkind in ('r', 'p')"
                + " and relname not like '%\\_2026%'";
        assertThat(text(target, guarded)).isEqualTo(text(server.database.address(), guarded));
    }

    @Test
    void aDatabaseInUseIsNotOverwritten() throws SQLException {
        var move = new Move(server.database.address(), target, line -> {});
        move.prepare();
        move.run();
        assertThatThrownBy(move::prepare).isInstanceOf(CannotStart.class).hasMessageContaining("already");
    }

    /// What cannot be copied undoes all that was: here a row that the new database refuses.
    @Test
    void aMoveThatFailsLeavesNothingBehindAndMayBeRepeated() throws SQLException {
        var move = new Move(server.database.address(), target, line -> {});
        move.prepare();
        text(target, "alter table spooled.workflow add constraint no_f check (name <> 'f'); select '1'");
        assertThatThrownBy(move::run).isInstanceOf(CannotStart.class).hasMessageContaining("left nothing behind");
        assertThat(rows(target, "organization")).isEmpty();
        assertThat(rows(target, "job")).isEmpty();
        text(target, "alter table spooled.workflow drop constraint no_f; select '1'");
        move.prepare();
        assertThat(move.run().rows()).isPositive();
    }

    private static List<String> rows(DbAddress address, String table) throws SQLException {
        var rows = new ArrayList<String>();
        try (Connection connection = connect(address);
                var statement = connection.createStatement();
                ResultSet row =
                        statement.executeQuery("select to_jsonb(t)::text from spooled." + table + " t order by 1")) {
            while (row.next()) {
                rows.add(row.getString(1));
            }
        }
        return rows;
    }

    private static String text(DbAddress address, String query) throws SQLException {
        try (Connection connection = connect(address);
                var statement = connection.createStatement()) {
            boolean rows = statement.execute(query);
            while (!rows) {
                rows = statement.getMoreResults();
            }
            try (ResultSet row = statement.getResultSet()) {
                row.next();
                return row.getString(1);
            }
        }
    }

    private static Connection connect(DbAddress address) throws SQLException {
        return DriverManager.getConnection(address.jdbcUrl(), address.user(), address.password());
    }
}
