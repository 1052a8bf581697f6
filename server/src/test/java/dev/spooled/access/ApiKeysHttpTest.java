package dev.spooled.access;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spooled.support.TestServer;
import java.net.http.HttpResponse;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;

/// An organization's keys over HTTP, against a real server and database. Each test has an organization of its own.
final class ApiKeysHttpTest {
    private static final TestServer server = new TestServer();

    @AfterAll
    static void stop() {
        server.close();
    }

    private final String key = server.otherOrganization();

    private HttpResponse<String> call(String method, String path, String json) {
        return server.call(key, method, "/api-keys" + path, json);
    }

    private String create(String json) {
        var made = call("POST", "", json);
        assertThat(made.statusCode()).as(made.body()).isEqualTo(201);
        return made.body();
    }

    private static int status(String by) {
        return server.call(by, "GET", "/jobs/" + UUID.randomUUID(), "").statusCode();
    }

    private static String text(String json, String name) {
        Matcher found = Pattern.compile("\"" + name + "\":\"([^\"]*)\"").matcher(json);
        assertThat(found.find()).as(name + " in " + json).isTrue();
        return found.group(1);
    }

    @Test
    void aKeyIsShownOnceThenListedReadChangedAndRevoked() {
        String made = create("{\"name\":\"ci (main)\",\"queues\":[\"mail\",\"größe\"],\"rate_limit\":5}");
        String raw = text(made, "key");
        String id = text(made, "id");
        assertThat(raw).startsWith("sk_").hasSize(51);
        assertThat(made)
                .contains("\"name\":\"ci (main)\"", "\"queues\":[\"mail\",\"größe\"]", "\"rate_limit\":5")
                .contains("\"is_active\":true", "\"active\":true", "\"expires_at\":null", "\"last_used\":null")
                .contains("\"key_prefix\":\"" + raw.substring(0, 12) + "\"", "\"created_at\":\"2026-11-25T12:");
        assertThat(status(raw)).isEqualTo(404);
        var read = call("GET", "/" + id, "");
        assertThat(read.statusCode()).isEqualTo(200);
        assertThat(read.body()).doesNotContain(raw).contains("\"last_used\":\"2026-", "\"last_used_at\":\"2026-");
        var list = call("GET", "", "").body();
        assertThat(list).startsWith("[{").contains(id).contains("\"name\":\"Initial Admin Key\"");
        assertThat(list).doesNotContain(raw).doesNotContain("\"key\":");
        var changed =
                call("PUT", "/" + id, "{\"name\":\"ci\",\"rate_limit\":null}").body();
        assertThat(changed).contains("\"name\":\"ci\"", "\"rate_limit\":null", "\"queues\":[\"mail\",\"größe\"]");
        assertThat(call("PUT", "/" + id, "{}").body())
                .isEqualTo(call("GET", "/" + id, "").body());
        assertThat(call("DELETE", "/" + id, "").statusCode()).isEqualTo(204);
        assertThat(status(raw)).isEqualTo(401);
        assertThat(call("GET", "/" + id, "").body()).contains("\"is_active\":false");
        assertThat(call("DELETE", "/" + id, "").statusCode()).isEqualTo(204);
        assertThat(call("PUT", "/" + id, "{\"is_active\":true}").statusCode()).isEqualTo(200);
        assertThat(status(raw)).isEqualTo(404);
    }

    @Test
    void aChangedScopeHoldsAtOnce() {
        String made = create("{\"name\":\"narrow\",\"queues\":[\"a\"]}");
        String raw = text(made, "key");
        String enqueue = "{\"queue_name\":\"b\",\"payload\":1}";
        assertThat(server.call(raw, "POST", "/jobs", enqueue).statusCode()).isEqualTo(403);
        assertThat(call("PUT", "/" + text(made, "id"), "{\"queues\":[\"a\",\"b\"]}")
                        .statusCode())
                .isEqualTo(200);
        assertThat(server.call(raw, "POST", "/jobs", enqueue).statusCode()).isEqualTo(201);
        assertThat(call("PUT", "/" + text(made, "id"), "{\"queues\":[]}").body())
                .contains("\"queues\":[\"*\"]");
    }

