package dev.spooled;

import static org.assertj.core.api.Assertions.assertThat;

import com.nimbusds.jose.JOSEObjectType;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.crypto.MACSigner;
import com.nimbusds.jwt.SignedJWT;
import dev.spooled.support.TestServer;
import java.io.IOException;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.UUID;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/// Walks every operation of contract/openapi.yaml as an attacker: a second organization, and every kind of credential
/// that is none. A new operation fails here until it has its line below, which says what protects it.
final class RouteWalkTest {
    private enum Kind {
        /// For anybody.
        OPEN,
        /// For the operator.
        ADMIN,
        /// About the caller's own things, without naming one.
        OWN,
        /// About one thing by its id: that of another is unknown.
        THING,
        /// About a queue, whose names each organization has for itself.
        QUEUE,
        /// Live events, which do not end by themselves: what they show is tested where they are. They alone take a
        /// credential from the address.
        LIVE
    }

    /// Kind, the scope it needs, the operation, and a body that would do.
    private static final String KNOWN = """
            OWN   read    GET    /api/v1/jobs
            OWN   operate POST   /api/v1/jobs                    {"queue_name":"b","payload":{}}
            OWN   operate POST   /api/v1/jobs/bulk               {"queue_name":"b","jobs":[{"payload":{}}]}
            OWN   operate POST   /api/v1/jobs/claim              {"queue_name":"secret-of-a","worker_id":"w"}
            OWN   read    GET    /api/v1/jobs/stats
            OWN   read    GET    /api/v1/jobs/status
            OWN   read    GET    /api/v1/jobs/dlq
            OWN   operate POST   /api/v1/jobs/dlq/retry          {"queue_name":"secret-of-a"}
            OWN   operate POST   /api/v1/jobs/dlq/purge          {"queue_name":"secret-of-a","confirm":true}
            THING read    GET    /api/v1/jobs/{id}
            THING operate DELETE /api/v1/jobs/{id}
            THING read    GET    /api/v1/jobs/{id}/attempts
            THING operate POST   /api/v1/jobs/{id}/complete      {"worker_id":"secret-worker"}
            THING operate POST   /api/v1/jobs/{id}/fail          {"worker_id":"secret-worker","error":"e"}
            THING operate POST   /api/v1/jobs/{id}/heartbeat     {"worker_id":"secret-worker"}
            THING operate POST   /api/v1/jobs/{id}/retry
            THING operate PUT    /api/v1/jobs/{id}/priority      {"priority":1}
            THING operate POST   /api/v1/jobs/{id}/progress      {"worker_id":"secret-worker","progress":1}
            THING read    GET    /api/v1/jobs/{id}/dependencies
            THING operate POST   /api/v1/jobs/{id}/dependencies {"depends_on":["01a21441-98c8-706e-9034-a5ccf5330056"]}
            THING operate POST   /api/v1/jobs/{id}/signal
            OWN   read    GET    /api/v1/workflows
            OWN   operate POST   /api/v1/workflows            {"name":"b","jobs":[{"key":"a","queue_name":"b","payload":{}}]}
            THING read    GET    /api/v1/workflows/{id}
            THING operate DELETE /api/v1/workflows/{id}
            THING operate POST   /api/v1/workflows/{id}/cancel
            THING operate POST   /api/v1/workflows/{id}/retry
            THING read    GET    /api/v1/workflows/{id}/jobs
            THING read    GET    /api/v1/workflows/{id}/jobs/status
            THING read    GET    /api/v1/workflows/{id}/jobs/{job}
            OWN   read    GET    /api/v1/schedules
            OWN   operate POST   /api/v1/schedules            {"name":"b","queue_name":"b","cron_expression":"0 0 1 1 *","payload_template":{}}
            OWN   read    POST   /api/v1/schedules/preview    {"cron_expression":"0 0 1 1 *"}
            THING read    GET    /api/v1/schedules/{id}
            THING operate PUT    /api/v1/schedules/{id}       {"name":"stolen"}
            THING operate DELETE /api/v1/schedules/{id}
            THING operate POST   /api/v1/schedules/{id}/pause
            THING operate POST   /api/v1/schedules/{id}/resume
            THING operate POST   /api/v1/schedules/{id}/trigger
            THING read    GET    /api/v1/schedules/{id}/history
            LIVE  read    GET    /api/v1/ws
            LIVE  read    GET    /api/v1/events
            LIVE  read    GET    /api/v1/events/jobs/{id}
            LIVE  read    GET    /api/v1/events/queues/{name}
            OWN   read    GET    /api/v1/outgoing-webhooks
            OWN   admin   POST   /api/v1/outgoing-webhooks    {"name":"b","url":"https://b.example/hook","events":["job.failed"]}
            THING read    GET    /api/v1/outgoing-webhooks/{id}
            THING admin   PUT    /api/v1/outgoing-webhooks/{id}  {"name":"stolen"}
            THING admin   DELETE /api/v1/outgoing-webhooks/{id}
            THING admin   POST   /api/v1/outgoing-webhooks/{id}/test
            THING admin   POST   /api/v1/outgoing-webhooks/{id}/rotate-secret
            THING admin   POST   /api/v1/outgoing-webhooks/{id}/recover  {"since":"2026-01-01T00:00:00Z"}
            THING read    GET    /api/v1/outgoing-webhooks/{id}/deliveries
            THING admin   POST   /api/v1/outgoing-webhooks/{id}/deliveries/{delivery_id}/retry
            THING admin   POST   /api/v1/outgoing-webhooks/{id}/retry/{delivery_id}
            OPEN  -       GET    /health
            OPEN  -       GET    /health/live
            OPEN  -       GET    /health/ready
            OPEN  -       GET    /metrics
            OPEN  -       GET    /openapi.yaml
            OWN   read    GET    /api/v1/queues
            OWN   operate POST   /api/v1/queues                  {"queue_name":"made-by-b"}
            QUEUE read    GET    /api/v1/queues/{name}
            QUEUE operate DELETE /api/v1/queues/{name}
            QUEUE read    GET    /api/v1/queues/{name}/stats
            QUEUE operate POST   /api/v1/queues/{name}/purge     {"confirm":true}
            QUEUE operate POST   /api/v1/queues/{name}/resume
            QUEUE operate PUT    /api/v1/queues/{name}           {"max_retries":1}
            QUEUE operate PATCH  /api/v1/queues/{name}           {"max_retries":1}
            QUEUE operate PUT    /api/v1/queues/{name}/config    {"max_retries":1}
            QUEUE operate POST   /api/v1/queues/{name}/pause
            OWN   read    GET    /api/v1/workers
            OWN   operate POST   /api/v1/workers/register        {"queue_name":"b","hostname":"h"}
            THING read    GET    /api/v1/workers/{id}
            THING operate DELETE /api/v1/workers/{id}
            THING operate POST   /api/v1/workers/{id}/heartbeat
            THING operate POST   /api/v1/workers/{id}/deregister
            OWN   read    GET    /api/v1/api-keys
            OWN   admin   POST   /api/v1/api-keys                {"name":"of b"}
            THING read    GET    /api/v1/api-keys/{id}
            THING admin   PUT    /api/v1/api-keys/{id}           {"name":"stolen"}
            THING admin   DELETE /api/v1/api-keys/{id}
            OPEN  -       POST   /api/v1/auth/login
            OPEN  -       POST   /api/v1/auth/refresh
            OPEN  -       POST   /api/v1/auth/validate
            OWN   read    GET    /api/v1/auth/me
            OWN   read    POST   /api/v1/auth/logout
            OPEN  -       POST   /api/v1/auth/email/start
            OPEN  -       POST   /api/v1/auth/email/verify
            OPEN  -       POST   /api/v1/auth/signup/complete
            OPEN  -       GET    /api/v1/auth/check-email
            OPEN  -       GET    /api/v1/auth/email/check
            OPEN  -       POST   /api/v1/auth/email/check
            OWN   read    GET    /api/v1/organizations
            OPEN  -       POST   /api/v1/organizations
            OWN   read    GET    /api/v1/organizations/usage
            OPEN  -       GET    /api/v1/organizations/check-slug
            OPEN  -       GET    /api/v1/organizations/check-slug/{slug}
            OPEN  -       POST   /api/v1/organizations/generate-slug
            OWN   admin   GET    /api/v1/organizations/webhook-token
            OWN   admin   POST   /api/v1/organizations/webhook-token/regenerate
            OWN   admin   POST   /api/v1/organizations/webhook-token/clear
            THING read    GET    /api/v1/organizations/{id}
            THING admin   PUT    /api/v1/organizations/{id}      {"name":"Stolen"}
            THING admin   DELETE /api/v1/organizations/{id}
            THING read    GET    /api/v1/organizations/{id}/usage
            THING read    GET    /api/v1/organizations/{id}/members
            THING admin   POST   /api/v1/organizations/{id}/members   {"email":"b@example.com","role":"admin"}
            THING admin   DELETE /api/v1/organizations/{id}/members/{user_id}
            THING admin   GET    /api/v1/organizations/{id}/webhook-token
            THING admin   DELETE /api/v1/organizations/{id}/webhook-token
            THING admin   POST   /api/v1/organizations/{id}/webhook-token/regenerate
            OWN   read    GET    /api/v1/billing/status
            OWN   admin   POST   /api/v1/billing/portal          {"return_url":"x"}
            OWN   read    GET    /api/v1/dashboard
            OWN   read    GET    /api/v1/metrics
            OWN   read    GET    /api/v1/metrics/prometheus
            OPEN  -       POST   /api/v1/webhooks/{org}/custom     {"queue_name":"b","payload":{}}
            OPEN  -       POST   /api/v1/webhooks/{org}/github     {}
            OPEN  -       POST   /api/v1/webhooks/{org}/stripe     {}
            OPEN  -       POST   /api/v1/webhooks/{org}/shopify    {}
            OWN   read    GET    /api/v1/incoming-webhooks
            OWN   admin   GET    /api/v1/incoming-webhooks/secrets
            OWN   admin   PUT    /api/v1/incoming-webhooks/secrets/{provider}   {"secret":"eight-or-more"}
            OWN   admin   DELETE /api/v1/incoming-webhooks/secrets/{provider}
            OWN   admin   GET    /api/v1/audit
            ADMIN -       GET    /api/v1/admin/organizations
            ADMIN -       POST   /api/v1/admin/organizations
            ADMIN -       GET    /api/v1/admin/organizations/{id}
            ADMIN -       PATCH  /api/v1/admin/organizations/{id}
            ADMIN -       PUT    /api/v1/admin/organizations/{id}
            ADMIN -       DELETE /api/v1/admin/organizations/{id}
            ADMIN -       POST   /api/v1/admin/organizations/{id}/api-keys
            ADMIN -       POST   /api/v1/admin/organizations/{id}/reset-usage
            ADMIN -       GET    /api/v1/admin/audit
            ADMIN -       GET    /api/v1/admin/stats
            ADMIN -       GET    /api/v1/admin/plans
            """;

