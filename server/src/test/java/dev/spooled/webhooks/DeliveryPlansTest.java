package dev.spooled.webhooks;

import dev.spooled.db.Args;
import dev.spooled.db.DbAddress.Role;
import dev.spooled.db.PgArray;
import dev.spooled.db.Sql;
import dev.spooled.db.Statements;
import dev.spooled.support.PlanCheck;
import dev.spooled.support.PlanCheck.Figures;
import dev.spooled.support.TestServer;
import dev.spooled.time.Ids;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Instant;
import java.util.Set;
import java.util.function.BiConsumer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// The plans of what makes, sends, lists and forgets webhooks, at 200 webhooks, 100,000 deliveries and 20,000
/// events: by key whatever the statistics say, and within few pages.
class DeliveryPlansTest {
    private static final int WEBHOOKS = 200;
    private static final int DELIVERIES = 100_000;
    private static final int EVENTS = 20_000;
    private static final Set<String> SMALL = Set.of("cell", "queue", "organization", "subscription");
    private static final Instant NOW = Instant.parse("2026-11-25T12:00:00Z");

    private static final Statements DELIVERING = Statements.beside(Deliver.class, "deliveries.sql");
    private static final Statements READING = Statements.beside(Webhooks.class, "webhooks.sql");

    private static TestServer server;
    private static Connection connection;
    private static String target = "";

    @BeforeAll
    static void fill() throws SQLException {
        server = new TestServer();
        var address = server.database.address();
        connection = DriverManager.getConnection(address.jdbcUrl(), address.properties(Role.ENGINE, ""));
        connection.setAutoCommit(false);
        try (Statement statement = connection.createStatement()) {
            // One of many wants what happens most.
            statement.execute(
                    "insert into subscription (cell, id, org, name, url, events, enabled, created_at, updated_at)"
                            + " select 0, " + id(1) + ", (select min(id) from organization), 'h', 'https://h.example/',"
                            + " case when g = 1 then array['job.created'] else array['job.failed'] end, true, now(), now()"
                            + " from generate_series(1, " + WEBHOOKS + ") g");
            statement.execute(
                    "insert into delivery (cell, id, org, subscription, target, event, created_at, next_at, body, status)"
                            + " select 0, " + id(2) + ", s.org, s.id, s.id::text, 'job.failed', now(),"
                            + " case when g % 10 = 0 then '2026-11-25T11:00:00Z'::timestamptz + make_interval(secs => g) end, '{}',"
                            + " case when g % 10 = 0 then 'pending' else 'success' end"
                            + " from generate_series(1, " + DELIVERIES + ") g"
                            + " join (select id, org, row_number() over (order by id) as n from subscription) s on s.n = g % "
                            + WEBHOOKS + " + 1");
            statement.execute("insert into job (id, cell, org, queue, timeout_seconds, priority, max_retries, payload)"
                    + " select " + id(3) + ", 0, (select min(id) from organization), 1, 300, 0, 3, '{}'"
                    + " from generate_series(1, " + EVENTS + ") g");
            statement.execute("insert into outbox (cell, at, subject, event, org, queue, status, retry_count)"
                    + " select 0, now(), " + id(3) + ", 'job.created', (select min(id) from organization), 1, 0, 0"
                    + " from generate_series(1, " + EVENTS + ") g");
            try (var found = statement.executeQuery("select id::text from subscription order by id limit 1")) {
                found.next();
                target = found.getString(1);
            }
        }
        connection.commit();
    }

    private static String id(int hour) {
        return "(uuid7_floor('2026-11-25T00:00:00Z'::timestamptz + make_interval(secs => " + hour
                + " * 3600 + g * 0.01))::text)::uuid";
    }

    @AfterAll
    static void close() throws SQLException {
        connection.close();
        server.close();
    }

    @ParameterizedTest
    @CsvSource({"NONE, true", "NONE, false", "DAYS, true", "DAYS, false", "ALL, true", "ALL, false"})
    void findByKeyAndTouchFewPages(Figures figures, boolean anyParameters) throws SQLException {
        PlanCheck.analyse(server.database.address(), figures);
        var plans = new PlanCheck(connection, SMALL);
        plans.plansFor(anyParameters);
        String how = (anyParameters ? "any parameters" : "these") + ", figures: " + figures;
        BiConsumer<Sql, Args> check = (sql, args) -> {
            try {
                plans.check(sql, args, how, 20_000);
            } catch (SQLException e) {
                throw new IllegalStateException(sql.name(), e);
            }
        };
        check.accept(
                DELIVERING.get("fan_out"),
                Args.of("cell", 0)
                        .and("now", NOW)
                        .and("limit", FanOut.BATCH)
                        .and("result_max", FanOut.RESULT_MAX)
                        .and("bare", false));
        check.accept(
                DELIVERING.get("lease"),
                Args.of("cell", 0)
                        .and("after", "")
                        .and("targets", Deliveries.TARGETS)
                        .and("busy", PgArray.texts())
                        .and("rooms", PgArray.ints())
                        .and("room", 16)
                        .and("now", NOW)
                        .and("until", NOW.plusSeconds(60))
                        .and("limit", 64));
        check.accept(
                DELIVERING.get("targets"),
                Args.of("cell", 0).and("after", "").and("targets", 500).and("kept", History.KEPT));
        check.accept(
                DELIVERING.get("prune"),
                Args.of("cell", 0)
                        .and("target", target)
                        .and("floor", Ids.floor(NOW.minusSeconds(86_400).toEpochMilli()))
                        .and("kept", History.KEPT)
                        .and("failed_kept", History.FAILED_KEPT)
                        .and("limit", 2_000));
        check.accept(
                READING.get("deliveries"),
                Args.of("cell", 0)
                        .and("org", 1)
                        .and("id", null)
                        .and("target", target)
                        .and("status", null)
                        .and("limit", 100)
                        .and("offset", 0));
    }
}
