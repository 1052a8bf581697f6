package dev.spooled.owasp;

import static dev.spooled.owasp.GrpcSurface.metadata;
import static dev.spooled.owasp.Wire.send;
import static dev.spooled.owasp.Wire.text;
import static org.assertj.core.api.Assertions.assertThat;

import dev.spooled.support.TestServer;
import io.grpc.Status.Code;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;

/// API5: doing what is for others. That each route asks for its scope is walked by `RouteWalkTest`; here are ways
/// around the routes, gRPC, and keys that would widen themselves.
final class BrokenFunctionLevelAuthorizationTest {
    private static final TestServer SERVER = new TestServer();

    /// Of the changes those that change nothing.
    private static final Set<String> READING = Set.of("POST /api/v1/schedules/preview", "POST /api/v1/auth/logout");

    private static final Set<String> GRPC_READS = Set.of("GetJob", "GetQueueStats");

    @AfterAll
    static void close() {
        SERVER.close();
    }

    /// As openapi.yaml says of its keys: a GET needs the scope read, a change more.
    @Test
    void aKeyThatReadsChangesNothing() {
        String reads = Wire.key(SERVER, SERVER.key, ",\"scopes\":[\"read\"]");
        for (var operation : Surface.operations()) {
            if (operation.needsCaller() && !operation.reads() && !READING.contains(operation.toString())) {
                assertThat(send(SERVER, operation.method(), operation.at("x"), "{}", "Authorization", "Bearer " + reads)
                                .statusCode())
                        .as(operation.toString())
                        .isEqualTo(403);
            }
        }
        try (var grpc = new GrpcSurface(SERVER)) {
            for (var method : GrpcSurface.methods()) {
                if (!GRPC_READS.contains(method.getBareMethodName())) {
                    assertThat(grpc.call(method, metadata("x-api-key", reads)).getCode())
                            .as(method.getFullMethodName())
                            .isEqualTo(Code.PERMISSION_DENIED);
                }
            }
        }
    }

    /// The operator's routes by other spellings, other methods and headers that proxies heed.
    @Test
    void theOperatorsRoutesHaveNoSideDoor() {
        List<String> spellings = List.of(
                "/api/v1/admin/stats/",
                "/api/v1//admin/stats",
                "//api/v1/admin/stats",
                "/api/v1/admin/%73tats",
                "/api/v1/%61dmin/stats",
                "/api/v1/admin;x=y/stats",
                "/api/v1/Admin/stats",
                "/API/V1/ADMIN/STATS",
                "/api/v1/jobs/..%2fadmin/stats",
                "/api/v1/jobs/%2e%2e/admin/stats",
                "/api/v1/admin/stats%00",
                "/api/v1/admin/stats.json",
                "/api/v1/admin/stats%20");
        for (String path : spellings) {
            for (String method : List.of("GET", "POST", "HEAD")) {
                assertThat(send(SERVER, method, path, "", "Authorization", "Bearer " + SERVER.key)
                                .statusCode())
                        .as(method + " " + path)
                        .isIn(400, 401, 404, 405);
            }
        }
        for (String header : List.of("X-Original-URL", "X-Rewrite-URL", "X-Forwarded-Prefix")) {
            var answer = send(
                    SERVER,
                    "GET",
                    "/api/v1/queues",
                    "",
                    "Authorization",
                    "Bearer " + SERVER.key,
                    header,
                    "/api/v1/admin/stats");
            assertThat(answer.body()).isEqualTo("[]");
        }
        for (String header : List.of("X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override")) {
            String key = Wire.key(SERVER, SERVER.key, "");
            String id = SERVER.get(key, "/auth/me").body().replaceAll(".*\"api_key_id\":\"([^\"]*)\".*", "$1");
            send(
                    SERVER,
                    "GET",
                    "/api/v1/api-keys/" + id + "?_method=DELETE",
                    "",
                    "Authorization",
                    "Bearer " + key,
                    header,
                    "DELETE");
            assertThat(SERVER.get(key, "/auth/me").statusCode()).as(header).isEqualTo(200);
        }
    }

