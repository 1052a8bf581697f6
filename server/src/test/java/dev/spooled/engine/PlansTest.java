package dev.spooled.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spooled.db.DbAddress.Role;
import dev.spooled.engine.Command.Cancel;
import dev.spooled.engine.Command.Claim;
import dev.spooled.engine.Command.Complete;
import dev.spooled.engine.Command.Enqueue;
import dev.spooled.engine.Command.Expire;
import dev.spooled.engine.Command.Fail;
import dev.spooled.engine.Command.Heartbeat;
import dev.spooled.engine.Command.Holder;
import dev.spooled.engine.Command.Promote;
import dev.spooled.engine.Command.Purge;
import dev.spooled.engine.Command.Replay;
import dev.spooled.engine.Command.SetPriority;
import dev.spooled.support.PlanCheck;
import dev.spooled.support.PlanCheck.Figures;
import dev.spooled.time.Ids;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// The plans of the lane's statements at 100,000 ready, scheduled, leased and finished jobs: found by key whatever the
/// statistics say, generic and custom, and bounded in the pages the dearest part of a statement touches per job.
class PlansTest {
    private static final int ROWS = 100_000;
    private static final int ASKED = 100;
    private static final Set<String> SMALL = Set.of("cell", "worker", "queue");

    private static TestCell cell;
    private static Connection connection;
    private static int org;
    private static int queue;

    @BeforeAll
    static void fill() throws SQLException {
        cell = new TestCell();
        org = cell.org();
        queue = cell.queue(org, "q");
        for (String table : List.of("job", "ready", "scheduled", "lease", "done", "idem")) {
            fill(table);
        }
        connection = DriverManager.getConnection(
                cell.address().jdbcUrl(), cell.address().properties(Role.ENGINE, LaneSession.SETTINGS));
        connection.setAutoCommit(false);
    }

    /// Ids of the kth group of 100,000: minted over the day before, as v7.
    private static String id(int group) {
        return "(uuid7_floor('2026-11-25T00:00:00Z'::timestamptz + make_interval(secs => " + group
                + " * 3600 + g * 0.01))::text)::uuid";
    }

    private static void fill(String table) throws SQLException {
        String from = " from generate_series(1, " + ROWS + ") g";
        String sql = switch (table) {
            case "job" ->
                "insert into job (id, cell, org, queue, timeout_seconds, priority, max_retries, payload) select i, 0, "
                        + org + ", " + queue + ", 300, 0, 3, '{}' from (select " + id(1) + " as i" + from
                        + " union all select " + id(2) + from + " union all select " + id(3) + from
                        + " union all select " + id(4) + from + ") x";
            case "ready" ->
                "insert into ready (cell, queue, org, attempt, priority, retry_count, flags, id) select 0, " + queue
                        + ", " + org + ", 0, 0, 0, 0, " + id(1) + from;
            case "scheduled" ->
                "insert into scheduled (cell, queue, org, attempt, priority, retry_count, flags, id, run_at) select 0, "
                        + queue + ", " + org + ", 0, 0, 0, 0, " + id(2)
                        + ", '2026-11-25T11:00:00Z'::timestamptz + make_interval(secs => g)" + from;
            case "lease" ->
                "insert into lease (cell, queue, org, attempt, timeout_seconds, priority, retry_count, flags, id, lease_id,"
                        + " started_at, expires_at, worker) select 0, " + queue + ", " + org + ", 1, 36000, 0, 0, 0, "
                        + id(3) + ", " + id(3)
                        + ", '2026-11-25T11:00:00Z', '2026-11-25T13:00:00Z', 'w'" + from;
            case "done" ->
                "insert into done (cell, queue, org, attempt, status, retry_count, id, completed_at) select 0, " + queue
                        + ", " + org + ", 1, case g % 10 when 0 then 5 else 3 end, 0, " + id(4) + ", now()" + from;
            default -> "insert into idem (cell, org, key, job_id) select 0, " + org + ", 'key-' || g, " + id(4) + from;
        };
        try (Connection owner = DriverManager.getConnection(
                        cell.address().jdbcUrl(), cell.address().properties(Role.ENGINE, ""));
                Statement statement = owner.createStatement()) {
            statement.execute(sql);
        }
    }

