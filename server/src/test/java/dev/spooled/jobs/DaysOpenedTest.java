package dev.spooled.jobs;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spooled.db.Args;
import dev.spooled.db.DbAddress.Role;
import dev.spooled.db.PgArray;
import dev.spooled.db.Sql;
import dev.spooled.db.Statements;
import dev.spooled.support.ManualClock;
import dev.spooled.support.PlanCheck;
import dev.spooled.support.TestServer;
import dev.spooled.time.Ids;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// A statement with a kept plan opens every day that its parameters do not exclude (docs/decisions/0009-days.md), and
/// lists that are looked for day by day are whole all the same.
class DaysOpenedTest {
    private static final int DAYS = 30;
    private static final Statements SQL = Statements.beside(JobReads.class, "jobs.sql");
    private static final Statements LISTS = Statements.beside(JobReads.class, "lists.sql");
    private static final Pattern ID = Pattern.compile("\"id\":\"([0-9a-f-]{36})\"");

    private final TestServer server = new TestServer();

    /// Of each of the last days one job, oldest first.
    private final List<String> made = new ArrayList<>();

    @BeforeEach
    void live() throws SQLException {
        LocalDate today = LocalDate.ofInstant(ManualClock.NOON, ZoneOffset.UTC);
        try (Connection connection = server.database.connect();
                var statement = connection.createStatement()) {
            for (int after = 1; after <= DAYS; after++) {
                statement.execute("select spooled.ensure_day('" + today.plusDays(after) + "')");
            }
        }
        for (int day = 0; day < DAYS; day++) {
            made.addAll(ids(server.post(
                            "/jobs",
                            "{\"queue_name\":\"q\",\"payload\":{},\"tags\":{\"t\":\"1\"},\"timeout_seconds\":77}")
                    .body()));
            server.clock.advance(Duration.ofDays(1));
        }
    }

    @AfterEach
    void close() {
        server.close();
    }

    @Test
    void whatIsKnownBeforehandIsNotLookedForElsewhere() throws SQLException {
        try (Connection connection = DriverManager.getConnection(
                server.database.address().jdbcUrl(),
                server.database.address().properties(Role.ENGINE, "-c enable_seqscan=off"))) {
            connection.setAutoCommit(false);
            var check = new PlanCheck(connection, Set.of());
            check.plansFor(true);
            UUID one = UUID.fromString(made.get(12));
            Args known = args().and("ids", PgArray.uuids().add(one)).andBounds(List.of(one));
            assertThat(check.days(SQL.get("seen"), known))
                    .containsExactly("attempt_20261207", "done_20261207", "job_20261207");
            assertThat(check.days(SQL.get("claimed"), known)).containsExactly("job_20261207");
            for (String walk : List.of("of_org", "of_queues", "completed", "completed_of_org", "ended", "tagged_in")) {
                assertThat(check.days(list(walk), lately())).as(walk).hasSizeBetween(3, 4 * 4);
            }
        }
    }

    private static Sql list(String walk) {
        return JobReads.seenBy(new Walk(new Walk(LISTS.get(walk)).in(LISTS.get("page"))));
    }

    private Args args() {
        return Args.of("cell", 0).and("org", 1).and("full", true).and("ended_since", Instant.EPOCH);
    }

    /// The three days before today.
    private Args lately() {
        UUID edge = Ids.floor(server.clock.nowMillis());
        UUID floor = Ids.floor(server.clock.nowMillis() - Duration.ofDays(3).toMillis());
        return args().and("edge", edge)
                .and("floor", floor)
                .and("first", floor)
                .and("last", edge)
                .and("queues", PgArray.ints().add(1))
                .and("status", 5)
                .and("tag", "t")
                .and("scan", 20)
                .and("candidates", 100)
                .and("skip", 0)
                .and("page", 20);
    }

    @Test
    void aListIsWholeOverAllDays() {
        assertThat(listed("limit=100")).isEqualTo(made.reversed());
        assertThat(listed("limit=10")).isEqualTo(made.reversed().subList(0, 10));
        assertThat(listed("limit=10&offset=5")).isEqualTo(made.reversed().subList(5, 15));
        assertThat(listed("limit=100&queue_name=q&status=pending")).isEqualTo(made.reversed());
        assertThat(listed("limit=100&tag=t")).isEqualTo(made.reversed());
        assertThat(listed("limit=7&order_by=created_at&order_dir=asc")).isEqualTo(made.subList(0, 7));
    }

    @Test
    void endedJobsOfAllDaysAreListed() {
        List<String> claimed = new ArrayList<>();
        while (claimed.size() < 20) {
            claimed.addAll(ids(server.post("/jobs/claim", "{\"queue_name\":\"q\",\"worker_id\":\"w\",\"limit\":10}")
                    .body()));
        }
        assertThat(claimed).isEqualTo(made.subList(0, 20));
        claimed.forEach(id -> server.post("/jobs/" + id + "/complete", "{\"worker_id\":\"w\",\"result\":{}}"));
        assertThat(listed("limit=100&status=completed")).isEqualTo(claimed.reversed());
        assertThat(listed("limit=100&status=completed&queue_name=q&tag=t")).isEqualTo(claimed.reversed());
    }

    /// Its time-out is not among those a claim reads by itself.
    @Test
    void anOldJobKeepsItsTimeOut() {
        String claimed = server.post("/jobs/claim", "{\"queue_name\":\"q\",\"worker_id\":\"w\",\"limit\":30}")
                .body();
        assertThat(ids(claimed)).isEqualTo(made);
        var timeOuts = new Sql("test", "select distinct timeout_seconds from lease", List.of());
        List<Integer> found = server.database
                .db()
                .asEngine(tx -> tx.list(timeOuts, Args.NONE, row -> row.integer("timeout_seconds")));
        assertThat(found).containsExactly(77);
    }

    private List<String> listed(String query) {
        return ids(server.get("/jobs?" + query).body());
    }

    private static List<String> ids(String json) {
        Matcher id = ID.matcher(json);
        var ids = new ArrayList<String>();
        while (id.find()) {
            ids.add(id.group(1));
        }
        return ids;
    }
}