    /// Nobody gives away more than they have: neither a narrower scope nor a key for some queues.
    @Test
    void noKeyWidensItself() {
        List<String> narrow = List.of(",\"scopes\":[\"operate\"]", ",\"queues\":[\"mine\"]");
        for (String more : narrow) {
            String key = Wire.key(SERVER, SERVER.key, more);
            String id = text(SERVER.get(key, "/auth/me"), "api_key_id");
            String wide = "{\"name\":\"w\",\"queues\":[\"*\"],\"scopes\":[\"admin\"]}";
            for (String minted : List.of(wide, "{\"name\":\"w\"}")) {
                assertThat(SERVER.post(key, "/api-keys", minted).statusCode())
                        .as(more)
                        .isEqualTo(403);
            }
            for (String change : List.of(wide, "{\"queues\":[]}", "{\"queues\":[\"mine\",\"theirs\"]}")) {
                assertThat(SERVER.call(key, "PUT", "/api-keys/" + id, change).statusCode())
                        .as(more + " " + change)
                        .isEqualTo(403);
            }
            for (String path : List.of(
                    "/outgoing-webhooks",
                    "/organizations/webhook-token/regenerate",
                    "/organizations/" + SERVER.organization + "/members",
                    "/billing/portal")) {
                String body = "{\"name\":\"w\",\"url\":\"https://b.example\",\"events\":[\"job.created\"],"
                        + "\"email\":\"a@b.example\",\"role\":\"admin\",\"return_url\":\"x\"}";
                assertThat(SERVER.post(key, path, body).statusCode())
                        .as(more + " " + path)
                        .isEqualTo(403);
            }
            String access =
                    text(send(SERVER, "POST", "/api/v1/auth/login", "{\"api_key\":\"" + key + "\"}"), "access_token");
            assertThat(SERVER.post(access, "/api-keys", "{\"name\":\"w\"}").statusCode())
                    .isEqualTo(403);
        }
    }

    /// A key for some queues, where a queue is named inside a larger request.
    @Test
    void aQueueIsCheckedWhereverItIsNamed() {
        String key = Wire.key(SERVER, SERVER.key, ",\"queues\":[\"mine\"]");
        String theirs = "\"queue_name\":\"theirs\"";
        List<List<String>> asked = List.of(
                List.of("/jobs", "{" + theirs + ",\"payload\":{}}"),
                List.of("/jobs/bulk", "{" + theirs + ",\"jobs\":[{\"payload\":{}}]}"),
                List.of("/jobs/claim", "{" + theirs + ",\"worker_id\":\"w\"}"),
                List.of("/workers/register", "{" + theirs + ",\"hostname\":\"h\"}"),
                List.of(
                        "/schedules",
                        "{\"name\":\"s\",\"cron_expression\":\"0 0 1 1 *\",\"payload_template\":{}," + theirs + "}"),
                List.of(
                        "/workflows",
                        "{\"name\":\"w\",\"jobs\":[{\"key\":\"a\",\"queue_name\":\"mine\",\"payload\":{}},{\"key\":\"b\","
                                + theirs + ",\"payload\":{}}]}"),
                List.of("/queues", "{" + theirs + "}"));
        for (List<String> each : asked) {
            assertThat(SERVER.post(key, each.get(0), each.get(1)).statusCode())
                    .as(each.getFirst())
                    .isEqualTo(403);
        }
        var mixed = SERVER.post(
                key,
                "/jobs/bulk",
                "{\"queue_name\":\"mine\",\"jobs\":[{\"payload\":{}},{\"payload\":{}," + theirs + "}]}");
        assertThat(mixed.statusCode()).as(mixed.body()).isIn(200, 403);
        assertThat(SERVER.get("/jobs?queue_name=theirs").body()).isEqualTo("[]");
    }
}
