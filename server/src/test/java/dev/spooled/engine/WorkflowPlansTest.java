package dev.spooled.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spooled.db.DbAddress.Role;
import dev.spooled.db.PgArray;
import dev.spooled.support.PlanCheck;
import dev.spooled.support.PlanCheck.Figures;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// As `PlansTest`, for what workflows and schedules add to a batch: at 10,000 open workflows of ten jobs, 1,000
/// failed ones and 20,000 schedules.
class WorkflowPlansTest {
    private static final int WORKFLOWS = 10_000;
    private static final int JOBS = 10;
    private static final int SCHEDULES = 20_000;
    private static final int ASKED = 50;
    private static final Set<String> SMALL = Set.of("cell", "worker", "queue", "ended", "subscription");

    private static TestCell cell;
    private static Connection connection;
    private static Connection keeper;
    private static int org;
    private static int queue;

    @BeforeAll
    static void fill() throws SQLException {
        cell = new TestCell();
        org = cell.org();
        queue = cell.queue(org, "q");
        keeper = new ManyJobs(cell, org, queue, 0).lane();
        keepPlans();
        // A workflow's jobs in a row: the first is ready, each of the others waits for the one before.
        try (Connection engine = DriverManager.getConnection(
                        cell.address().jdbcUrl(), cell.address().properties(Role.ENGINE, ""));
                Statement statement = engine.createStatement()) {
            statement.execute("create temporary table w as select g as n, " + id(1, "g") + " as id, g > " + WORKFLOWS
                    + " as lost from generate_series(1, " + (WORKFLOWS + 1_000) + ") g");
            statement.execute("create temporary table s as select w.n, w.id as workflow, w.lost, k, "
                    + id(2, "(w.n * " + JOBS + " + k)") + " as job from w, generate_series(1, " + JOBS + ") k");
            statement.execute("insert into workflow (cell, id, org, name, status, total_jobs, open_jobs, failed_jobs,"
                    + " created_at, updated_at) select 0, id, " + org + ", 'w', case when lost then 4 else 0 end, "
                    + JOBS
                    + ", case when lost then 0 else " + JOBS + " end, 0, now(), now() from w");
            statement.execute("insert into workflow_step (cell, workflow, org, key, job, position, waits_for_signal)"
                    + " select 0, workflow, " + org + ", 'k' || k, job, k, k = " + JOBS + " from s");
            statement.execute(
                    "insert into job (id, cell, org, queue, timeout_seconds, priority, max_retries, payload, workflow,"
                            + " step) select job, 0, " + org + ", " + queue
                            + ", 300, 0, 3, '{}', workflow, 'k' || k from s");
            statement.execute(
                    "insert into ready (cell, queue, org, attempt, priority, retry_count, flags, id) select 0, " + queue
                            + ", " + org + ", 0, 0, 0, 1, job from s where k = 1 and not lost");
            statement.execute(
                    "insert into waiting (cell, queue, org, attempt, priority, retry_count, flags, needs, id, workflow,"
                            + " signal) select 0, " + queue + ", " + org + ", 0, 0, 0, 1, 1, job, workflow, k = " + JOBS
                            + " from s where k > 1 and not lost");
            statement.execute(
                    "insert into done (cell, queue, org, attempt, status, retry_count, id, completed_at) select 0, "
                            + queue + ", " + org
                            + ", 1, case when k = 1 then 5 else 6 end, 0, job, now() from s where lost");
            statement.execute("insert into dependency (cell, parent, child, org, workflow) select 0, a.job, b.job, "
                    + org + ", a.workflow from s a join s b on b.workflow = a.workflow and b.k = a.k + 1");
            statement.execute(
                    "insert into schedule (cell, id, org, name, cron_expression, queue_name, payload_template,"
                            + " next_run_at, created_at, updated_at) select 0, " + id(5, "g") + ", " + org
                            + ", 's', '* * * * *', 'q', '{}', '2026-11-25T12:00:00Z', now(), now() from generate_series(1, "
                            + SCHEDULES + ") g");
        }
        connection = DriverManager.getConnection(
                cell.address().jdbcUrl(), cell.address().properties(Role.ENGINE, LaneSession.SETTINGS));
        connection.setAutoCommit(false);
    }

    /// As of tables that autovacuum found empty.
    private static void keepPlans() throws SQLException {
        PlanCheck.withoutAutovacuum(cell.address());
        PlanCheck.analyse(cell.address(), Figures.DAYS);
        var plans = new PlanCheck(keeper, SMALL);
        var kept = new HashSet<String>();
        visit(batches(Some.unknown()), (name, part) -> {
            if (kept.add(name)) {
                plans.keep(name, part.sql(), part.args());
            }
        });
    }