    private static final Pattern LINE = Pattern.compile("(\\w+) +(\\S+) +(\\w+) +(\\S+) *(.*)");
    private static final Pattern OPERATION = Pattern.compile("(?m)^  (/\\S*):$|^    (get|post|put|patch|delete):$");
    private static final Pattern UUID_TEXT =
            Pattern.compile("[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}");

    private record Route(Kind kind, String scope, String method, String path, String body) {
        String operation() {
            return method + " " + path;
        }

        boolean needsCaller() {
            return kind != Kind.OPEN && kind != Kind.ADMIN;
        }
    }

    private static final TestServer SERVER = new TestServer();
    private static final List<Route> ROUTES = routes();
    private static final Map<String, String> THINGS = new LinkedHashMap<>();
    private static final List<String> SECRETS = new ArrayList<>();
    private static String victim = "";

    /// The first organization, with one of everything.
    @BeforeAll
    static void furnish() {
        victim = SERVER.otherOrganization();
        SERVER.post(victim, "/jobs", "{\"queue_name\":\"dead-of-a\",\"payload\":{},\"max_retries\":0}");
        String dead = SERVER.post(
                        victim, "/jobs/claim", "{\"queue_name\":\"dead-of-a\",\"worker_id\":\"secret-worker\"}")
                .body();
        SERVER.post(victim, "/jobs/" + text(dead, "id") + "/fail", "{\"worker_id\":\"secret-worker\",\"error\":\"e\"}");
        SERVER.call(victim, "PUT", "/queues/secret-of-a/config", "{\"max_retries\":9}");
        SERVER.post(
                victim,
                "/workers/register",
                "{\"queue_name\":\"secret-of-a\",\"hostname\":\"secret-host\",\"worker_id\":\"secret-worker\"}");
        String organization = text(SERVER.get(victim, "/auth/me").body(), "organization_id");
        SERVER.post(
                victim,
                "/organizations/" + organization + "/members",
                "{\"email\":\"secret@example.com\",\"role\":\"admin\"}");
        THINGS.put(
                "/api/v1/jobs/",
                text(
                        SERVER.post(
                                        victim,
                                        "/jobs",
                                        "{\"queue_name\":\"secret-of-a\",\"payload\":{\"x\":\"secret-x\"}}")
                                .body(),
                        "id"));
        THINGS.put("/api/v1/events/jobs/", thing("/api/v1/jobs/"));
        THINGS.put("/api/v1/workers/", "secret-worker");
        THINGS.put(
                "/api/v1/api-keys/",
                text(
                        SERVER.post(victim, "/api-keys", "{\"name\":\"secret-key\"}")
                                .body(),
                        "id"));
        THINGS.put("/api/v1/organizations/", organization);
        THINGS.put(
                "/api/v1/workflows/",
                text(
                        SERVER.post(
                                        victim,
                                        "/workflows",
                                        "{\"name\":\"secret-flow\",\"jobs\":[{\"key\":\"secret-step\","
                                                + "\"queue_name\":\"secret-of-a\",\"payload\":{}}]}")
                                .body(),
                        "workflow_id"));
        THINGS.put(
                "/api/v1/schedules/",
                text(
                        SERVER.post(
                                        victim,
                                        "/schedules",
                                        "{\"name\":\"secret-plan\",\"queue_name\":\"secret-of-a\","
                                                + "\"cron_expression\":\"0 0 1 1 *\",\"payload_template\":{}}")
                                .body(),
                        "id"));
        THINGS.put(
                "/api/v1/outgoing-webhooks/",
                text(
                        SERVER.post(
                                        victim,
                                        "/outgoing-webhooks",
                                        "{\"name\":\"secret-hook\",\"url\":\"https://127.0.0.1:1/secret-path\","
                                                + "\"events\":[\"job.failed\"]}")
                                .body(),
                        "id"));
        SECRETS.addAll(THINGS.values());
        SECRETS.addAll(List.of(
                "secret-of-a",
                "dead-of-a",
                "secret@example.com",
                "secret-host",
                "secret-step",
                "secret-plan",
                "secret-hook",
                "secret-path",
                text(dead, "id")));
    }

