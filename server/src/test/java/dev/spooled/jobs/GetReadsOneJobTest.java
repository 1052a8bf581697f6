package dev.spooled.jobs;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spooled.db.DbAddress;
import dev.spooled.support.Await;
import dev.spooled.support.TestServer;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import org.junit.jupiter.api.Test;

/// PostgreSQL's autovacuum analyzes the days, never the partitioned tables as a whole: a plan made without figures of
/// those
/// must not read a whole day to find one job.
final class GetReadsOneJobTest {
    private static final int HISTORY = 60_000;
    private static final int CALLS = 20;

    @Test
    void withoutFiguresOfThePartitionedTables() throws SQLException {
        try (var server = new TestServer()) {
            String made = server.post("/jobs", "{\"queue_name\":\"filled\",\"payload\":{}}")
                    .body();
            String id = made.substring(made.indexOf(":\"") + 2, made.indexOf("\","));
            DbAddress address = server.database.address();
            try (Connection connection =
                            DriverManager.getConnection(address.jdbcUrl(), address.user(), address.password());
                    Statement statement = connection.createStatement()) {
                statement.execute("set search_path = spooled");
                String day = fill(statement);
                for (int i = 0; i < CALLS; i++) {
                    assertThat(server.get("/jobs/" + id).statusCode()).isEqualTo(200);
                }
                long fetched = Await.until(() -> fetched(statement, day), rows -> rows >= CALLS);
                assertThat(fetched).as("rows of " + day + " found by an index").isLessThan(HISTORY);
            }
        }
    }

    private static String fill(Statement statement) throws SQLException {
        statement.execute("insert into job (id, cell, org, queue, timeout_seconds, priority, max_retries, payload)"
                + " select (substr(j.id::text, 1, 14) || '7' || lpad(to_hex(g % 4096), 3, '0') || '-8000-'"
                + " || lpad(to_hex(g), 12, '0'))::uuid, j.cell, j.org, j.queue, 300, 0, 3, '{}'"
                + " from job j, generate_series(1, " + HISTORY + ") g");
        statement.execute(
                "insert into done (cell, queue, org, attempt, status, retry_count, id, completed_at, started_at)"
                        + " select cell, queue, org, 1, 3, 0, id, now(), now() from job where id not in (select id from ready)");
        String day;
        try (ResultSet row = statement.executeQuery("select tableoid::regclass::text from job limit 1")) {
            row.next();
            day = row.getString(1);
        }
        statement.execute("analyze " + day);
        statement.execute("analyze " + day.replace("job_", "done_"));
        statement.execute("select pg_stat_reset()");
        return day;
    }

    private static long fetched(Statement statement, String day) {
        try (ResultSet row = statement.executeQuery(
                "select coalesce(sum(idx_tup_fetch), 0) from pg_stat_user_tables where relname = '" + day + "'")) {
            row.next();
            return row.getLong(1);
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
    }
}
