package dev.spooled.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spooled.db.Args;
import dev.spooled.db.DbAddress.Role;
import dev.spooled.db.Sql;
import dev.spooled.db.Statements;
import dev.spooled.jobs.JobReads;
import dev.spooled.support.PlanCheck;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.Set;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// Plans are made once and kept. At midnight, and on a new database, they were made while the day was empty, and a
/// hundred thousand jobs may come before autovacuum has PostgreSQL make others.
class PlansKeptTest {
    private static final int ROWS = 20_000;
    private static final int ASKED = 100;

    /// What PostgreSQL took the tables for when it made the plans.
    enum Seen {
        /// Nobody has looked at them yet.
        NEW,
        /// Autovacuum found them empty.
        EMPTY,
        /// Autovacuum found rows, and later none, in files that had grown.
        EMPTIED
    }

    @ParameterizedTest
    @EnumSource
    void madeForEmptyTablesAreGoodForFullOnes(Seen seen) throws SQLException {
        ManyJobs jobs = ManyJobs.none(ROWS);
        try (Connection lane = jobs.lane()) {
            PlanCheck.withoutAutovacuum(jobs.cell().address());
            see(jobs, seen);
            var plans = new PlanCheck(lane, Set.of());
            visit(jobs, (name, part) -> plans.keep(name, part.sql(), part.args()));
            jobs.fill();
            jobs.addQueues(ROWS);
            visit(jobs, (name, part) -> checkKept(plans, name, part, seen));
        } finally {
            jobs.cell().close();
        }
    }

    /// What memory believes is asserted row by row, and what it does not know is read by key.
    @ParameterizedTest
    @EnumSource
    void memoryIsAssertedAndFilledByKey(Seen seen) throws SQLException {
        ManyJobs jobs = ManyJobs.none(ROWS);
        try (Connection lane = jobs.lane()) {
            PlanCheck.withoutAutovacuum(jobs.cell().address());
            see(jobs, seen);
            var plans = new PlanCheck(lane, Set.of());
            for (RoundTrip.Part part : jobs.assertions(ASKED)) {
                plans.keep(part.sql().name(), part.sql(), part.args());
            }
            jobs.fill();
            jobs.addQueues(ROWS);
            for (RoundTrip.Part part : jobs.assertions(ASKED)) {
                checkKept(plans, part.sql().name(), part, seen);
            }
        } finally {
            jobs.cell().close();
        }
    }

    /// What organizations read goes by the same tables, over connections that keep plans, too.
    @ParameterizedTest
    @EnumSource
    void seenJobsAreLookedUpOneByOne(Seen seen) throws SQLException {
        ManyJobs jobs = ManyJobs.none(ROWS);
        var settings = "-c plan_cache_mode=force_generic_plan -c enable_seqscan=off -c enable_hashjoin=off"
                + " -c enable_mergejoin=off";
        try (Connection reader = DriverManager.getConnection(
                jobs.cell().address().jdbcUrl(), jobs.cell().address().properties(Role.ENGINE, settings))) {
            reader.setAutoCommit(false);
            PlanCheck.withoutAutovacuum(jobs.cell().address());
            see(jobs, seen);
            var plans = new PlanCheck(reader, Set.of());
            Sql sql = Statements.beside(JobReads.class, "jobs.sql").get("seen");
            Args args = jobs.seen(ASKED);
            plans.keep("seen", sql, args);
            jobs.fill();
            PlanCheck.Effort effort = plans.effortOfKept("seen", sql, args);
            System.out.printf("kept: seen %s %6d rows %6d pages%n", seen, effort.rows(), effort.pages());
            assertThat(effort.rows()).as(effort.plan()).isLessThan(ASKED * 10);
        } finally {
            jobs.cell().close();
        }
    }

    private static void checkKept(PlanCheck plans, String name, RoundTrip.Part part, Seen seen) throws SQLException {
        PlanCheck.Effort effort = plans.effortOfKept(name, part.sql(), part.args());
        System.out.printf(
                "kept: %-22s %-8s %6d rows %6d pages%n", part.sql().name(), seen, effort.rows(), effort.pages());
        assertThat(effort.rows())
                .as(effort.plan())
                .isLessThan(mostRows(part.sql().name()));
        assertThat(effort.pages()).as(effort.plan()).isLessThan(ASKED * 35);
    }

    /// Expired leases are looked for among all of them, once.
    private static int mostRows(String statement) {
        return statement.equals("reap") ? ROWS + 1 : ASKED * 10;
    }

    private interface Look {
        void at(String name, RoundTrip.Part part) throws SQLException;
    }

    private static void visit(ManyJobs jobs, Look look) throws SQLException {
        int n = 0;
        for (Batch batch : jobs.batches(ASKED)) {
            for (RoundTrip.Part part : jobs.statements(batch)) {
                look.at("kept_" + n++, part);
            }
        }
    }

    private static void see(ManyJobs jobs, Seen seen) throws SQLException {
        switch (seen) {
            case NEW -> {}
            case EMPTY -> jobs.as(Role.OWNER, "vacuum analyze");
            case EMPTIED -> {
                jobs.fill();
                jobs.empty();
                jobs.as(Role.OWNER, "vacuum (analyze, truncate false)");
            }
        }
    }
}