    @AfterAll
    static void close() {
        SERVER.close();
    }

    private static List<Route> routes() {
        return KNOWN.lines()
                .map(line -> {
                    Matcher parts = LINE.matcher(line);
                    assertThat(parts.matches()).as(line).isTrue();
                    return new Route(
                            Kind.valueOf(parts.group(1)),
                            parts.group(2),
                            parts.group(3),
                            parts.group(4),
                            parts.group(5));
                })
                .toList();
    }

    private static String text(String json, String name) {
        Matcher found = Pattern.compile("\"" + name + "\":\"([^\"]*)\"").matcher(json);
        assertThat(found.find()).as(name + " in " + json).isTrue();
        return found.group(1);
    }

    private static HttpResponse<String> send(Route route, String path, String bearer) {
        var request = SERVER.to(path)
                .header("Content-Type", "application/json")
                .method(
                        route.method(),
                        route.body().isEmpty() ? BodyPublishers.noBody() : BodyPublishers.ofString(route.body()));
        if (!bearer.isEmpty()) {
            request.header("Authorization", "Bearer " + bearer);
        }
        return SERVER.send(request);
    }

    /// The path with the victim's thing in it.
    private static String ofVictim(Route route) {
        String path = route.path()
                .replace("{name}", "secret-of-a")
                .replace("{slug}", "some-slug")
                .replace("{provider}", "github")
                .replace("{org}", THINGS.getOrDefault("/api/v1/organizations/", "nobody"));
        return path.contains("{id}")
                ? path.replace("{id}", thing(path))
                        .replace("{job}", UUID.randomUUID().toString())
                        .replace("{user_id}", UUID.randomUUID().toString())
                        .replace("{delivery_id}", UUID.randomUUID().toString())
                : path;
    }

