package dev.spooled.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spooled.db.Args;
import dev.spooled.db.DbAddress.Role;
import dev.spooled.db.PgArray;
import dev.spooled.db.Sql;
import dev.spooled.db.Statements;
import dev.spooled.support.PlanCheck;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/// The live tables are empty when PostgreSQL looks at them and full a moment later. A statement that then went through
/// the
/// whole table, and through its arrays again for each row, would take the square of its rows.
class SeenEmptyTest {
    private static final int ROWS = 500;

    private static TestCell cell;
    private static Connection connection;
    private static PlanCheck plans;
    private static int org;
    private static int queue;

    @BeforeAll
    static void emptyThenFull() throws SQLException {
        cell = new TestCell();
        org = cell.org();
        queue = cell.queue(org, "q");
        fill();
        emptied();
        fill();
        connection = DriverManager.getConnection(
                cell.address().jdbcUrl(), cell.address().properties(Role.ENGINE, LaneSession.SETTINGS));
        connection.setAutoCommit(false);
        plans = new PlanCheck(connection, java.util.Set.of());
    }

    @AfterAll
    static void close() throws SQLException {
        connection.close();
        cell.close();
    }

    private static void fill() throws SQLException {
        String id = "(uuid7_floor('2026-11-25T00:00:00Z'::timestamptz + make_interval(secs => g * 0.01))::text)::uuid";
        try (Connection engine = DriverManager.getConnection(
                        cell.address().jdbcUrl(), cell.address().properties(Role.ENGINE, ""));
                Statement statement = engine.createStatement()) {
            statement.execute(
                    "insert into ready (cell, queue, org, attempt, priority, retry_count, flags, id) select 0, " + queue
                            + ", " + org + ", 0, 0, 0, 0, " + id + " from generate_series(1, " + ROWS + ") g");
            statement.execute(
                    "insert into lease (cell, queue, org, attempt, timeout_seconds, priority, retry_count, flags,"
                            + " id, lease_id, started_at, expires_at, worker) select 0, " + queue + ", " + org
                            + ", 1, 36000, 0, 0, 0, " + id + ", " + id
                            + ", '2026-11-25T11:00:00Z', '2026-11-25T13:00:00Z', 'w' from generate_series(1, " + ROWS
                            + ") g");
        }
    }

    private static void emptied() throws SQLException {
        try (Connection engine = DriverManager.getConnection(
                        cell.address().jdbcUrl(), cell.address().properties(Role.ENGINE, ""));
                Statement statement = engine.createStatement()) {
            statement.execute("delete from ready");
            statement.execute("delete from lease");
        }
        try (Connection owner = DriverManager.getConnection(
                        cell.address().jdbcUrl(), cell.address().properties(Role.OWNER, ""));
                Statement statement = owner.createStatement()) {
            statement.execute("vacuum (truncate false) spooled.ready, spooled.lease");
        }
        assertThat(cell.count("pg_class where relname in ('ready', 'lease') and reltuples = 0 and relpages > 0"))
                .isEqualTo(2);
    }

    @Test
    void theAssertedWayGoesOnceThroughItsArrays() throws SQLException {
        Statements sql = Statements.beside(AssertedWay.class, "asserted.sql");
        PgArray leases = PgArray.uuids();
        PgArray results = PgArray.texts();
        ids("lease").forEach(id -> {
            leases.add(id);
            results.add("{}");
        });
        assertThat(runs(
                        sql.get("complete_known"),
                        known("lease")
                                .and("now", cell.clock.now())
                                .and("leases", leases)
                                .and("results", results)))
                .isEqualTo(1);
        assertThat(runs(sql.get("take_ready"), known("ready"))).isEqualTo(1);
    }

    private static Args known(String table) {
        PgArray rows = PgArray.rowIds();
        PgArray ids = PgArray.uuids();
        cell.rows("select ctid::text as row_id from " + table + " order by id", row -> row.text("row_id"))
                .forEach(rows::addRowId);
        ids(table).forEach(ids::add);
        return Args.of("cell", 0).and("rows", rows).and("ids", ids).and("n", (long) ROWS);
    }

    private static int runs(Sql sql, Args args) throws SQLException {
        return plans.runsOfArrays(sql, args);
    }

    private static List<UUID> ids(String table) {
        return cell.rows("select id from " + table + " order by id", row -> row.uuid("id"));
    }
}