    @Test
    void plansMadeForEmptyTablesAreGoodForFullOnes() throws SQLException {
        var plans = new PlanCheck(keeper, SMALL);
        visit(batches(Some.there()), (name, part) -> {
            PlanCheck.Effort effort = plans.effortOfKept(name, part.sql(), part.args());
            System.out.printf("kept: %-22s %6d rows %6d pages%n", part.sql().name(), effort.rows(), effort.pages());
            assertThat(effort.rows()).as(effort.plan()).isLessThan(ASKED * JOBS * 10);
            assertThat(effort.pages())
                    .as(effort.plan())
                    .isLessThan(most(part.sql().name()));
        });
    }

    private interface Look {
        void at(String name, RoundTrip.Part part) throws SQLException;
    }

    private static void visit(Stream<Batch> batches, Look look) throws SQLException {
        int n = 0;
        for (Batch batch : batches.toList()) {
            n++;
            for (RoundTrip.Part part : new ManyJobs(cell, org, queue, 0).statements(batch)) {
                look.at(part.sql().name() + "_" + n, part);
            }
        }
    }

    private static String id(int hour, String g) {
        return "(uuid7_floor('2026-11-25T00:00:00Z'::timestamptz + make_interval(secs => " + hour + " * 3600 + " + g
                + " * 0.01))::text)::uuid";
    }

    @AfterAll
    static void close() throws SQLException {
        connection.close();
        keeper.close();
        cell.close();
    }

    @ParameterizedTest
    @CsvSource({"NONE, true", "NONE, false", "DAYS, true", "DAYS, false", "ALL, true", "ALL, false"})
    void findByKeyAndTouchFewPages(Figures figures, boolean anyParameters) throws SQLException {
        PlanCheck.analyse(cell.address(), figures);
        var plans = new PlanCheck(connection, SMALL);
        plans.plansFor(anyParameters);
        String how = (anyParameters ? "any parameters" : "these") + ", figures: " + figures;
        visit(
                batches(Some.there()),
                (name, part) -> plans.check(
                        part.sql(), part.args(), how, most(part.sql().name())));
    }

    /// A workflow has ten jobs. Running one again looks at all of them, their dependencies and ends.
    private static int most(String statement) {
        return ASKED * JOBS * (statement.equals("rerun_workflows") ? 200 : 40);
    }

    /// Ids to ask for.
    private record Some(
            List<UUID> open,
            List<UUID> lost,
            List<UUID> waiting,
            List<UUID> signalled,
            List<UUID> ready,
            List<UUID> schedules) {
        static Some there() {
            return new Some(
                    ids("select id from workflow where status = 0 order by id limit " + ASKED),
                    ids("select id from workflow where status = 4 order by id limit " + ASKED),
                    ids("select id from waiting where not signal order by id limit " + ASKED),
                    ids("select id from waiting where signal order by id limit " + ASKED),
                    ids("select id from ready order by id limit " + ASKED),
                    ids("select id from schedule order by id limit " + ASKED));
        }

        static Some unknown() {
            List<UUID> one = List.of(new UUID(0, 1));
            return new Some(one, one, one, one, one, one);
        }
    }

    private static Stream<Batch> batches(Some of) {
        long now = cell.clock.nowMicros();
        long later = now + Duration.ofMinutes(1).toNanos() / 1_000;
        return Stream.of(
                batch(Collections.nCopies(ASKED, new Command.EnqueueWorkflow(flow())).stream()),
                batch(of.open.stream().map(id -> new Command.CancelWorkflow(org, id))),
                batch(of.lost.stream().map(id -> new Command.RerunWorkflow(org, id, true))),
                batch(of.lost.stream().map(id -> new Command.RerunWorkflow(org, id, false))),
                batch(of.waiting.stream()
                        .map(id -> new Command.AddDependencies(org, id, List.of(of.ready.getLast()), false))),
                batch(of.signalled.stream().map(id -> new Command.Signal(org, id, "{}"))),
                batch(of.ready.stream().map(id -> new Command.Cancel(org, id))),
                batch(Stream.of(new Command.Settle())),
                batch(Stream.of(new Command.Reap(ASKED))),
                batch(of.schedules.stream()
                        .map(id -> new Command.Fire(
                                org, id, now, now, later, 0, NewJob.plain(org, queue, 0, "{}"), null))),
                batch(of.schedules.stream()
                        .map(id -> new Command.Fire(
                                org, id, PgArray.NO_TIME, now, later, 0, NewJob.plain(org, queue, 0, "{}"), null))));
    }

    private static NewWorkflow flow() {
        var steps = new ArrayList<NewWorkflow.Step>();
        for (int i = 0; i < JOBS; i++) {
            steps.add(new NewWorkflow.Step(
                    "k" + i,
                    NewJob.plain(org, queue, 0, "{}"),
                    i == 0 ? List.of() : List.of(i - 1),
                    false,
                    i == JOBS - 1));
        }
        return new NewWorkflow(org, "w", null, null, steps);
    }

    private static Batch batch(Stream<? extends Command<?>> commands) {
        var batch = new Batch(cell.clock.nowMicros());
        batch.amongOthers = true;
        commands.forEach(command -> batch.add(new Ticket<>(command)));
        return batch;
    }

    private static List<UUID> ids(String query) {
        return cell.rows(query, row -> row.uuid("id"));
    }
}