    private static String thing(String path) {
        String plain = path.replace("/api/v1/admin/", "/api/v1/");
        return THINGS.entrySet().stream()
                .filter(entry -> plain.startsWith(entry.getKey()))
                .map(Map.Entry::getValue)
                .findFirst()
                .orElseThrow(() -> new AssertionError("no thing of the victim for " + path));
    }

    @Test
    void everyOperationIsKnown() throws IOException {
        var described = new ArrayList<String>();
        Matcher lines = OPERATION.matcher(Files.readString(Path.of("../contract/openapi.yaml")));
        String path = "";
        while (lines.find()) {
            if (lines.group(1) != null) {
                path = lines.group(1);
            } else {
                described.add(lines.group(2).toUpperCase(Locale.ROOT) + " " + path);
            }
        }
        assertThat(ROUTES.stream().map(Route::operation)).containsExactlyInAnyOrderElementsOf(described);
        System.out.println("walk: " + ROUTES.size() + " operations");
    }

    @Test
    void nobodyComesInWithABadCredential() throws Exception {
        Map<String, String> bad = badCredentials();
        String said = null;
        for (Route route : ROUTES) {
            if (!route.needsCaller()) {
                continue;
            }
            assertThat(send(route, ofVictim(route), "").statusCode())
                    .as(route + " without")
                    .isEqualTo(401);
            for (var credential : bad.entrySet()) {
                HttpResponse<String> answer = send(route, ofVictim(route), credential.getValue());
                assertThat(answer.statusCode())
                        .as(route + " with " + credential.getKey())
                        .isEqualTo(401);
                String now = answer.body().replaceAll("\"request_id\":\"[^\"]*\"", "");
                assertThat(said == null ? now : said).isEqualTo(now);
                said = now;
            }
        }
    }

