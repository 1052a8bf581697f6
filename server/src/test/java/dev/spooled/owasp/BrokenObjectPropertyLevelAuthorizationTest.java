package dev.spooled.owasp;

import static dev.spooled.owasp.Wire.send;
import static dev.spooled.owasp.Wire.text;
import static org.assertj.core.api.Assertions.assertThat;

import dev.spooled.support.TestServer;
import java.net.http.HttpResponse;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.UUID;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// API3: members one may not write (everything that a read shows and a write does not describe, each tried with values
/// of every type) and members one may not read (secrets).
final class BrokenObjectPropertyLevelAuthorizationTest {
    private static final TestServer SERVER = new TestServer();
    private static final List<String> VALUES =
            List.of("\"evil\"", "77777", "true", "false", "null", "{\"evil\":1}", "[\"evil\"]");

    @AfterAll
    static void close() {
        SERVER.close();
    }

    /// What a write takes by another name.
    private static final Set<String> ALIASES = Set.of("id", "worker_id", "max_concurrent_jobs");

    /// How a kind of thing is made and changed; `id` is the member of the first answer that names it, or a name itself.
    private record Kind(String create, String body, String read, String update, String id) {
        /// What a read shows beyond what a write takes.
        Set<String> notWritable(Surface.Operation write) {
            var names = new TreeSet<>(Surface.operation("GET", read).answered("200"));
            names.removeAll(write.members());
            return names;
        }

        @Override
        public String toString() {
            return create;
        }
    }

    static Stream<Kind> kinds() {
        return Stream.of(
                new Kind("/jobs", "\"queue_name\":\"q\",\"payload\":{}", "/jobs/{id}", "", "id"),
                new Kind("/workers/register", "\"queue_name\":\"q\",\"hostname\":\"h\"", "/workers/{id}", "", "id"),
                new Kind(
                        "/schedules",
                        "\"name\":\"s\",\"queue_name\":\"q\",\"cron_expression\":\"0 0 1 1 *\",\"payload_template\":{}",
                        "/schedules/{id}",
                        "PUT /schedules/{id}",
                        "id"),
                new Kind(
                        "/workflows",
                        "\"name\":\"w\",\"jobs\":[{\"key\":\"a\",\"queue_name\":\"q\",\"payload\":{}}]",
                        "/workflows/{id}",
                        "",
                        "workflow_id"),
                new Kind(
                        "/outgoing-webhooks",
                        "\"name\":\"h\",\"url\":\"https://b.example/hook\",\"events\":[\"job.failed\"]",
                        "/outgoing-webhooks/{id}",
                        "PUT /outgoing-webhooks/{id}",
                        "id"),
                new Kind("/api-keys", "\"name\":\"k\"", "/api-keys/{id}", "PUT /api-keys/{id}", "id"));
    }

    @ParameterizedTest
    @MethodSource("kinds")
    void whatIsNotForWritingIsNotWritten(Kind kind) {
        Set<String> names = kind.notWritable(Surface.operation("POST", kind.create()));
        assertThat(names).as("names of " + kind).hasSizeGreaterThan(3);
        String plain = read(kind, made(kind, ""));
        for (String value : VALUES) {
            String id = made(kind, with(names, value));
            assertThat(read(kind, id)).as(kind + " with " + value).isEqualTo(plain);
            if (!kind.update().isEmpty()) {
                update(kind, id, value);
                assertThat(read(kind, id)).as(kind.update() + " with " + value).isEqualTo(plain);
            }
        }
    }

    private static void update(Kind kind, String id, String value) {
        String path = kind.update().substring("PUT ".length());
        Set<String> names = kind.notWritable(Surface.operation("PUT", path));
        var answer = SERVER.put(path.replace("{id}", id), "{\"evil\":1" + with(names, value) + "}");
        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
    }

    private static String with(Set<String> names, String value) {
        return names.stream()
                .filter(name -> !ALIASES.contains(name))
                .map(name -> ",\"" + name + "\":" + value)
                .collect(Collectors.joining());
    }

    private static String made(Kind kind, String more) {
        HttpResponse<String> answer = SERVER.post(kind.create(), "{" + kind.body() + more + "}");
        return text(answer, kind.id());
    }

    /// Without what differs each time by its nature.
    private static String read(Kind kind, String id) {
        return SERVER.get(kind.read().replace("{id}", id))
                .body()
                .replaceAll("[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", "ID")
                .replaceAll("\"20[0-9-]+T[0-9:.]+Z\"", "TIME")
                .replaceAll("sk_live_[A-Za-z0-9_-]{4}", "PREFIX");
    }

    /// What an organization may not say of itself: its plan, its limits, that it is the operator's.
    @Test
    void anOrganizationDoesNotRaiseItself() {
        String path = "/organizations/" + SERVER.organization;
        String before = SERVER.get(path).body().replaceAll("\"updated_at\":\"[^\"]*\"", "");
        Surface.Operation write = Surface.operation("PUT", "/organizations/{id}");
        var names =
                new TreeSet<>(Surface.operation("GET", "/organizations/{id}").answered("200"));
        names.addAll(Surface.operation("PATCH", "/admin/organizations/{id}").members());
        names.removeAll(write.members());
        assertThat(names).contains("plan_tier", "custom_limits", "is_active", "stripe_customer_id");
        for (String value : List.of("\"evil\"", "\"pro\"", "7", "true", "null", "{\"max_queues\":null}")) {
            var answer = SERVER.put(path, "{\"evil\":1" + with(names, value) + "}");
            assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
        }
        assertThat(SERVER.get(path).body().replaceAll("\"updated_at\":\"[^\"]*\"", ""))
                .isEqualTo(before);
    }

    /// Secrets go in, and come out only where they are made.
    @Test
    void secretsAreNotRead() {
        String by = SERVER.otherOrganization();
        var hook = SERVER.post(
                by,
                "/outgoing-webhooks",
                "{\"name\":\"h\",\"url\":\"https://b.example/hook\",\"events\":[\"job.failed\"],\"secret\":\"planted-hook-secret\"}");
        var key = SERVER.post(by, "/api-keys", "{\"name\":\"k\"}");
        SERVER.call(by, "PUT", "/incoming-webhooks/secrets/github", "{\"secret\":\"planted-provider-secret\"}");
        String job = text(
                SERVER.post(
                        by,
                        "/jobs",
                        "{\"queue_name\":\"q\",\"payload\":{},\"completion_webhook\":\"https://b.example/done\","
                                + "\"completion_webhook_secret\":\"planted-completion-secret\"}"),
                "id");
        String token = text(SERVER.get(by, "/organizations/webhook-token"), "webhook_token");
        List<String> secrets = List.of(
                "planted-",
                by,
                text(key, "key"),
                token,
                TestServer.ADMIN_KEY + "\"",
                TestServer.JWT_SECRET,
                "sealed",
                "_hash");
        for (var operation : Surface.operations()) {
            if (operation.reads() && !operation.isLive() && !operation.path().contains("webhook-token")) {
                for (String thing : List.of(
                        text(hook, "id"),
                        text(key, "id"),
                        job,
                        UUID.randomUUID().toString())) {
                    var answer = send(
                            SERVER,
                            "GET",
                            operation.at(thing),
                            "",
                            "Authorization",
                            "Bearer " + by,
                            "X-Admin-Key",
                            TestServer.ADMIN_KEY);
                    if (!operation.path().equals("/openapi.yaml")) {
                        assertThat(secrets).as(operation + ": " + answer.body()).noneMatch(answer.body()::contains);
                    }
                }
            }
        }
    }
}