    @Test
    void noRequestAfterARevocationPasses() throws Exception {
        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            for (int round = 0; round < 20; round++) {
                String made = create("{\"name\":\"brief\"}");
                String raw = text(made, "key");
                Callable<Integer> use = () -> status(raw);
                var uses = threads.invokeAll(List.of(use));
                var during = List.of(threads.submit(use), threads.submit(use), threads.submit(use));
                assertThat(call("DELETE", "/" + text(made, "id"), "").statusCode())
                        .isEqualTo(204);
                assertThat(status(raw)).isEqualTo(401);
                assertThat(uses.getFirst().get()).isEqualTo(404);
                for (var one : during) {
                    assertThat(one.get()).isIn(401, 404);
                }
                assertThat(status(raw)).isEqualTo(401);
            }
        }
    }

    @Test
    void aRestrictedKeyReachesNoFurtherThanItself() {
        String wide = text(call("GET", "", "").body(), "id");
        String same = text(create("{\"name\":\"same\",\"queues\":[\"a\"]}"), "id");
        String narrow = text(create("{\"name\":\"narrow\",\"queues\":[\"a\",\"b\"]}"), "key");
        assertThat(server.call(narrow, "GET", "/api-keys", "").body())
                .contains("\"name\":\"same\"", "\"name\":\"narrow\"")
                .doesNotContain("Initial");
        assertThat(server.call(narrow, "GET", "/api-keys/" + wide, "").statusCode())
                .isEqualTo(403);
        for (String queues : new String[] {"", ",\"queues\":[]", ",\"queues\":[\"*\"]", ",\"queues\":[\"a\",\"c\"]"}) {
            assertThat(server.call(narrow, "POST", "/api-keys", "{\"name\":\"x\"" + queues + "}")
                            .body())
                    .contains("ACCESS_DENIED");
        }
        assertThat(server.call(narrow, "POST", "/api-keys", "{\"name\":\"x\",\"queues\":[\"b\"]}")
                        .statusCode())
                .isEqualTo(201);
        assertThat(server.call(narrow, "PUT", "/api-keys/" + same, "{\"queues\":[\"*\"]}")
                        .statusCode())
                .isEqualTo(403);
        assertThat(server.call(narrow, "PUT", "/api-keys/" + same, "{\"queues\":[\"b\"]}")
                        .statusCode())
                .isEqualTo(200);
        assertThat(server.call(narrow, "PUT", "/api-keys/" + wide, "{\"name\":\"x\"}")
                        .statusCode())
                .isEqualTo(403);
        assertThat(server.call(narrow, "DELETE", "/api-keys/" + wide, "").statusCode())
                .isEqualTo(403);
        assertThat(server.call(narrow, "DELETE", "/api-keys/" + same, "").statusCode())
                .isEqualTo(204);
    }

    @Test
    void theLastKeyForAllQueuesStays() {
        String first = text(call("GET", "", "").body(), "id");
        create("{\"name\":\"narrow\",\"queues\":[\"a\"]}");
        assertThat(call("DELETE", "/" + first, "").body()).contains("CONFLICT");
        assertThat(call("PUT", "/" + first, "{\"is_active\":false}").statusCode())
                .isEqualTo(409);
        assertThat(call("PUT", "/" + first, "{\"queues\":[\"a\"]}").statusCode())
                .isEqualTo(409);
        assertThat(call("PUT", "/" + first, "{\"name\":\"root\"}").statusCode()).isEqualTo(200);
        create("{\"name\":\"second\"}");
        assertThat(call("DELETE", "/" + first, "").statusCode()).isEqualTo(204);
        assertThat(status(key)).isEqualTo(401);
    }

    @Test
    void keysOfOthersAreUnknown() {
        String other = server.otherOrganization();
        String id = text(create("{\"name\":\"mine\"}"), "id");
        for (String method : new String[] {"GET", "PUT", "DELETE"}) {
            for (String unknown : new String[] {id, UUID.randomUUID().toString(), "nope"}) {
                var answer = server.call(other, method, "/api-keys/" + unknown, method.equals("PUT") ? "{}" : "");
                assertThat(answer.statusCode()).isEqualTo(404);
                assertThat(answer.body()).contains("\"message\":\"API key not found: " + unknown + "\"");
            }
        }
        assertThat(server.call(other, "GET", "/api-keys", "").body()).doesNotContain(id);
    }

    @Test
    void badRequestsSayWhatIsWrong() {
        for (String body : new String[] {"", "null", "[]", "{}", "{\"name\":1}", "{\"name\":\"x\",\"queues\":[1]}"}) {
            assertThat(call("POST", "", body).body()).as(body).contains("INVALID_JSON");
        }
        String many = "\"a\",".repeat(51);
        for (String body : new String[] {
            "{\"name\":\"\"}",
            "{\"name\":\"a/b\"}",
            "{\"name\":\"x\",\"queues\":[\"\"]}",
            "{\"name\":\"x\",\"queues\":[\"a b\"]}",
            "{\"name\":\"x\",\"queues\":[" + many.substring(0, many.length() - 1) + "]}",
            "{\"name\":\"x\",\"rate_limit\":0}",
            "{\"name\":\"x\",\"rate_limit\":10001}",
            "{\"name\":\"x\",\"expires_at\":\"2026-11-25T11:59:59Z\"}",
            "{\"name\":\"x\",\"expires_at\":\"soon\"}"
        }) {
            assertThat(call("POST", "", body).body()).as(body).contains("VALIDATION_ERROR");
        }
        assertThat(call("POST", "", "{\"name\":\"x\",\"expires_at\":\"2027-01-01T00:00:00+02:00\"}")
                        .body())
                .contains("\"expires_at\":\"2026-12-31T22:00:00.000000Z\"");
        assertThat(call("GET", "?limit=x", "").statusCode()).isEqualTo(400);
        assertThat(call("GET", "?limit=0&offset=-5", "").body())
                .startsWith("[{")
                .doesNotContain("},{");
        assertThat(call("GET", "?limit=99999999999999999999", "").statusCode()).isEqualTo(200);
    }
}
