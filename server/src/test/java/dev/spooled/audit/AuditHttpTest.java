package dev.spooled.audit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spooled.support.TestServer;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;

/// What is in the audit log, and who may read it.
final class AuditHttpTest {
    private static final TestServer SERVER = new TestServer();

    @AfterAll
    static void close() {
        SERVER.close();
    }

    private final String key = SERVER.otherOrganization();
    private final String me = SERVER.get(key, "/auth/me").body();

    private static String text(String json, String name) {
        Matcher found = Pattern.compile("\"" + name + "\":\"([^\"]*)\"").matcher(json);
        assertThat(found.find()).as(name + " in " + json).isTrue();
        return found.group(1);
    }

    private HttpResponse<String> audit(String query) {
        return SERVER.get(key, "/audit" + query);
    }

    @Test
    void changesAreKeptWithWhoWhatAndResult() {
        String made = SERVER.post(key, "/api-keys", "{\"name\":\"n\"}").body();
        SERVER.post(key, "/api-keys", "{\"name\":\"\"}");
        SERVER.call(key, "DELETE", "/api-keys/" + text(made, "id"), "");
        SERVER.post(key, "/queues/a/pause", "");
        assertThat(audit("").body())
                .startsWith("[{")
                .contains("\"actor\":\"key:" + text(me, "api_key_id") + "\"", "\"origin\":\"127.0.0.1\"")
                .containsSubsequence(
                        "\"action\":\"POST /api/v1/queues/{name}/pause\",\"target\":\"/api/v1/queues/a/pause\"",
                        "\"action\":\"DELETE /api/v1/api-keys/{id}\",\"target\":\"/api/v1/api-keys/" + text(made, "id"),
                        "\"result\":\"refused\",\"status\":400",
                        "\"action\":\"POST /api/v1/api-keys\"",
                        "\"result\":\"success\",\"status\":201");
    }

    /// A path with a character that PostgreSQL does not take is written down all the same.
    @Test
    void aRefusedPathWithZeroIsKept() {
        assertThat(SERVER.post(key, "/queues/a%00/pause", "").statusCode()).isEqualTo(400);
        assertThat(audit("").body()).contains("/queues/a\uFFFD/pause", "\"status\":400");
    }

    @Test
    void readingAndDailyTrafficIsNot() {
        SERVER.get(key, "/jobs");
        SERVER.post(key, "/jobs", "{\"queue_name\":\"a\",\"payload\":{}}");
        SERVER.post(key, "/jobs/claim", "{\"queue_name\":\"a\",\"worker_id\":\"w\"}");
        assertThat(audit("").body()).isEqualTo("[]");
    }

    @Test
    void whatTheOperatorDoesToItIsTold() {
        String path = "/api/v1/admin/organizations/" + text(me, "organization_id");
        SERVER.send(SERVER.to(path)
                .header("X-Admin-Key", TestServer.ADMIN_KEY)
                .header("Content-Type", "application/json")
                .method("PATCH", BodyPublishers.ofString("{\"name\":\"Renamed\"}")));
        assertThat(audit("?actor=operator").body())
                .contains("\"action\":\"PATCH /api/v1/admin/organizations/{id}\"", "\"target\":\"" + path + "\"");
        assertThat(SERVER.get(SERVER.otherOrganization(), "/audit").body()).isEqualTo("[]");
        SERVER.send(SERVER.to("/api/v1/admin/organizations")
                .header("X-Admin-Key", TestServer.ADMIN_KEY)
                .header("Content-Type", "application/json")
                .POST(BodyPublishers.ofString("{\"name\":\"x\",\"slug\":\"y\"}")));
        assertThat(SERVER.send(SERVER.to("/api/v1/admin/audit").header("X-Admin-Key", TestServer.ADMIN_KEY))
                        .body())
                .contains("\"action\":\"POST /api/v1/admin/organizations\"", "\"status\":400")
                .doesNotContain(path);
    }

    @Test
    void filtersAndCursor() {
        for (int i = 0; i < 5; i++) {
            SERVER.post(key, "/queues/q" + i + "/pause", "");
            SERVER.clock.advance(Duration.ofSeconds(1));
        }
        SERVER.post(key, "/api-keys", "{}");
        HttpResponse<String> first = audit("?limit=2&result=success");
        assertThat(first.body())
                .containsSubsequence("/queues/q4/pause", "/queues/q3/pause")
                .doesNotContain("q2");
        String cursor = first.headers().firstValue("X-Next-Cursor").orElseThrow();
        assertThat(audit("?limit=2&result=success&cursor=" + cursor).body())
                .containsSubsequence("/queues/q2/pause", "/queues/q1/pause")
                .doesNotContain("q0", "q3");
        assertThat(audit("?target=/api/v1/queues/q3/pause").body())
                .contains("q3")
                .doesNotContain("q2");
        assertThat(audit("?action=POST%20/api/v1/api-keys").body())
                .contains("\"result\":\"refused\"")
                .doesNotContain("pause");
        assertThat(audit("?result=failed").body()).isEqualTo("[]");
        String at = text(audit("?target=/api/v1/queues/q3/pause").body(), "at");
        assertThat(audit("?since=" + at + "&until=" + at).body()).isEqualTo("[]");
        assertThat(audit("?since=" + at).body()).contains("q3", "q4").doesNotContain("q2");
        for (String wrong : List.of("?result=x", "?since=x", "?cursor=x", "?limit=x", "?actor=%00")) {
            assertThat(audit(wrong).statusCode()).as(wrong).isEqualTo(400);
        }
    }

    @Test
    void onlyAdministratorsOfEverythingReadIt() {
        for (String narrow : List.of("\"queues\":[\"a\"]", "\"scopes\":[\"operate\"]", "\"scopes\":[\"read\"]")) {
            String made = SERVER.post(key, "/api-keys", "{\"name\":\"n\"," + narrow + "}")
                    .body();
            assertThat(SERVER.get(text(made, "key"), "/audit").statusCode()).isEqualTo(403);
        }
    }

    @Test
    void scopesHoldPerRoute() {
        String reader = text(
                SERVER.post(key, "/api-keys", "{\"name\":\"r\",\"scopes\":[\"read\"]}")
                        .body(),
                "key");
        String operator = text(
                SERVER.post(key, "/api-keys", "{\"name\":\"o\",\"scopes\":[\"read\",\"operate\"]}")
                        .body(),
                "key");
        String enqueue = "{\"queue_name\":\"a\",\"payload\":{}}";
        assertThat(SERVER.get(reader, "/jobs").statusCode()).isEqualTo(200);
        assertThat(SERVER.post(reader, "/jobs", enqueue).statusCode()).isEqualTo(403);
        assertThat(SERVER.post(reader, "/queues/a/pause", "").body()).contains("ACCESS_DENIED");
        assertThat(SERVER.post(operator, "/jobs", enqueue).statusCode()).isEqualTo(201);
        assertThat(SERVER.post(operator, "/queues/a/pause", "").statusCode()).isEqualTo(200);
        assertThat(SERVER.post(operator, "/api-keys", "{\"name\":\"x\",\"scopes\":[\"read\"]}")
                        .statusCode())
                .isEqualTo(403);
        assertThat(SERVER.post(key, "/api-keys", "{\"name\":\"x\",\"scopes\":[\"all\"]}")
                        .statusCode())
                .isEqualTo(400);
    }
}