    @Test
    void credentialsInAnAddressAreRefusedEverywhere() {
        for (Route route : ROUTES) {
            if (route.kind() == Kind.LIVE) {
                continue;
            }
            for (String query : List.of("?token=" + victim, "?api_key=" + victim, "?limit=1&token=x")) {
                assertThat(send(route, ofVictim(route) + query, victim).statusCode())
                        .as(route + query)
                        .isEqualTo(401);
            }
        }
    }

    @Test
    void theOperatorsRoutesAreForNobodyElse() {
        for (Route route : ROUTES) {
            if (route.kind() == Kind.ADMIN) {
                assertThat(send(route, ofVictim(route), victim).statusCode())
                        .as(route.toString())
                        .isEqualTo(401);
                HttpResponse<String> wrong = SERVER.send(SERVER.to(ofVictim(route))
                        .header("X-Admin-Key", victim)
                        .method(route.method(), BodyPublishers.noBody()));
                assertThat(wrong.body()).as(route.toString()).contains("invalid_admin_key");
            }
        }
    }

    /// A stranger's answers tell neither what another has nor that it has it, and change nothing of it.
    @Test
    void anotherOrganizationIsInvisible() {
        String stranger = SERVER.otherOrganization();
        String innocent = SERVER.otherOrganization();
        String before = stateOfVictim() + SERVER.get(victim, "/audit").body();
        for (Route route : ROUTES) {
            switch (route.kind()) {
                case OPEN, ADMIN, LIVE -> {}
                case OWN -> {
                    String query =
                            route.method().equals("GET") ? "?queue_name=secret-of-a&ids=" + thing("/api/v1/jobs/") : "";
                    String answer =
                            send(route, ofVictim(route) + query, innocent).body();
                    assertThat(SECRETS).as(route + ": " + answer).noneMatch(answer::contains);
                }
                case THING -> {
                    String theirs = thing(route.path());
                    String of = unnamed(send(route, ofVictim(route), stranger), theirs);
                    for (String unknown : List.of(UUID.randomUUID().toString(), "nope")) {
                        String path = ofVictim(route).replace(theirs, unknown);
                        assertThat(unnamed(send(route, path, stranger), unknown))
                                .as(route.toString())
                                .isEqualTo(of)
                                .startsWith("404");
                    }
                }
                case QUEUE -> {
                    String path = route.path();
                    String unknown = "unknown-to-all";
                    String of = unnamed(send(route, path.replace("{name}", "secret-of-a"), stranger), "secret-of-a");
                    assertThat(unnamed(send(route, path.replace("{name}", unknown), stranger), unknown))
                            .as(route.toString())
                            .isEqualTo(of);
                }
            }
        }
        assertThat(stateOfVictim() + SERVER.get(victim, "/audit").body()).isEqualTo(before);
    }

