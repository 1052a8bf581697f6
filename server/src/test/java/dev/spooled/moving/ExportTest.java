package dev.spooled.moving;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.spooled.config.CannotStart;
import dev.spooled.db.Args;
import dev.spooled.db.Sql;
import dev.spooled.support.TestServer;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.StringReader;
import java.io.StringWriter;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// An organization goes from one server to another: its keys work there, its jobs are where they were and go on.
class ExportTest {
    private final TestServer old = new TestServer();
    private final TestServer other = new TestServer();
    private String key = "";
    private String slug = "";
    private String job = "";
    private String lease = "";
    private String workflow = "";

    @BeforeEach
    void live() {
        key = old.otherOrganization();
        slug = old.database
                .db()
                .asEngine(tx -> tx.list(
                        new Sql("slug", "select slug from organization order by id desc limit 1", List.of()),
                        Args.NONE,
                        row -> row.text("slug")))
                .getFirst();
        job = member(
                old.post(
                                key,
                                "/jobs",
                                "{\"queue_name\":\"emails\",\"payload\":{\"n\":12345678901234567890.50,\"s\":\"\\u00e9\\\"\"},"
                                        + "\"tags\":{\"a\":1.50},\"idempotency_key\":\"k\"}")
                        .body(),
                "id");
        lease = member(
                old.post(key, "/jobs/claim", "{\"queue_name\":\"emails\",\"worker_id\":\"w\",\"limit\":1}")
                        .body(),
                "lease_id");
        old.post(key, "/jobs", "{\"queue_name\":\"emails\",\"payload\":{},\"priority\":7}");
        workflow = member(
                old.post(
                                key,
                                "/workflows",
                                "{\"name\":\"f\",\"jobs\":[{\"key\":\"a\",\"queue_name\":\"steps\",\"payload\":{}},"
                                        + "{\"key\":\"b\",\"queue_name\":\"steps\",\"payload\":{},\"depends_on\":[\"a\"]}]}")
                        .body(),
                "workflow_id");
    }

    @AfterEach
    void close() {
        old.close();
        other.close();
    }

    @Test
    void whatItHadItHasInItsNewPlace() throws IOException {
        String file = exported();
        assertThat(imported(file)).isEqualTo(file.lines().count() - 2);
        for (String path : List.of(
                "/jobs/" + job,
                "/jobs?limit=50",
                "/jobs/stats",
                "/queues",
                "/workflows/" + workflow,
                "/workflows/" + workflow + "/jobs")) {
            assertThat(other.get(key, path).body())
                    .as(path)
                    .isEqualTo(old.get(key, path).body());
        }
    }

    @Test
    void itsWorkGoesOn() throws IOException {
        imported(exported());
        assertThat(other.post(key, "/jobs/" + job + "/complete", "{\"worker_id\":\"w\",\"lease_id\":\"" + lease + "\"}")
                        .statusCode())
                .isEqualTo(200);
        assertThat(other.post(key, "/jobs", "{\"queue_name\":\"emails\",\"payload\":{},\"idempotency_key\":\"k\"}")
                        .statusCode())
                .as("the idempotency key is its job's here too")
                .isEqualTo(200);
        String claimed = other.post(key, "/jobs/claim", "{\"queue_name\":\"steps\",\"worker_id\":\"w\",\"limit\":5}")
                .body();
        other.post(
                key,
                "/jobs/" + member(claimed, "id") + "/complete",
                "{\"worker_id\":\"w\",\"lease_id\":\"" + member(claimed, "lease_id") + "\"}");
        assertThat(other.post(key, "/jobs/claim", "{\"queue_name\":\"steps\",\"worker_id\":\"w\",\"limit\":5}")
                        .body())
                .as("the second step")
                .contains("lease_id");
    }

    @Test
    void itIsNotReadTwiceNorInPart() throws IOException {
        String file = exported();
        String cut = file.substring(0, file.lastIndexOf("{\"rows\""));
        assertThatThrownBy(() -> imported(cut)).isInstanceOf(CannotStart.class).hasMessageContaining("ends before");
        assertThatThrownBy(() -> imported(file.replaceFirst("\\{\"table\":\"job\".*\n", "")))
                .isInstanceOf(CannotStart.class);
        assertThatThrownBy(() -> imported("{}\n")).isInstanceOf(CannotStart.class);
        assertThatThrownBy(() -> imported("rubbish\n")).isInstanceOf(CannotStart.class);
        assertThat(other.get(key, "/jobs").statusCode()).isEqualTo(401);
        imported(file);
        assertThatThrownBy(() -> imported(file)).isInstanceOf(CannotStart.class).hasMessageContaining("already");
    }

    @Test
    void anUnknownOneIsSaid() {
        assertThatThrownBy(() -> new Export(Map.of(0, old.database.address())).write("nobody", new StringWriter()))
                .isInstanceOf(CannotStart.class)
                .hasMessageContaining("nobody");
    }

    private String exported() throws IOException {
        var out = new StringWriter();
        new Export(Map.of(0, old.database.address())).write(slug, out);
        return out.toString();
    }

    private long imported(String file) throws IOException {
        return new Import(other.database.address()).read(new BufferedReader(new StringReader(file)));
    }

    private static String member(String body, String name) {
        var found = Pattern.compile("\"" + name + "\":\"([^\"]+)\"").matcher(body);
        assertThat(found.find()).as(name + " in " + body).isTrue();
        return found.group(1);
    }
}
