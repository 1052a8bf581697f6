package dev.spooled.moving;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.spooled.config.CannotStart;
import dev.spooled.db.DbAddress;
import dev.spooled.db.Migrator;
import dev.spooled.support.TestDb;
import dev.spooled.support.TestServer;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// What was copied ahead is brought up to date, whatever happened to it meanwhile. Every table counts as big.
class MoveAheadTest {
    private static final Pattern ID = Pattern.compile("\"id\":\"([0-9a-f-]{36})\"");
    private static final Pattern LEASE = Pattern.compile("\"lease_id\":\"([^\"]+)\"");

    private static final String DAY = "job_20260102";

    private static final String READS =
            "select seq_scan || ' ' || coalesce(idx_scan, 0) from pg_stat_all_tables where relname = '" + DAY + "'";

    private final TestServer server = new TestServer();
    private final List<String> told = new ArrayList<>();
    private DbAddress target;
    private DbAddress source;

    @BeforeEach
    void live() {
        target = TestDb.createEmpty();
        source = server.database.address();
        server.post("/jobs", "{\"queue_name\":\"q\",\"payload\":{},\"tags\":{\"a\":\"b\"},\"idempotency_key\":\"k\"}");
    }

    @AfterEach
    void close() {
        server.close();
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2})
    void anythingMayHappenMeanwhile(long seed) throws SQLException {
        var random = new Random(seed);
        try (var move = Move.into(target, 0, told::add)) {
            for (int round = 0; round < 3; round++) {
                for (int i = 0; i < 60; i++) {
                    something(random);
                }
                move.ahead(source);
            }
            for (int i = 0; i < 60; i++) {
                something(random);
            }
            move.finish(source);
        }
        assertThat(told).anyMatch(line -> line.startsWith("ahead, done_"));
        Databases.assertSame(source, target);
    }

    /// New jobs, ended ones, jobs that come back from the dead letter, changed ones, and some that leave
    /// for good.
    private void something(Random random) {
        switch (random.nextInt(8)) {
            case 0, 1, 2 ->
                server.post(
                        "/jobs",
                        "{\"queue_name\":\"q\",\"payload\":{\"n\":" + random.nextInt()
                                + "},\"max_retries\":0,\"tags\":{\"a\":\"" + random.nextInt(3)
                                + "\"},\"idempotency_key\":\"k" + random.nextInt(100) + "\"}");
            case 3, 4 -> end("complete", "\"result\":{}");
            case 5 -> end("fail", "\"error\":\"e\"");
            case 6 -> server.post("/jobs/dlq/retry", "{\"limit\":2}");
            default -> changeOne(random);
        }
    }

    private void end(String how, String more) {
        String claimed = server.post("/jobs/claim", "{\"queue_name\":\"q\",\"worker_id\":\"w\",\"limit\":1}")
                .body();
        Matcher id = ID.matcher(claimed);
        if (id.find()) {
            Matcher lease = LEASE.matcher(claimed);
            String held = lease.find() ? ",\"lease_id\":\"" + lease.group(1) + "\"" : "";
            server.post("/jobs/" + id.group(1) + "/" + how, "{\"worker_id\":\"w\"," + more + held + "}");
        }
    }

    private void changeOne(Random random) {
        Matcher id = ID.matcher(server.get("/jobs?status=pending&limit=1").body());
        if (id.find()) {
            if (random.nextBoolean()) {
                server.put("/jobs/" + id.group(1) + "/priority", "{\"priority\":" + random.nextInt(10) + "}");
            } else {
                server.delete("/jobs/" + id.group(1));
            }
        }
        if (random.nextInt(4) == 0) {
            server.post("/jobs/dlq/purge", "{\"confirm\":true,\"limit\":1}");
        }
    }

    /// Rows of a transaction that began before a pass and ended after it, one under a savepoint; others
    /// begin and end meanwhile.
    @Test
    void aTransactionThatWasOpenIsNotMissed() throws SQLException {
        try (var move = Move.into(target, 0, told::add);
                Connection open = Databases.connect(source);
                Statement slow = open.createStatement()) {
            open.setAutoCommit(false);
            slow.execute(key("slow"));
            keyed("beside");
            open.setSavepoint();
            slow.execute(key("nested"));
            keyed("later");
            Databases.run(source, "delete from spooled.idem where key = 'k'");
            move.ahead(source);
            open.commit();
            move.finish(source);
        }
        assertThat(Databases.rows(target, "idem"))
                .hasSize(4)
                .anyMatch(row -> row.contains("slow"))
                .anyMatch(row -> row.contains("nested"));
        Databases.assertSame(source, target);
    }

    private static String key(String key) {
        return "insert into spooled.idem (cell, org, key, job_id) select cell, org, '" + key
                + "', job_id from spooled.idem where key = 'k'";
    }

    private void keyed(String key) {
        server.post("/jobs", "{\"queue_name\":\"q\",\"payload\":{},\"idempotency_key\":\"" + key + "\"}");
    }

    /// PostgreSQL counts who reads a day: nobody does when it is as it was, and nobody is left who may have written.
    @Test
    void aDayNobodyWroteToIsNotReadAgain() throws SQLException {
        DbAddress quiet = TestDb.createEmpty();
        new Migrator(quiet).migrate();
        oldDay(quiet);
        try (var move = Move.into(target, 0, told::add)) {
            move.ahead(quiet);
            String reads = Databases.text(quiet, READS);
            move.finish(quiet);
            assertThat(Databases.text(quiet, READS)).isEqualTo(reads);
        }
        assertThat(Databases.rows(target, DAY)).hasSize(1_000);
        Databases.assertSame(quiet, target);
    }

    @Test
    void aDayThatWasWrittenToIsReadAgain() throws SQLException {
        oldDay(source);
        try (var move = Move.into(target, 0, told::add)) {
            move.ahead(source);
            Databases.run(
                    source,
                    "update spooled." + DAY + " set priority = 7 where id in (select id from spooled." + DAY
                            + " limit 3)");
            move.finish(source);
        }
        assertThat(Databases.rows(target, DAY))
                .hasSize(1_000)
                .filteredOn(row -> row.contains("\"priority\": 7"))
                .hasSize(3);
        Databases.assertSame(source, target);
    }

    /// Retention drops a day, or puts what is kept of it in its place under another name.
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void aDayThatLeftLeavesHere(boolean kept) throws SQLException {
        oldDay(source);
        try (var move = Move.into(target, 0, told::add)) {
            move.ahead(source);
            Databases.run(source, "alter table spooled.job detach partition spooled." + DAY);
            if (kept) {
                Databases.run(
                        source,
                        "create table spooled." + DAY + "_kept (like spooled." + DAY + " including all)",
                        "insert into spooled." + DAY + "_kept select * from spooled." + DAY + " limit 5",
                        "alter table spooled.job attach partition spooled." + DAY + "_kept for values from"
                                + " (spooled.day_lower('2026-01-02')) to (spooled.day_lower('2026-01-03'))");
            }
            Databases.run(source, "drop table spooled." + DAY);
            move.finish(source);
        }
        assertThat(Databases.rows(target, "job")).hasSize(kept ? 6 : 1);
        Databases.assertSame(source, target);
    }

    /// A row that is not over there what it was here, on the first way and on that of later rounds.
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void rowsThatChangeOnTheWayAreNoticed(boolean later) throws SQLException {
        new Migrator(target).migrate();
        Databases.run(
                target,
                "create function spooled.spoil() returns trigger language plpgsql as $$ begin"
                        + " if new.key = 'bad' then new.job_id = gen_random_uuid(); end if; return new; end $$",
                "create trigger spoil before insert on spooled.idem for each row execute function spooled.spoil()");
        if (!later) {
            keyed("bad");
        }
        try (var move = Move.into(target, 0, told::add)) {
            if (later) {
                move.ahead(source);
                keyed("bad");
            }
            assertThatThrownBy(() -> move.finish(source))
                    .isInstanceOf(CannotStart.class)
                    .hasMessageContaining("idem is not what was copied");
        }
        assertThat(Databases.rows(target, "job")).isEmpty();
    }

    private static void oldDay(DbAddress database) throws SQLException {
        Databases.run(
                database,
                "select spooled.ensure_day('2026-01-02')",
                "insert into spooled.job (id, cell, org, queue, timeout_seconds, priority, max_retries, payload)"
                        + " select (left(spooled.day_lower('2026-01-02')::text, 24) || lpad(to_hex(g), 12, '0'))::uuid, 0,"
                        + " 1, 1, 300, 0, 3, '{}' from generate_series(1, 1000) g");
    }
}