    /// A key for another queue of the same organization reaches no job, queue or worker of this one.
    @Test
    void aKeyForSomeQueuesReachesNoOther() {
        String restricted = text(
                SERVER.post(victim, "/api-keys", "{\"name\":\"restricted\",\"queues\":[\"other\"]}")
                        .body(),
                "key");
        String before = stateOfVictim();
        for (Route route : ROUTES) {
            boolean ofQueue = route.kind() == Kind.QUEUE
                    || route.path().startsWith("/api/v1/jobs/{id}")
                    || route.path().startsWith("/api/v1/workers/{id}");
            if (ofQueue || route.path().equals("/api/v1/jobs/claim")) {
                assertThat(send(route, ofVictim(route), restricted).statusCode())
                        .as(route.toString())
                        .isIn(403, 404);
            } else if (route.kind() == Kind.OWN && route.method().equals("GET")) {
                String query = "?queue_name=secret-of-a&ids=" + thing("/api/v1/jobs/");
                HttpResponse<String> answer = send(route, route.path() + query, restricted);
                if (answer.statusCode() != 403) {
                    assertThat(List.of("secret-of-a", "secret-worker", thing("/api/v1/jobs/")))
                            .as(route + ": " + answer.body())
                            .noneMatch(answer.body()::contains);
                }
            }
        }
        assertThat(stateOfVictim()).isEqualTo(before);
    }

    /// A credential does what its scope says and no more: 403 for all else, whatever it is asked with.
    @Test
    void scopesHoldOnEveryRoute() {
        String organization = SERVER.otherOrganization();
        List<String> scopes = List.of("read", "operate", "admin");
        for (String scope : scopes) {
            String key = text(
                    SERVER.post(organization, "/api-keys", "{\"name\":\"k\",\"scopes\":[\"" + scope + "\"]}")
                            .body(),
                    "key");
            for (Route route : ROUTES) {
                if (route.needsCaller() && route.kind() != Kind.LIVE) {
                    boolean allowed = scopes.indexOf(scope) >= scopes.indexOf(route.scope());
                    var status = assertThat(send(route, ofVictim(route), key).statusCode())
                            .as(scope + " for " + route);
                    if (allowed) {
                        status.isNotEqualTo(403).isNotEqualTo(401);
                    } else {
                        status.isEqualTo(403);
                    }
                }
            }
        }
    }

