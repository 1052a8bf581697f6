package dev.spooled.admin;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spooled.access.Caller;
import dev.spooled.db.Args;
import dev.spooled.db.Sql;
import dev.spooled.support.TestServer;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;

/// What the operator does over HTTP.
final class AdminHttpTest {
    private static final TestServer SERVER = new TestServer();

    @AfterAll
    static void close() {
        SERVER.close();
    }

    private static HttpResponse<String> call(String method, String path, String json) {
        var body = json.isEmpty() ? BodyPublishers.noBody() : BodyPublishers.ofString(json);
        return SERVER.send(SERVER.to("/api/v1/admin" + path)
                .header("X-Admin-Key", TestServer.ADMIN_KEY)
                .header("Content-Type", "application/json")
                .method(method, body));
    }

    private static HttpResponse<String> create(String slug, String more) {
        return call("POST", "/organizations", "{\"name\":\"Org " + slug + "\",\"slug\":\"" + slug + "\"" + more + "}");
    }

    private static String text(String json, String name) {
        Matcher found = Pattern.compile("\"" + name + "\":\"([^\"]*)\"").matcher(json);
        assertThat(found.find()).as(name + " in " + json).isTrue();
        return found.group(1);
    }

    @Test
    void anOrganizationComesWithItsFirstKey() {
        HttpResponse<String> made = create("first-of-all", ",\"settings\":{\"a\":1},\"plan_tier\":\"free\"");
        assertThat(made.statusCode()).isEqualTo(201);
        assertThat(made.body())
                .contains(
                        "\"key\":\"sk_live_",
                        "\"slug\":\"first-of-all\"",
                        "\"plan_tier\":\"free\"",
                        "\"organization\":{");
        assertThat(create("first-of-all", "").statusCode()).isEqualTo(409);
        assertThat(create("bad-tier", ",\"plan_tier\":\"gold\"").statusCode()).isEqualTo(400);
    }

    /// jsonb has no place for such a number: it must be refused, not fail.
    @Test
    void settingsTheDatabaseCannotHoldAreRefused() {
        HttpResponse<String> refused = create("huge-number", ",\"settings\":{\"a\":1e100000}");
        assertThat(refused.statusCode()).isEqualTo(400);
        assertThat(refused.body()).contains("\"code\":\"VALIDATION_ERROR\"");
        assertThat(create("huge-limit", ",\"custom_limits\":{\"a\":1e100000}").statusCode())
                .isEqualTo(400);
        assertThat(create("low-limit", ",\"custom_limits\":{\"max_queues\":-1}").statusCode())
                .isEqualTo(400);
        assertThat(create("huge-number", "").statusCode()).isEqualTo(201);
    }

    @Test
    void everyCallNeedsTheKey() {
        for (String[] asked : new String[][] {
            {"GET", "/organizations"},
            {"POST", "/organizations"},
            {"GET", "/organizations/" + SERVER.organization},
            {"PATCH", "/organizations/" + SERVER.organization},
            {"PUT", "/organizations/" + SERVER.organization},
            {"DELETE", "/organizations/" + SERVER.organization},
            {"POST", "/organizations/" + SERVER.organization + "/api-keys"},
            {"POST", "/organizations/" + SERVER.organization + "/reset-usage"},
            {"GET", "/stats"},
            {"GET", "/plans"}
        }) {
            var without = SERVER.call(SERVER.key, asked[0], "/admin" + asked[1], "");
            assertThat(without.statusCode()).as(asked[0] + asked[1]).isEqualTo(401);
            assertThat(without.body()).contains("\"error\":\"missing_admin_key\"", "\"code\":\"UNAUTHORIZED\"");
            var wrong = SERVER.send(SERVER.to("/api/v1/admin" + asked[1])
                    .header("X-Admin-Key", SERVER.key)
                    .method(asked[0], BodyPublishers.noBody()));
            assertThat(wrong.body()).contains("\"error\":\"invalid_admin_key\"");
        }
        for (String path : List.of("", "/api-keys", "/reset-usage")) {
            String method = path.isEmpty() ? "GET" : "POST";
            String body = path.equals("/api-keys") ? "{\"name\":\"n\"}" : "";
            assertThat(call(method, "/organizations/" + UUID.randomUUID() + path, body)
                            .statusCode())
                    .isEqualTo(404);
            assertThat(call(method, "/organizations/nope" + path, body).statusCode())
                    .isEqualTo(404);
        }
    }

