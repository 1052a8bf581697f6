package dev.spooled.orgs;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spooled.support.TestServer;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.util.List;
import java.util.UUID;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;

/// Organizations over HTTP, by themselves. Each test has one of its own.
final class OrgsHttpTest {
    private static final TestServer SERVER = new TestServer();

    @AfterAll
    static void close() {
        SERVER.close();
    }

    private final String key = SERVER.otherOrganization();
    private final String id = text(SERVER.get(key, "/auth/me").body(), "organization_id");

    private HttpResponse<String> call(String method, String path, String json) {
        return SERVER.call(key, method, "/organizations" + path, json);
    }

    private static HttpResponse<String> register(TestServer server, String slug) {
        return server.send(server.to("/api/v1/organizations")
                .header("Content-Type", "application/json")
                .POST(BodyPublishers.ofString("{\"name\":\"Org\",\"slug\":\"" + slug + "\"}")));
    }

    static String text(String json, String name) {
        Matcher found = Pattern.compile("\"" + name + "\":\"([^\"]*)\"").matcher(json);
        assertThat(found.find()).as(name + " in " + json).isTrue();
        return found.group(1);
    }

    @Test
    void registrationFollowsItsMode() {
        assertThat(register(SERVER, "closed-org").statusCode()).isEqualTo(403);
        try (var open = new TestServer(Registration.OPEN, null);
                var invite = new TestServer(Registration.INVITE, null)) {
            HttpResponse<String> made = register(open, "open-org");
            assertThat(made.statusCode()).isEqualTo(201);
            assertThat(made.body()).contains("\"key\":\"sk_live_", "\"name\":\"Initial Admin Key\"");
            assertThat(register(open, "open-org").statusCode()).isEqualTo(409);
            assertThat(register(invite, "invited").statusCode()).isEqualTo(403);
        }
    }

    @Test
    void anOrganizationSeesAndChangesItself() {
        assertThat(call("GET", "", "").body())
                .startsWith("[{\"id\":\"" + id + "\"")
                .doesNotContain("},{");
        String before = call("GET", "/" + id, "").body();
        assertThat(before)
                .contains("\"plan_tier\":\"enterprise\"", "\"settings\":{}")
                .doesNotContain("whk_");
        HttpResponse<String> changed = call(
                "PUT",
                "/" + id,
                "{\"name\":\" New name \",\"billing_email\":\"a@example.com\",\"settings\":{\"a\":1},\"logo_url\":\"x\"}");
        assertThat(changed.statusCode()).isEqualTo(200);
        assertThat(changed.body())
                .contains("\"name\":\"New name\"", "\"billing_email\":\"a@example.com\"")
                .contains("\"a\": 1", "\"logo_url\": \"x\"");
        assertThat(call("PUT", "/" + id, "{\"plan_tier\":\"free\",\"custom_limits\":{}}")
                        .body())
                .contains("\"plan_tier\":\"enterprise\"");
        for (String wrong : List.of(
                "{\"name\":\"x\"}",
                "{\"billing_email\":\"nobody\"}",
                "{\"settings\":{\"a\":\"" + "x".repeat(70_000) + "\"}}")) {
            assertThat(call("PUT", "/" + id, wrong).body()).contains("VALIDATION_ERROR");
        }
        assertThat(call("PUT", "/" + id, "{\"settings\":1}").statusCode()).isEqualTo(400);
    }

    @Test
    void strictLeasesHoldWithTheNextRequest() {
        SERVER.post(key, "/jobs", "{\"queue_name\":\"a\",\"payload\":{}}");
        String claimed = SERVER.post(key, "/jobs/claim", "{\"queue_name\":\"a\",\"worker_id\":\"w\"}")
                .body();
        call("PUT", "/" + id, "{\"strict_leases\":true}");
        assertThat(SERVER.post(key, "/jobs/" + text(claimed, "id") + "/complete", "{\"worker_id\":\"w\"}")
                        .statusCode())
                .isEqualTo(400);
    }

    @Test
    void othersAreUnknown() {
        String foreign = text(SERVER.get(SERVER.otherOrganization(), "/auth/me").body(), "organization_id");
        for (String unknown : List.of(foreign, UUID.randomUUID().toString())) {
            for (String[] asked : new String[][] {
                {"GET", ""},
                {"PUT", ""},
                {"DELETE", ""},
                {"GET", "/usage"},
                {"GET", "/members"},
                {"POST", "/members"},
                {"DELETE", "/members/" + UUID.randomUUID()},
                {"GET", "/webhook-token"},
                {"POST", "/webhook-token/regenerate"},
                {"DELETE", "/webhook-token"}
            }) {
                HttpResponse<String> answer = call(asked[0], "/" + unknown + asked[1], "");
                assertThat(answer.statusCode()).as(asked[0] + asked[1]).isEqualTo(404);
                assertThat(answer.body()).contains("There is no organization " + unknown);
            }
        }
        assertThat(call("GET", "/nope", "").statusCode()).isEqualTo(404);
    }