    @AfterAll
    static void close() throws SQLException {
        connection.close();
        cell.close();
    }

    @ParameterizedTest
    @CsvSource({
        "NONE, force_generic_plan",
        "NONE, force_custom_plan",
        "DAYS, force_generic_plan",
        "DAYS, force_custom_plan",
        "ALL, force_generic_plan",
        "ALL, force_custom_plan"
    })
    void findByKeyAndTouchFewPages(Figures figures, String plans) throws SQLException {
        PlanCheck.analyse(cell.address(), figures);
        var checked = new PlanCheck(connection, SMALL);
        checked.plansFor(plans.equals("force_generic_plan"));
        for (Batch batch : batches().toList()) {
            cell.way.prepare(batch);
            for (RoundTrip.Part part : cell.way.statements(0, batch).parts()) {
                checked.check(part.sql(), part.args(), plans + ", figures: " + figures, ASKED * 30);
            }
        }
    }

    /// A batch per kind, of 100 jobs that exist.
    private static Stream<Batch> batches() {
        List<UUID> leased = ids("lease");
        List<UUID> ready = ids("ready");
        return Stream.of(
                batch(leased.stream().map(id -> new Heartbeat(new Holder(org, id, id, "w"), 60))),
                batch(leased.stream().map(id -> new Complete(new Holder(org, id, id, "w"), "{}"))),
                batch(leased.stream().map(id -> new Fail(new Holder(org, id, id, "w"), "no", true, null))),
                batch(leased.stream().map(id -> new Command.Release(org, id, id))),
                batch(ready.stream().map(id -> new Cancel(org, id))),
                batch(ready.stream().map(id -> new SetPriority(org, id, (short) 7))),
                batch(Stream.of(new Replay(org, dead()))),
                batch(Stream.of(new Purge(org, dead()))),
                batch(Stream.of(new Enqueue(leased.stream()
                        .map(id -> NewJob.plain(org, queue, 0, "{}").withParent(id))
                        .toList()))),
                batch(Stream.of(new Promote(ASKED))),
                batch(Stream.of(new Expire(ASKED))),
                batch(Stream.of(new Enqueue(java.util.Collections.nCopies(ASKED, NewJob.plain(org, queue, 0, "{}"))))),
                batch(Stream.of(new Enqueue(keyed()))),
                batch(Stream.of(new Claim(org, queue, "w", ASKED, 30, 0, () -> true))));
    }

    private static List<UUID> dead() {
        return cell.rows("select id from done where status = 5 order by id limit " + ASKED, row -> row.uuid("id"));
    }

    private static List<NewJob> keyed() {
        var jobs = new ArrayList<NewJob>();
        for (int i = 0; i < ASKED; i++) {
            jobs.add(NewJob.plain(org, queue, 0, "{}").withKey("key-" + i * 2_000));
        }
        return jobs;
    }

    private static Batch batch(Stream<? extends Command<?>> commands) {
        var batch = new Batch(cell.clock.nowMicros());
        commands.forEach(command -> batch.add(new Ticket<>(command)));
        return batch;
    }

    private static List<UUID> ids(String table) {
        return cell.rows("select id from " + table + " order by id limit " + ASKED, row -> row.uuid("id"));
    }

    /// The ids of this test's rows lie in the day's partition, not in the default one.
    @org.junit.jupiter.api.Test
    void rowsLieInTheirDay() {
        assertThat(cell.count("job where tableoid = 'job_default'::regclass")).isZero();
        assertThat(Ids.dayOf(ids("ready").getFirst())).isEqualTo(20_782);
    }
}
