package dev.spooled.jobs;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spooled.db.DbAddress.Role;
import dev.spooled.support.TestServer;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/// How long lists and figures take among many jobs: 10,000,000 (`-Dlists.jobs=`) over thirty days and forty
/// organizations, ours with three fifths of them in twenty queues, and with 1,000 configured queues that are empty.
/// Nine in ten have completed, the newest twelfth is still waiting.
@Tag("scale")
class ListsAtScaleTest {
    private static final long JOBS = Long.getLong("lists.jobs", 10_000_000L);
    private static final int CALLS = 200;
    private static final Duration WARM = Duration.ofSeconds(3);
    private static final double BOUND_MILLIS = Double.parseDouble(System.getProperty("lists.p95", "50"));

    private static final String ID = "(lpad(to_hex((extract(epoch from '2026-11-25T11:59:00Z'::timestamptz"
            + " - make_interval(secs => (%1$d - g) * 2592000.0 / %1$d)) * 1000)::bigint), 12, '0')"
            + " || '70008000' || lpad(to_hex(g), 12, '0'))::uuid";

    /// Ours are three in five; the others are spread. Queues 1 to 20 are ours.
    private static final String QUEUE = "case when g %% 5 < 3 then 1 + (g / 5 %% 20) else 21 + (g %% 40) end";

    /// 3 completed, 5 dead, 6 cancelled, 0 ready, 1 scheduled.
    private static final String STATE = "case when g > %1$d * 11 / 12 then case g %% 50 when 49 then 1 else 0 end"
            + " when g %% 97 = 0 then 5 when g %% 193 = 0 then 6 else 3 end";

    @Test
    void everyFilterIsQuick() throws SQLException {
        try (var server = new TestServer()) {
            fill(server);
            server.get("/jobs/stats");
            list(server);
            String cursor =
                    JobCalls.text(server.get("/jobs?offset=9000&limit=1").body(), "id");
            String base = "/jobs?limit=100";
            warm(server, base, WARM.multipliedBy(8));
            var late = new ArrayList<String>();
            for (String path : List.of(
                    base,
                    base + "&cursor=" + cursor,
                    base + "&offset=1000",
                    base + "&order_dir=asc",
                    base + "&queue_name=q1",
                    base + "&queue_name=q1&order_dir=asc",
                    base + "&status=pending",
                    base + "&status=scheduled",
                    base + "&status=processing",
                    base + "&status=completed",
                    base + "&status=deadletter",
                    base + "&status=cancelled",
                    base + "&queue_name=q1&status=pending",
                    base + "&queue_name=q1&status=completed",
                    base + "&queue_name=q1&status=deadletter",
                    base + "&tag=rare",
                    base + "&tag=half",
                    base + "&tag=half&status=deadletter",
                    base + "&tag=rare&status=completed",
                    base + "&tag=half&queue_name=q1",
                    "/jobs/dlq?limit=100",
                    "/jobs/dlq?limit=100&queue_name=q1",
                    "/jobs/stats",
                    "/jobs/stats?queue_name=q1",
                    "/jobs/stats?by=tag.half",
                    "/queues?limit=100",
                    "/queues/q1/stats",
                    "/dashboard")) {
                double p95 = measure(server, path);
                if (p95 > BOUND_MILLIS) {
                    late.add(path + " " + p95);
                }
            }
            measure(server, base + "&order_by=priority");
            assertThat(late).isEmpty();
        }
    }

    private static void list(TestServer server) {
        long begun = System.nanoTime();
        int passes = 1;
        while (server.chores.list().runOnce()) {
            passes++;
        }
        System.out.printf(
                "lists: %d passes of the listing, %.0f ms each%n", passes, (System.nanoTime() - begun) / 1e6 / passes);
    }

    private static double measure(TestServer server, String path) {
        int calls = path.contains("order_by") ? 20 : CALLS;
        var millis = new double[calls];
        int rows = 0;
        warm(server, path, WARM);
        for (int i = 0; i < calls; i++) {
            long begun = System.nanoTime();
            var answer = server.get(path);
            millis[i] = (System.nanoTime() - begun) / 1e6;
            assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
            rows = JobCalls.ids(answer.body()).size();
        }
        Arrays.sort(millis);
        System.out.printf(
                "lists: %-60s %3d rows  p50 %7.1f ms  p95 %7.1f ms  max %7.1f ms%n",
                path, rows, millis[calls / 2], millis[calls * 95 / 100], millis[calls - 1]);
        return millis[calls * 95 / 100];
    }

    /// A server that has just started compiles its code beside the first calls.
    private static void warm(TestServer server, String path, Duration span) {
        long end = System.nanoTime() + span.toNanos();
        while (System.nanoTime() < end) {
            server.get(path);
        }
    }