    @Test
    void deletingEndsAllKeysAtOnceButNotWhileInUse() {
        String token = SERVER.send(
                        SERVER.to("/api/v1/auth/login").POST(BodyPublishers.ofString("{\"api_key\":\"" + key + "\"}")))
                .body();
        String access = text(token, "access_token");
        assertThat(SERVER.get(access, "/auth/me").statusCode()).isEqualTo(200);
        String job = text(
                SERVER.post(key, "/jobs", "{\"queue_name\":\"a\",\"payload\":{}}")
                        .body(),
                "id");
        assertThat(call("DELETE", "/" + id, "").body()).contains("CONFLICT", "1 active_jobs");
        SERVER.call(key, "DELETE", "/jobs/" + job, "");
        SERVER.post(key, "/workers/register", "{\"queue_name\":\"a\",\"hostname\":\"h\",\"worker_id\":\"w1\"}");
        assertThat(call("DELETE", "/" + id, "").body()).contains("1 workers");
        SERVER.post(key, "/workers/w1/deregister", "");
        assertThat(call("DELETE", "/" + id, "").statusCode()).isEqualTo(204);
        assertThat(SERVER.get(key, "/auth/me").statusCode()).isEqualTo(401);
        assertThat(SERVER.get(access, "/auth/me").statusCode()).isEqualTo(401);
    }

    @Test
    void aRestrictedOrNarrowKeyChangesNothing() {
        String restricted = text(
                SERVER.post(key, "/api-keys", "{\"name\":\"n\",\"queues\":[\"a\"]}")
                        .body(),
                "key");
        String operating = text(
                SERVER.post(key, "/api-keys", "{\"name\":\"o\",\"scopes\":[\"operate\"]}")
                        .body(),
                "key");
        for (String narrow : List.of(restricted, operating)) {
            for (String[] asked : new String[][] {
                {"PUT", "/" + id, "{\"name\":\"Changed\"}"},
                {"DELETE", "/" + id, ""},
                {"POST", "/" + id + "/members", "{\"email\":\"a@example.com\",\"role\":\"admin\"}"},
                {"GET", "/webhook-token", ""},
                {"POST", "/webhook-token/regenerate", ""},
                {"POST", "/webhook-token/clear", ""}
            }) {
                assertThat(SERVER.call(narrow, asked[0], "/organizations" + asked[1], asked[2])
                                .statusCode())
                        .as(asked[0] + asked[1])
                        .isEqualTo(403);
            }
            assertThat(SERVER.get(narrow, "/organizations/" + id).statusCode()).isEqualTo(200);
        }
    }

    @Test
    void usageCountsWhatIsUsed() {
        SERVER.post(key, "/jobs", "{\"queue_name\":\"a\",\"payload\":{}}");
        SERVER.call(key, "PUT", "/queues/a/config", "{\"max_retries\":1}");
        String usage = call("GET", "/usage", "").body();
        assertThat(usage)
                .contains("\"plan\":\"enterprise\"", "\"max_jobs_per_day\":null", "\"rate_limit_burst\":2000000")
                .contains("\"jobs_today\":{\"current\":1,\"limit\":null,\"percentage\":null,\"is_disabled\":false}")
                .contains("\"active_jobs\":{\"current\":1", "\"queues\":{\"current\":1", "\"api_keys\":{\"current\":1")
                .contains("\"warnings\":[]");
        assertThat(call("GET", "/" + id + "/usage", "").body()).isEqualTo(usage);
    }