    /// Status and body without what the caller sent itself or what is different each time.
    private static String unnamed(HttpResponse<String> answer, String name) {
        String body = answer.body().replaceAll("\"request_id\":\"[^\"]*\"", "").replace(name, "NAME");
        return answer.statusCode() + " " + UUID_TEXT.matcher(body).replaceAll("ID");
    }

    private static String stateOfVictim() {
        var state = new StringBuilder();
        for (String path : List.of(
                "/jobs",
                "/jobs/dlq",
                "/queues",
                "/queues/secret-of-a",
                "/workers",
                "/api-keys",
                "/organizations",
                "/organizations/webhook-token",
                "/organizations/" + thing("/api/v1/organizations/"),
                "/organizations/" + thing("/api/v1/organizations/") + "/members",
                "/dashboard")) {
            String body = SERVER.get(victim, path).body();
            state.append(body.replaceAll("\"last_used(_at)?\":[^,]*", "")).append('\n');
        }
        return state.toString();
    }

    /// Everything that looks like a credential and is none any more, not yet, or never was.
    private static Map<String, String> badCredentials() throws Exception {
        var bad = new LinkedHashMap<String, String>();
        bad.put("an unknown key", "sk_live_" + "A".repeat(43));
        bad.put("a key cut short", victim.substring(0, victim.length() - 1));
        bad.put("another spelling", victim.toUpperCase(Locale.ROOT));
        bad.put("the admin key", TestServer.ADMIN_KEY);
        bad.put("a long text", "x".repeat(5_000));
        String revoked =
                SERVER.post(victim, "/api-keys", "{\"name\":\"revoked\"}").body();
        String ofRevoked = login(text(revoked, "key"));
        SERVER.call(victim, "DELETE", "/api-keys/" + text(revoked, "id"), "");
        bad.put("a revoked key", text(revoked, "key"));
        bad.put("a token of a revoked key", text(ofRevoked, "access_token"));
        String brief = SERVER.post(victim, "/api-keys", "{\"name\":\"brief\",\"expires_at\":\"2026-11-25T12:00:01Z\"}")
                .body();
        String ofBrief = login(text(brief, "key"));
        SERVER.clock.advance(Duration.ofSeconds(2));
        bad.put("an expired key", text(brief, "key"));
        bad.put("a token of an expired key", text(ofBrief, "access_token"));
        String session = login(victim);
        bad.put("a refresh token", text(session, "refresh_token"));
        String out = text(login(victim), "access_token");
        SERVER.post(out, "/auth/logout", "");
        bad.put("a token logged out", out);
        SignedJWT good = SignedJWT.parse(text(session, "access_token"));
        var forged = new SignedJWT(
                new JWSHeader.Builder(JWSAlgorithm.HS256)
                        .type(JOSEObjectType.JWT)
                        .keyID(good.getHeader().getKeyID())
                        .build(),
                good.getJWTClaimsSet());
        forged.sign(new MACSigner("nobody-knows-the-secret-of-the-server"));
        bad.put("a forged token", forged.serialize());
        bad.put("a token without signature", "eyJhbGciOiJub25lIn0." + good.getParsedParts()[1] + ".");
        bad.put("half a token", good.getParsedParts()[0] + "." + good.getParsedParts()[1]);
        return bad;
    }

    private static String login(String key) {
        return SERVER.send(
                        SERVER.to("/api/v1/auth/login").POST(BodyPublishers.ofString("{\"api_key\":\"" + key + "\"}")))
                .body();
    }
}