    private static void fill(TestServer server) throws SQLException {
        long begun = System.nanoTime();
        try (Connection owner = DriverManager.getConnection(
                        server.database.address().jdbcUrl(),
                        server.database.address().properties(Role.ENGINE, "-c synchronous_commit=off"));
                Statement statement = owner.createStatement()) {
            statement.execute("select ensure_day('2026-11-26'::date - n) from generate_series(0, 32) n");
            statement.execute("insert into organization (public_id, name, slug, created_at, updated_at)"
                    + " select gen_random_uuid(), 'o', 'other-' || n, now(), now() from generate_series(1, 40) n");
            statement.execute("insert into queue (cell, id, org, public_id, name, created_at, updated_at) select 0, n,"
                    + " case when n <= 20 then 1 else n - 19 end, gen_random_uuid(), 'q' || n, now(), now()"
                    + " from generate_series(1, 60) n");
            statement.execute("insert into queue (cell, id, org, public_id, name, configured, created_at, updated_at)"
                    + " select 0, n, 1, gen_random_uuid(), 'idle-' || n, true, now(), now()"
                    + " from generate_series(61, 1060) n");
            statement.execute("create temporary table made as select " + ID.formatted(JOBS) + " as id, "
                    + QUEUE.formatted() + " as queue, (" + STATE.formatted(JOBS) + ")::smallint as state, g"
                    + " from generate_series(1, " + JOBS + ") g");
            say("made", begun);
            String org = "case when queue <= 20 then 1 else queue - 19 end";
            statement.execute(
                    "insert into job (id, cell, org, queue, timeout_seconds, priority, max_retries, payload, tags)"
                            + " select id, 0, " + org
                            + ", queue, 300, g % 3, 3, '{\"to\":\"somebody@example.com\",\"n\":' || g || '}',"
                            + " case when g % 2 = 0 then '{\"half\":1}'::jsonb end from made");
            say("jobs", begun);
            statement.execute(
                    "insert into done (cell, queue, org, attempt, status, retry_count, id, completed_at, started_at,"
                            + " worker, result) select 0, queue, " + org + ", 1, state, 0, id, now(), now(), 'w1', '{}'"
                            + " from made where state > 2");
            statement.execute("insert into ready (cell, queue, org, attempt, priority, retry_count, flags, id)"
                    + " select 0, queue, " + org + ", 0, g % 3, 0, 0, id from made where state = 0 and g % 1000 > 1");
            statement.execute(
                    "insert into lease (cell, queue, org, attempt, timeout_seconds, priority, retry_count, flags, id,"
                            + " lease_id, started_at, expires_at, worker) select 0, queue, " + org
                            + ", 1, 300, g % 3, 0, 0, id, id,"
                            + " now(), now(), 'w1' from made where state = 0 and g % 1000 <= 1");
            statement.execute(
                    "insert into scheduled (cell, queue, org, attempt, priority, retry_count, flags, id, run_at)"
                            + " select 0, queue, " + org + ", 0, g % 3, 0, 0, id, now() from made where state = 1");
            say("states", begun);
            statement.execute("insert into job_tag (cell, org, tag, id) select 0, " + org + ", 'half', id from made"
                    + " where g % 2 = 0");
            statement.execute("insert into job_tag (cell, org, tag, id) select 0, 1, 'rare', id from made"
                    + " where queue = 1 and g in (select g from made where queue = 1 and g < " + JOBS
                    + " / 2 limit 3)");
            statement.execute("insert into count (cell, org, queue, kind, day, n) select 0, " + org
                    + ", queue, state, uuid7_day(id), count(*) from made group by queue, state, uuid7_day(id)");
            String listed = "g <= " + (JOBS - Math.min(JOBS, 100_000));
            statement.execute("insert into job_by_queue (cell, queue, id, org) select 0, queue, id, " + org
                    + " from made where " + listed);
            statement.execute("update list_mark set listed = coalesce((select id from made where " + listed
                    + " order by g desc limit 1), listed)");
            say("listed", begun);
            statement.execute("drop table made");
        }
        analyse(server);
        say("ready to measure", begun);
    }

    private static void analyse(TestServer server) throws SQLException {
        try (Connection owner = DriverManager.getConnection(
                        server.database.address().jdbcUrl(),
                        server.database.address().properties(Role.OWNER, ""));
                Statement statement = owner.createStatement()) {
            statement.execute("vacuum analyze");
        }
    }

    private static void say(String what, long begun) {
        System.out.printf("lists: %s after %.0f s%n", what, (System.nanoTime() - begun) / 1e9);
    }
}