    @Test
    void membersAreKeysAndPeople() {
        String members = call("GET", "/" + id + "/members", "").body();
        assertThat(members).contains("\"name\":\"Initial Admin Key\"", "\"role\":\"owner\"", "\"invited_by\":null");
        String invite = "{\"email\":\"Friend@example.com\",\"role\":\"member\"}";
        HttpResponse<String> joined = call("POST", "/" + id + "/members", invite);
        assertThat(joined.statusCode()).isEqualTo(201);
        assertThat(joined.body()).contains("\"email\":\"friend@example.com\"", "\"role\":\"member\"");
        assertThat(call("POST", "/" + id + "/members", invite).statusCode()).isEqualTo(409);
        String person = "/" + id + "/members/" + text(joined.body(), "user_id");
        assertThat(call("DELETE", person, "").statusCode()).isEqualTo(204);
        assertThat(call("DELETE", person, "").statusCode()).isEqualTo(404);
        assertThat(call("DELETE", "/" + id + "/members/nope", "").statusCode()).isEqualTo(404);
        assertThat(call("POST", "/" + id + "/members", "{\"email\":\"a@b.co\",\"role\":\"owner\"}")
                        .statusCode())
                .isEqualTo(400);
        String second = SERVER.post(key, "/api-keys", "{\"name\":\"second\"}").body();
        assertThat(call("DELETE", "/" + id + "/members/" + text(second, "id"), "")
                        .statusCode())
                .isEqualTo(204);
        assertThat(SERVER.get(text(second, "key"), "/auth/me").statusCode()).isEqualTo(401);
    }

    @Test
    void slugsAreCheckedAndMade() {
        String slug = text(call("GET", "/" + id, "").body(), "slug");
        for (String path : List.of("/check-slug?slug=" + slug, "/check-slug/" + slug)) {
            String taken =
                    SERVER.send(SERVER.to("/api/v1/organizations" + path)).body();
            assertThat(taken)
                    .contains(
                            "\"available\":false", "\"valid\":true", "\"error\":\"taken\"", "\"suggestion\":\"" + slug);
        }
        assertThat(SERVER.send(SERVER.to("/api/v1/organizations/check-slug?slug=free-one"))
                        .body())
                .contains("\"available\":true", "\"error\":null", "\"suggestions\":[]");
        for (String wrong : List.of("", "a", "Ab", "a--b", "-ab", "api", "%00ab")) {
            String answer = SERVER.send(SERVER.to("/api/v1/organizations/check-slug?slug=" + wrong))
                    .body();
            assertThat(answer).as(wrong).containsAnyOf("\"valid\":false", "VALIDATION_ERROR");
        }
        assertThat(call("POST", "/generate-slug", "{\"name\":\"Müller & Söhne GmbH\"}")
                        .body())
                .isEqualTo("{\"slug\":\"muller-sohne-gmbh\"}");
        assertThat(call("POST", "/generate-slug", "{\"name\":\"API\"}").body()).contains("\"slug\":\"api-2\"");
        assertThat(call("POST", "/generate-slug", "{\"name\":\"日本\"}").body()).contains("\"slug\":\"org");
        assertThat(call("POST", "/generate-slug", "{}").statusCode()).isEqualTo(400);
    }

    @Test
    void theWebhookTokenIsShownRotatedAndCleared() {
        String first = call("GET", "/webhook-token", "").body();
        String token = text(first, "webhook_token");
        assertThat(token).startsWith("whk_").hasSizeGreaterThan(40);
        assertThat(first).contains("\"token\":\"" + token + "\"", "/api/v1/webhooks/" + id + "/custom\"");
        assertThat(call("GET", "/" + id + "/webhook-token", "").body()).isEqualTo(first);
        String second = text(call("POST", "/webhook-token/regenerate", "").body(), "token");
        assertThat(second).isNotEqualTo(token);
        assertThat(text(
                        call("POST", "/" + id + "/webhook-token/regenerate", "{}")
                                .body(),
                        "token"))
                .isNotEqualTo(second);
        assertThat(call("POST", "/webhook-token/clear", "{\"confirm\":false}").statusCode())
                .isEqualTo(400);
        assertThat(call("POST", "/webhook-token/clear", "").body()).contains("\"webhook_token\":null");
        assertThat(call("GET", "/webhook-token", "").body()).contains("\"token\":null");
        assertThat(call("DELETE", "/" + id + "/webhook-token", "").statusCode()).isEqualTo(200);
        assertThat(call("GET", "/" + id, "").body()).doesNotContain("whk_");
    }

    @Test
    void billingSaysItIsNotConfigured() {
        assertThat(SERVER.get(key, "/billing/status").body())
                .contains(
                        "\"plan_tier\":\"enterprise\"",
                        "\"has_stripe_customer\":false",
                        "\"billing_configured\":false");
        HttpResponse<String> portal = SERVER.post(key, "/billing/portal", "{\"return_url\":\"https://x\"}");
        assertThat(portal.statusCode()).isEqualTo(501);
        assertThat(portal.body()).contains("NOT_IMPLEMENTED");
        assertThat(SERVER.post(key, "/billing/portal", "").statusCode()).isEqualTo(400);
    }
}