    @Test
    void theListIsSearchedSortedAndPaged() {
        for (String slug : List.of("list-bbb", "list-aaa", "list-c-c")) {
            create(slug, "");
        }
        String page = call("GET", "/organizations?search=LIST-&sort_by=slug&sort_order=asc&limit=2", "")
                .body();
        assertThat(page).contains("\"total\":3,\"limit\":2,\"offset\":0").containsSubsequence("list-aaa", "list-bbb");
        assertThat(page).doesNotContain("list-c-c").contains("\"usage\":{\"jobs_today\":0,\"active_jobs\":0");
        assertThat(call("GET", "/organizations?search=list-&sort_by=slug&sort_order=asc&limit=2&offset=2", "")
                        .body())
                .contains("list-c-c", "\"total\":3");
        assertThat(call("GET", "/organizations?search=list-&offset=9", "").body())
                .contains("\"organizations\":[]", "\"total\":3");
        assertThat(call("GET", "/organizations?search=list%25", "").body()).contains("\"total\":0");
        assertThat(call("GET", "/organizations?search=list_", "").body()).contains("\"total\":0");
        assertThat(call("GET", "/organizations?plan_tier=gold", "").body()).contains("\"total\":0");
        assertThat(call("GET", "/organizations?limit=1000&sort_by=nothing", "").body())
                .contains("\"limit\":100");
        assertThat(call("GET", "/organizations?limit=x", "").statusCode()).isEqualTo(400);
    }

    @Test
    void changesKeepClearAndReset() {
        String id =
                text(create("changes", ",\"billing_email\":\"a@example.com\"").body(), "id");
        for (String method : List.of("PATCH", "PUT")) {
            String changed = call(
                            method,
                            "/organizations/" + id,
                            "{\"plan_tier\":\"starter\",\"custom_limits\":{\"max_queues\":7},\"stripe_customer_id\":\"c\"}")
                    .body();
            assertThat(changed)
                    .contains("\"plan_tier\":\"starter\"", "\"billing_email\":\"a@example.com\"")
                    .contains("\"max_queues\": 7", "\"stripe_customer_id\":\"c\"", "\"max_queues\":7")
                    .contains("\"usage_info\":{\"plan\":\"starter\"", "\"total_jobs\":0", "\"api_keys_count\":1");
            String cleared = call(
                            method,
                            "/organizations/" + id,
                            "{\"custom_limits\":" + (method.equals("PUT") ? "{}" : "null")
                                    + ",\"stripe_customer_id\":null}")
                    .body();
            assertThat(cleared).contains("\"custom_limits\":null", "\"stripe_customer_id\":null");
        }
        assertThat(call("PATCH", "/organizations/" + id, "{\"billing_email\":null}")
                        .body())
                .contains("\"billing_email\":null");
        assertThat(call("PATCH", "/organizations/" + id, "{\"plan_tier\":\"gold\"}")
                        .statusCode())
                .isEqualTo(400);
        assertThat(call("PATCH", "/organizations/" + UUID.randomUUID(), "{}").statusCode())
                .isEqualTo(404);
    }

    @Test
    void aDeletionCanBeUndoneForSevenDays() {
        String made = create("undone", "").body();
        String key = text(made, "key");
        String path = "/organizations/" + text(made, "id");
        SERVER.post(key, "/jobs", "{\"queue_name\":\"a\",\"payload\":{}}");
        assertThat(call("DELETE", path, "").statusCode()).isEqualTo(204);
        assertThat(SERVER.get(key, "/auth/me").statusCode()).isEqualTo(401);
        assertThat(call("GET", path, "").body()).contains("\"is_active\":false", "\"deleted_at\":\"2026-");
        assertThat(create("undone", "").statusCode()).isEqualTo(409);
        assertThat(call("POST", path + "/api-keys", "{\"name\":\"n\"}").statusCode())
                .isEqualTo(404);
        assertThat(SERVER.purge.runOnce()).isFalse();
        assertThat(call("PATCH", path, "{\"is_active\":true}").body()).contains("\"is_active\":true");
        assertThat(SERVER.get(key, "/auth/me").statusCode()).isEqualTo(200);
        assertThat(call("PATCH", path, "{\"is_active\":false}").body()).contains("\"is_active\":false");
        assertThat(SERVER.get(key, "/auth/me").statusCode()).isEqualTo(401);
    }

