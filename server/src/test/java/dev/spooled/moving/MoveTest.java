package dev.spooled.moving;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.spooled.config.CannotStart;
import dev.spooled.db.DbAddress;
import dev.spooled.db.Migrator;
import dev.spooled.support.TestDb;
import dev.spooled.support.TestServer;
import java.sql.SQLException;
import java.util.ArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class MoveTest {
    private final TestServer server = new TestServer();
    private DbAddress target;

    @BeforeEach
    void live() {
        target = TestDb.createEmpty();
        server.post(
                "/jobs",
                "{\"queue_name\":\"emails\",\"payload\":{\"n\":12345678901234567890.5},\"tags\":{\"a\":\"b\"}}");
        server.post("/jobs", "{\"queue_name\":\"emails\",\"payload\":{},\"idempotency_key\":\"k\"}");
        server.post("/jobs/claim", "{\"queue_name\":\"emails\",\"worker_id\":\"w\",\"limit\":1}");
        server.post(
                "/workflows",
                "{\"name\":\"f\",\"jobs\":[{\"key\":\"a\",\"queue_name\":\"q\",\"payload\":{}},"
                        + "{\"key\":\"b\",\"queue_name\":\"q\",\"payload\":{},\"depends_on\":[\"a\"]}]}");
        server.post(
                "/schedules",
                "{\"name\":\"s\",\"cron_expression\":\"0 0 * * * *\",\"queue_name\":\"q\",\"payload_template\":{}}");
    }

    @AfterEach
    void close() {
        server.close();
    }

    @Test
    void everythingIsThereAndNumbersGoOn() throws SQLException {
        var told = new ArrayList<String>();
        try (var move = Move.into(target, told::add)) {
            assertThat(move.finish(server.database.address()).rows()).isPositive();
        }
        assertThat(told).anyMatch(line -> line.startsWith("job: 4 rows"));
        Databases.assertSame(server.database.address(), target);
        String next = "insert into spooled.organization (public_id, name, slug, created_at, updated_at)"
                + " values (gen_random_uuid(), 'o', 'after', now(), now()) returning id::text";
        assertThat(Databases.text(target, next)).isEqualTo(Databases.text(server.database.address(), next));
    }

    @Test
    void rowSecurityStandsAgain() throws SQLException {
        move();
        String guarded = "select string_agg(relname || relrowsecurity || relforcerowsecurity, ',' order by relname)"
                + " from pg_class where relnamespace = 'spooled'::regnamespace and relkind in ('r', 'p')"
                + " and relname not like '%\\_2026%'";
        assertThat(Databases.text(target, guarded)).isEqualTo(Databases.text(server.database.address(), guarded));
    }

    @Test
    void aDatabaseInUseIsNotOverwritten() throws SQLException {
        move();
        assertThatThrownBy(this::move).isInstanceOf(CannotStart.class).hasMessageContaining("already");
    }

    /// What cannot be copied undoes all that was: here a row that the new database refuses.
    @Test
    void aMoveThatFailsLeavesNothingBehindAndMayBeRepeated() throws SQLException {
        new Migrator(target).migrate();
        Databases.text(target, "alter table spooled.workflow add constraint no_f check (name <> 'f'); select '1'");
        assertThatThrownBy(this::move).isInstanceOf(CannotStart.class).hasMessageContaining("left nothing behind");
        assertThat(Databases.rows(target, "organization")).isEmpty();
        assertThat(Databases.rows(target, "job")).isEmpty();
        Databases.text(target, "alter table spooled.workflow drop constraint no_f; select '1'");
        assertThat(move().rows()).isPositive();
    }

    private Move.Account move() {
        try (var move = Move.into(target, line -> {})) {
            return move.finish(server.database.address());
        }
    }
}
