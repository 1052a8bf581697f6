package dev.spooled.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spooled.support.PlanCheck;
import dev.spooled.support.PlanCheck.Figures;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.Set;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// The plans of the lane's statements at 100,000 ready, scheduled, leased and finished jobs: found by key whatever the
/// statistics say, generic and custom, and bounded in the pages the dearest part of a statement touches per job.
class PlansTest {
    private static final int ASKED = 100;
    private static final Set<String> SMALL = Set.of("cell", "worker", "queue");

    private static ManyJobs jobs;
    private static Connection connection;

    @BeforeAll
    static void fill() throws SQLException {
        jobs = ManyJobs.none(100_000);
        jobs.fill();
        connection = jobs.lane();
    }

    @AfterAll
    static void close() throws SQLException {
        connection.close();
        jobs.cell().close();
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
        PlanCheck.analyse(jobs.cell().address(), figures);
        var checked = new PlanCheck(connection, SMALL);
        checked.plansFor(plans.equals("force_generic_plan"));
        for (Batch batch : jobs.batches(ASKED)) {
            for (RoundTrip.Part part : jobs.statements(batch)) {
                checked.check(part.sql(), part.args(), plans + ", figures: " + figures, ASKED * 35);
            }
        }
    }

    /// The ids of this test's rows lie in the day's partition, not in the default one.
    @Test
    void rowsLieInTheirDay() {
        assertThat(jobs.cell().count("job where tableoid = 'job_default'::regclass"))
                .isZero();
        assertThat(jobs.cell()
                        .rows("select uuid7_day(id) as day from ready limit 1", row -> row.integer("day"))
                        .getFirst())
                .isEqualTo(20_782);
    }
}
