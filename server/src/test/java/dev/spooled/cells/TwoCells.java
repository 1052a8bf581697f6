package dev.spooled.cells;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spooled.db.DbAddress;
import dev.spooled.db.EmbeddedPostgres;
import dev.spooled.db.PostgresOptions;
import dev.spooled.support.TestDb;
import dev.spooled.support.TestNode;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// A server with the directory in a database of the tests and cell 1 in a second embedded PostgreSQL.
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
abstract class TwoCells {
    static final JsonMapper JSON = JsonMapper.shared();

    TestDb zero = TestDb.create();
    EmbeddedPostgres second;
    TestNode node;
    private Path data;

    record Tenant(String id, String slug, String key) {}

    @BeforeAll
    void start(@TempDir Path folder) {
        data = folder;
        second = startSecond();
        node = TestNode.start(zero, data, environment());
    }

    @AfterAll
    void stop() {
        node.close();
        second.close();
        zero.close();
    }

    /// The same again, on the same port, when it was stopped.
    EmbeddedPostgres startSecond() {
        var options = new PostgresOptions(TestDb.BINARIES, Map.of("shared_buffers", "64MB"));
        return EmbeddedPostgres.start(data.resolve("second"), options, line -> {});
    }

    private Map<String, String> environment() {
        return Map.of("SPOOLED_CELLS", "1=" + url(second.address()), "SPOOLED_WEBHOOK_ALLOW", "127.0.0.1");
    }

    /// A second server like it.
    TestNode another() {
        return TestNode.start(zero, data, environment());
    }

    static String url(DbAddress address) {
        return address.jdbcUrl()
                .replace("jdbc:postgresql://", "postgres://" + address.user() + ":" + address.password() + "@");
    }

    Map<Integer, DbAddress> addresses() {
        return Map.of(0, zero.address(), 1, second.address());
    }

    Tenant tenant(int cell) {
        return tenant(cell, "");
    }

    Tenant tenant(int cell, String more) {
        String slug = "org-" + UUID.randomUUID();
        HttpResponse<String> made = node.call(
                "",
                "POST",
                "/api/v1/admin/organizations",
                "{\"name\":\"Tenant\",\"slug\":\"" + slug + "\",\"cell\":" + cell + more + "}");
        assertThat(made.statusCode()).as(made.body()).isEqualTo(201);
        JsonNode body = JSON.readTree(made.body());
        return new Tenant(
                body.get("id").asString(), slug, body.get("api_key").get("key").asString());
    }

    HttpResponse<String> enqueue(Tenant tenant, String queue, String payload) {
        return node.post(tenant.key(), "/jobs", "{\"queue_name\":\"" + queue + "\",\"payload\":" + payload + "}");
    }

    JsonNode made(Tenant tenant, String queue, String payload) {
        HttpResponse<String> answer = enqueue(tenant, queue, payload);
        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(201);
        return JSON.readTree(answer.body());
    }

    JsonNode claim(Tenant tenant, String queue, int limit) {
        HttpResponse<String> answer = node.post(
                tenant.key(),
                "/jobs/claim",
                "{\"queue_name\":\"" + queue + "\",\"worker_id\":\"w-" + tenant.slug() + "\",\"limit\":" + limit + "}");
        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
        return JSON.readTree(answer.body()).get("jobs");
    }

    HttpResponse<String> complete(Tenant tenant, JsonNode job) {
        return node.post(
                tenant.key(),
                "/jobs/" + job.get("id").asString() + "/complete",
                "{\"worker_id\":\"w-" + tenant.slug() + "\",\"lease_id\":\""
                        + job.get("lease_id").asString() + "\",\"result\":{\"done\":true}}");
    }

    JsonNode job(Tenant tenant, String id) {
        return JSON.readTree(node.get(tenant.key(), "/api/v1/jobs/" + id).body());
    }

    /// Of cell 0 or 1, past every rule.
    long count(int cell, String query) {
        DbAddress address = cell == 0 ? zero.address() : second.address();
        try (Connection connection =
                        DriverManager.getConnection(address.jdbcUrl(), address.user(), address.password());
                Statement statement = connection.createStatement()) {
            statement.execute("set search_path = spooled");
            try (ResultSet row = statement.executeQuery(query)) {
                row.next();
                return row.getLong(1);
            }
        } catch (SQLException e) {
            throw new IllegalStateException(query, e);
        }
    }

    /// Jobs that a cell holds of a tenant, in any state.
    long jobs(int cell, Tenant tenant) {
        return count(cell, "select count(*) from job where org = " + number(tenant));
    }

    long number(Tenant tenant) {
        return count(0, "select id from organization where slug = '" + tenant.slug() + "'");
    }
}