    /// All that an organization had goes, nothing of others does, and the counters stay exact.
    @Test
    void aHardDeletionLeavesNothing() {
        try (var server = new TestServer()) {
            String other = server.otherOrganization();
            Caller gone = server.keys.caller(server.key).orElseThrow();
            for (String key : List.of(server.key, other)) {
                for (int i = 0; i < 3; i++) {
                    server.post(
                            key,
                            "/jobs",
                            "{\"queue_name\":\"a\",\"payload\":{},\"idempotency_key\":\"k" + i
                                    + "\",\"tags\":{\"t\":\"x\"}}");
                }
                server.post(
                        key,
                        "/jobs",
                        "{\"queue_name\":\"b\",\"payload\":{},\"scheduled_at\":\"2027-01-01T00:00:00Z\"}");
                server.post(key, "/jobs/claim", "{\"queue_name\":\"a\",\"worker_id\":\"w\"}");
                server.post(key, "/workers/register", "{\"queue_name\":\"a\",\"hostname\":\"h\",\"worker_id\":\"w\"}");
            }
            var deleted = server.send(server.to("/api/v1/admin/organizations/" + server.organization + "?hard=true")
                    .header("X-Admin-Key", TestServer.ADMIN_KEY)
                    .DELETE());
            assertThat(deleted.statusCode()).isEqualTo(204);
            server.clock.advance(Duration.ofMinutes(2));
            server.chores.all().forEach(chore -> {
                while (chore.runOnce()) {}
            });
            while (server.purge.runOnce()) {}
            server.chores.all().forEach(chore -> {
                while (chore.runOnce()) {}
            });
            for (String table : List.of(
                    "job",
                    "ready",
                    "scheduled",
                    "waiting",
                    "lease",
                    "done",
                    "idem",
                    "job_tag",
                    "job_by_queue",
                    "count",
                    "queue",
                    "worker",
                    "api_key",
                    "audit")) {
                assertThat(rows(server, table, gone.org())).as(table).isZero();
            }
            assertThat(rows(
                            server,
                            "job",
                            server.keys.caller(other).orElseThrow().org()))
                    .isEqualTo(4);
            assertThat(server.chores.drift()).isEmpty();
            var created = server.send(server.to("/api/v1/admin/organizations")
                    .header("X-Admin-Key", TestServer.ADMIN_KEY)
                    .header("Content-Type", "application/json")
                    .POST(BodyPublishers.ofString("{\"name\":\"Default\",\"slug\":\"default\"}")));
            assertThat(created.statusCode()).isEqualTo(201);
        }
    }

    private static int rows(TestServer server, String table, int org) {
        var sql = new Sql("rows", "select count(*)::int as n from " + table + " where org = ?", List.of("org"));
        return server.database
                .db()
                .readAsEngine(sql, Args.of("org", org), row -> row.integer("n"))
                .getFirst();
    }

    @Test
    void aKeyIsMintedAndUsageSetBack() {
        String made = create("keys-and-usage", "").body();
        String path = "/organizations/" + text(made, "id");
        var key = call("POST", path + "/api-keys", "{\"name\":\"second\",\"queues\":[\"a\"],\"rate_limit\":5}");
        assertThat(key.statusCode()).isEqualTo(201);
        assertThat(key.body()).contains("\"expires_at\":null", "\"name\":\"second\"");
        String raw = text(key.body(), "key");
        assertThat(SERVER.post(raw, "/jobs", "{\"queue_name\":\"a\",\"payload\":{}}")
                        .statusCode())
                .isEqualTo(201);
        assertThat(call("GET", path, "").body()).contains("\"usage\":{\"jobs_today\":1,\"active_jobs\":1");
        SERVER.clock.advance(Duration.ofSeconds(1));
        assertThat(call("POST", path + "/reset-usage", "").statusCode()).isEqualTo(204);
        assertThat(call("GET", path, "").body()).contains("\"usage\":{\"jobs_today\":0,\"active_jobs\":1");
    }

    @Test
    void statsAndPlans() {
        String stats = call("GET", "/stats", "").body();
        assertThat(stats)
                .contains("\"organizations\":{\"total\":", "\"by_plan\":[{\"plan\":\"", "\"api_version\":\"v1\"")
                .contains(
                        "\"total_organizations\":", "\"jobs_by_status\":{\"pending\":", "\"organizations_by_plan\":{");
        String plans = call("GET", "/plans", "").body();
        assertThat(plans)
                .startsWith("[{\"tier\":\"free\"")
                .contains("\"limits\":{\"tier\":\"free\"", "\"description\":\"Free plan\"");
        assertThat(new dev.spooled.orgs.Plans(false).of("free", null).cap(dev.spooled.orgs.Resource.WORKFLOWS))
                .isZero();
    }
}
