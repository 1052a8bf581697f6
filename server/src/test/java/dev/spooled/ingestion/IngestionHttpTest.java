package dev.spooled.ingestion;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spooled.orgs.NewOrganization;
import dev.spooled.orgs.Registration;
import dev.spooled.support.TestServer;
import java.net.URLEncoder;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.time.Duration;
import java.util.Base64;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Rows 80 to 82 of rest.md and what we add to them. Signatures are made here as the providers' documents say, not by
/// the server's code.
final class IngestionHttpTest {
    private static final TestServer SERVER = new TestServer();
    private static final String JOB = "{\"queue_name\":\"in\",\"payload\":{\"n\":1},\"event_type\":\"order.paid\","
            + "\"idempotency_key\":\"k-%s\",\"priority\":7}";

    private String key = "";
    private String org = "";
    private String token = "";

    @BeforeEach
    void organization() {
        key = SERVER.organizations
                .create(NewOrganization.named("Incoming", "in-" + UUID.randomUUID()))
                .key()
                .key();
        String told = SERVER.get(key, "/organizations/webhook-token").body();
        token = text(told, "token");
        org = text(told, "webhook_url").replaceAll(".*/webhooks/([^/]*)/custom", "$1");
        SERVER.clock.advance(Duration.ofMinutes(2));
    }

    @AfterAll
    static void close() {
        SERVER.close();
    }

    /// Proxies that end TLS have to say that they did, for each path.
    @Test
    void behindAProxyADeliveryHasToComeByTls() {
        try (var server = TestServer.behindProxy(Registration.CLOSED, null)) {
            String told = server.get("/organizations/webhook-token").body();
            String path = "/api/v1/webhooks/" + server.organization + "/";
            for (String proto : List.of("", "http", "https, http", "ftp")) {
                for (String provider : List.of("custom", "github", "stripe", "shopify")) {
                    var request = server.to(path + provider)
                            .header("X-Webhook-Token", text(told, "token"))
                            .POST(BodyPublishers.ofString("{\"queue_name\":\"in\",\"payload\":{}}"));
                    var answer = server.send(proto.isEmpty() ? request : request.header("X-Forwarded-Proto", proto));
                    assertThat(answer.statusCode())
                            .as(provider + " by " + proto)
                            .isEqualTo(400);
                    assertThat(answer.body()).contains("\"code\":\"BAD_REQUEST\"", "HTTPS is required");
                }
            }
            var byTls = server.send(server.to(path + "custom")
                    .header("X-Webhook-Token", text(told, "token"))
                    .header("X-Forwarded-Proto", "https")
                    .POST(BodyPublishers.ofString("{\"queue_name\":\"in\",\"payload\":{}}")));
            assertThat(byTls.statusCode()).as(byTls.body()).isEqualTo(200);
        }
    }

    /// Without a proxy that is trusted the header means nothing: clients may set it as they like.
    @Test
    void withoutAProxyTheHeaderSaysNothing() {
        var answer = SERVER.send(SERVER.to("/api/v1/webhooks/" + org + "/custom")
                .header("X-Webhook-Token", token)
                .header("X-Forwarded-Proto", "http")
                .POST(BodyPublishers.ofString("{\"queue_name\":\"in\",\"payload\":{}}")));
        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
    }

    private static String text(String json, String name) {
        Matcher found = Pattern.compile("\"" + name + "\":\"([^\"]*)\"").matcher(json);
        assertThat(found.find()).as(name + " in " + json).isTrue();
        return found.group(1);
    }

    private static HttpResponse<String> send(String org, String kind, String body, Map<String, String> headers) {
        var request = SERVER.to("/api/v1/webhooks/" + org + "/" + kind).POST(BodyPublishers.ofString(body));
        headers.forEach(request::header);
        return SERVER.send(request);
    }

    private HttpResponse<String> custom(String body) {
        return send(org, "custom", body, Map.of("X-Webhook-Token", token));
    }

    private static byte[] hmac(String secret, String text) {
        try {
            Mac mac = Mac.getInstance("HmacSHA256");
            mac.init(new SecretKeySpec(secret.getBytes(StandardCharsets.UTF_8), "HmacSHA256"));
            return mac.doFinal(text.getBytes(StandardCharsets.UTF_8));
        } catch (GeneralSecurityException e) {
            throw new AssertionError(e);
        }
    }

    private static String hex(String secret, String text) {
        return HexFormat.of().formatHex(hmac(secret, text));
    }

    private String log(String query) {
        return SERVER.get(key, "/incoming-webhooks" + query).body();
    }

    // ---- custom

    @Test
    void aCustomDeliveryBecomesOneJob() {
        HttpResponse<String> first = custom(JOB.formatted("1"));
        assertThat(first.statusCode()).isEqualTo(200);
        assertThat(first.body()).contains("\"created\":true", "\"queue_name\":\"in\"", "\"status\":\"pending\"");
        assertThat(first.headers().firstValue("X-RateLimit-Limit")).isPresent();
        String id = text(first.body(), "job_id");
        assertThat(SERVER.get(key, "/jobs/" + id).body())
                .contains(
                        "\"payload\":{\"n\":1}",
                        "\"priority\":7",
                        "\"max_retries\":3",
                        "\"timeout_seconds\":300",
                        "\"webhook\": \"custom\"",
                        "\"event_type\": \"order.paid\"");
        SERVER.call(key, "DELETE", "/jobs/" + id, "");
        assertThat(custom(JOB.formatted("1")).body())
                .contains("\"job_id\":\"" + id + "\"", "\"created\":false", "\"status\":\"cancelled\"");
        assertThat(SERVER.get(key, "/jobs?tag=event_type:order.paid").body()).contains(id);
    }

    @Test
    void aWrongTokenAndAnUnknownOrganizationAreAnsweredAlike() {
        var answers = new HashMap<String, String>();
        answers.put("missing", answer(send(org, "custom", JOB.formatted("2"), Map.of())));
        answers.put("wrong", answer(send(org, "custom", JOB.formatted("2"), Map.of("X-Webhook-Token", token + "x"))));
        String nobody = UUID.randomUUID().toString();
        answers.put("unknown", answer(send(nobody, "custom", JOB.formatted("2"), Map.of("X-Webhook-Token", token))));
        answers.put("no id", answer(send("nope", "custom", JOB.formatted("2"), Map.of("X-Webhook-Token", token))));
        answers.put("github", answer(send(nobody, "github", "{}", Map.of())));
        answers.put("shopify, which has no secret", answer(send(nobody, "shopify", "{}", Map.of())));
        assertThat(answers.values()).allMatch(it -> it.startsWith("401"));
        assertThat(answers.values().stream().distinct()).hasSize(1);
        assertThat(log("?accepted=false")).contains("\"reason\":\"token_missing\"", "\"reason\":\"token_wrong\"");
    }

    private static String answer(HttpResponse<String> response) {
        return response.statusCode() + response.body().replaceAll("\"request_id\":\"[^\"]*\"", "");
    }

    @Test
    void aRotatedTokenHoldsOnForTheOverlapAndNoLonger() {
        String old = token;
        token = text(
                SERVER.post(key, "/organizations/webhook-token/regenerate", "{\"overlap_seconds\":60}")
                        .body(),
                "token");
        assertThat(custom(JOB.formatted("3")).statusCode()).isEqualTo(200);
        assertThat(send(org, "custom", JOB.formatted("4"), Map.of("X-Webhook-Token", old))
                        .statusCode())
                .isEqualTo(200);
        SERVER.clock.advance(Duration.ofSeconds(61));
        assertThat(send(org, "custom", JOB.formatted("5"), Map.of("X-Webhook-Token", old))
                        .statusCode())
                .isEqualTo(401);
        old = token;
        token = text(
                SERVER.post(key, "/organizations/webhook-token/regenerate", "").body(), "token");
        assertThat(send(org, "custom", JOB.formatted("6"), Map.of("X-Webhook-Token", old))
                        .statusCode())
                .as("without an overlap it ends at once")
                .isEqualTo(401);
        assertThat(SERVER.post(key, "/organizations/webhook-token/regenerate", "{\"overlap_seconds\":604801}")
                        .statusCode())
                .isEqualTo(400);
    }

    @Test
    void aClearedTokenIsNotAskedForAndADeletedOrganizationTakesNothing() {
        SERVER.post(key, "/organizations/webhook-token/clear", "");
        HttpResponse<String> taken = send(org, "custom", JOB.formatted("7"), Map.of());
        assertThat(taken.statusCode()).isEqualTo(200);
        SERVER.call(key, "DELETE", "/jobs/" + text(taken.body(), "job_id"), "");
        assertThat(SERVER.call(key, "DELETE", "/organizations/" + org, "").statusCode())
                .isEqualTo(204);
        assertThat(send(org, "custom", JOB.formatted("8"), Map.of()).statusCode())
                .isEqualTo(401);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{\"queue_name\":\"admin\",\"payload\":{}}",
                "{\"queue_name\":\"a..b\",\"payload\":{}}",
                "{\"queue_name\":\"\",\"payload\":{}}",
                "{\"queue_name\":\"in\"}",
                "{\"queue_name\":\"in\",\"payload\":{},\"event_type\":\"a b\"}",
                "{\"queue_name\":\"in\",\"payload\":{},\"priority\":101}",
                "not json"
            })
    void whatIsWrongIsSaidAndNoted(String body) {
        HttpResponse<String> answer = custom(body);
        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(400);
        assertThat(log("")).contains("\"accepted\":false", "\"reason\":\"" + text(answer.body(), "message"));
    }

    @Test
    void aPayloadThatIsTooLargeIsRefused() {
        String body = "{\"queue_name\":\"in\",\"payload\":{\"x\":\"" + "x".repeat(2_000) + "\"}}";
        assertThat(custom(body).statusCode()).isEqualTo(413);
        assertThat(log("?accepted=false")).contains("\"queue_name\":\"in\"");
    }

    @Test
    void whoKeepsGuessingIsNoLongerHeard() {
        int refused = 0;
        HttpResponse<String> answer;
        do {
            answer = send(org, "custom", JOB.formatted("9"), Map.of("X-Webhook-Token", "guess-" + refused));
        } while (answer.statusCode() == 401 && ++refused < 1_000);
        assertThat(answer.statusCode()).isEqualTo(429);
        assertThat(refused).isEqualTo(120);
        assertThat(custom(JOB.formatted("9")).statusCode())
                .as("the right token still opens")
                .isEqualTo(200);
        SERVER.clock.advance(Duration.ofMinutes(2));
        assertThat(send(org, "custom", JOB.formatted("9"), Map.of("X-Webhook-Token", "guess"))
                        .statusCode())
                .isEqualTo(401);
    }

    // ---- GitHub

    private HttpResponse<String> github(String body, String secret, Map<String, String> more) {
        var headers = new HashMap<>(
                Map.of("X-Hub-Signature-256", "sha256=" + hex(secret, body), "X-GitHub-Event", "pull_request.x/y"));
        headers.putAll(more);
        return send(org, "github", body, headers);
    }

    @Test
    void gitHubIsVerifiedUnderTheServersSecretAndTheToken() {
        String event = "{ \"action\": \"opened\", \"repository\": {\"id\": 1} }";
        Map<String, String> more = Map.of("X-Webhook-Token", token, "X-GitHub-Delivery", "d-1");
        HttpResponse<String> taken = github(event, TestServer.GITHUB_SECRET, more);
        assertThat(taken.statusCode()).as(taken.body()).isEqualTo(200);
        assertThat(taken.body()).contains("\"queue_name\":\"github-pull_request-x-y\"");
        assertThat(SERVER.get(key, "/jobs/" + text(taken.body(), "job_id")).body())
                .contains("\"payload\":{\"action\":\"opened\",\"repository\":{\"id\":1}}");
        assertThat(github(event, TestServer.GITHUB_SECRET, more).body()).contains("\"created\":false");
        assertThat(github(event, "another secret", more).statusCode()).isEqualTo(401);
        assertThat(github(event, TestServer.GITHUB_SECRET, Map.of()).statusCode())
                .as("without the token")
                .isEqualTo(401);
        assertThat(send(org, "github", event, Map.of("X-Webhook-Token", token)).statusCode())
                .isEqualTo(401);
        assertThat(log(""))
                .contains("\"reason\":\"signature_wrong\"", "\"reason\":\"signature_missing\"", "\"event_id\":\"d-1\"");
    }

    @Test
    void gitHubMaySendAForm() {
        String body = "payload=" + URLEncoder.encode("{\"zen\":\"a+b & c\"}", StandardCharsets.UTF_8);
        HttpResponse<String> taken = github(
                body,
                TestServer.GITHUB_SECRET,
                Map.of("X-Webhook-Token", token, "Content-Type", "application/x-www-form-urlencoded"));
        assertThat(taken.statusCode()).as(taken.body()).isEqualTo(200);
        assertThat(SERVER.get(key, "/jobs/" + text(taken.body(), "job_id")).body())
                .contains("\"payload\":{\"zen\":\"a+b & c\"}");
    }

    @Test
    void underASecretOfItsOwnTheSignatureIsEnough() {
        assertThat(SERVER.call(key, "PUT", "/incoming-webhooks/secrets/github", "{\"secret\":\"our-own-secret\"}")
                        .statusCode())
                .isEqualTo(204);
        assertThat(github("{\"a\":1}", "our-own-secret", Map.of()).statusCode()).isEqualTo(200);
        assertThat(github("{\"a\":2}", TestServer.GITHUB_SECRET, Map.of("X-Webhook-Token", token))
                        .statusCode())
                .as("the server's secret no longer counts for it")
                .isEqualTo(401);
        assertThat(github("{\"a\":2}", "our-own-secret", Map.of("X-Webhook-Token", "wrong"))
                        .statusCode())
                .isEqualTo(401);
        SERVER.call(
                key,
                "PUT",
                "/incoming-webhooks/secrets/github",
                "{\"secret\":\"our-next-secret\",\"overlap_seconds\":60}");
        assertThat(github("{\"a\":3}", "our-own-secret", Map.of()).statusCode()).isEqualTo(200);
        assertThat(github("{\"a\":3}", "our-next-secret", Map.of()).statusCode())
                .isEqualTo(200);
        assertThat(SERVER.get(key, "/incoming-webhooks/secrets").body())
                .contains("\"provider\":\"github\"", "\"former_ends_at\":\"20")
                .doesNotContain("secret\":\"our");
        SERVER.clock.advance(Duration.ofSeconds(61));
        assertThat(github("{\"a\":4}", "our-own-secret", Map.of()).statusCode()).isEqualTo(401);
        assertThat(SERVER.call(key, "DELETE", "/incoming-webhooks/secrets/github", "")
                        .statusCode())
                .isEqualTo(204);
        assertThat(github("{\"a\":5}", TestServer.GITHUB_SECRET, Map.of("X-Webhook-Token", token))
                        .statusCode())
                .isEqualTo(200);
        assertThat(SERVER.call(key, "DELETE", "/incoming-webhooks/secrets/github", "")
                        .statusCode())
                .isEqualTo(404);
        assertThat(SERVER.call(key, "PUT", "/incoming-webhooks/secrets/nobody", "{\"secret\":\"12345678\"}")
                        .statusCode())
                .isEqualTo(404);
    }

    // ---- Stripe

    private HttpResponse<String> stripe(String body, String header) {
        return send(org, "stripe", body, Map.of("X-Webhook-Token", token, "Stripe-Signature", header));
    }

    private static String signedAt(long second, String body) {
        return hex(TestServer.STRIPE_SECRET, second + "." + body);
    }

    @Test
    void stripeIsVerifiedWithinItsWindow() {
        String body = "{\"id\":\"evt_1\",\"type\":\"invoice.paid\",\"data\":{\"object\":{\"amount\": 5}}}";
        long now = SERVER.clock.nowMillis() / 1_000;
        HttpResponse<String> taken =
                stripe(body, "t=" + now + ",v0=x,v1=" + "0".repeat(64) + ",v1=" + signedAt(now, body));
        assertThat(taken.statusCode()).as(taken.body()).isEqualTo(200);
        assertThat(taken.body()).contains("\"queue_name\":\"stripe-invoice-paid\"");
        assertThat(SERVER.get(key, "/jobs/" + text(taken.body(), "job_id")).body())
                .contains("\"payload\":{\"amount\":5}");
        assertThat(stripe(body, "t=" + now + ",v1=" + signedAt(now, body)).body())
                .contains("\"created\":false");
        assertThat(stripe(body, "t=" + (now - 300) + ",v1=" + signedAt(now - 300, body))
                        .statusCode())
                .isEqualTo(200);
        assertThat(stripe(body, "t=" + (now + 60) + ",v1=" + signedAt(now + 60, body))
                        .statusCode())
                .isEqualTo(200);
        for (String header : new String[] {
            "t=" + (now - 301) + ",v1=" + signedAt(now - 301, body),
            "t=" + (now + 61) + ",v1=" + signedAt(now + 61, body),
            "t=" + now + ",v1=" + signedAt(now - 1, body),
            "t=" + now,
            "v1=" + signedAt(now, body),
            "t=x,v1=" + hex(TestServer.STRIPE_SECRET, "x." + body),
            "t=99999999999999999,v1=" + signedAt(99_999_999_999_999_999L, body),
            "nonsense"
        }) {
            assertThat(stripe(body, header).statusCode()).as(header).isEqualTo(401);
        }
        assertThat(log("?accepted=false"))
                .contains("\"reason\":\"too_old\"", "\"reason\":\"from_the_future\"", "\"reason\":\"signature_wrong\"");
    }

    @Test
    void whatIsNoEventOfStripeIsRefusedInWords() {
        long now = SERVER.clock.nowMillis() / 1_000;
        for (String body : new String[] {"{\"type\":\"x\"}", "{\"data\":{\"object\":{}}}", "[]", "{"}) {
            assertThat(stripe(body, "t=" + now + ",v1=" + signedAt(now, body)).statusCode())
                    .as(body)
                    .isEqualTo(400);
        }
    }

    // ---- Shopify, whose secret the server of these tests has not

    private HttpResponse<String> shopify(String body, String secret, Map<String, String> more) {
        var headers = new HashMap<>(Map.of(
                "X-Shopify-Hmac-Sha256",
                Base64.getEncoder().encodeToString(hmac(secret, body)),
                "X-Shopify-Topic",
                "orders/create"));
        headers.putAll(more);
        return send(org, "shopify", body, headers);
    }

    @Test
    void withoutAnySecretAProviderIsNotImplementedForWhoHasTheToken() {
        assertThat(shopify("{}", "x", Map.of("X-Webhook-Token", token)).statusCode())
                .isEqualTo(501);
    }

    @Test
    void shopifyIsVerified() {
        SERVER.call(key, "PUT", "/incoming-webhooks/secrets/shopify", "{\"secret\":\"shopify-secret\"}");
        Map<String, String> more = Map.of(
                "X-Shopify-Event-Id",
                "e-1",
                "X-Shopify-Triggered-At",
                SERVER.clock.now().toString());
        HttpResponse<String> taken = shopify("{\"id\":1}", "shopify-secret", more);
        assertThat(taken.statusCode()).as(taken.body()).isEqualTo(200);
        assertThat(taken.body()).contains("\"queue_name\":\"shopify-orders-create\"", "\"created\":true");
        assertThat(shopify("{\"id\":1}", "shopify-secret", more).body()).contains("\"created\":false");
        assertThat(shopify("{\"id\":1}", "shopify-secres", more).statusCode()).isEqualTo(401);
        SERVER.clock.advance(Duration.ofDays(3));
        assertThat(shopify("{\"id\":1}", "shopify-secret", more).statusCode()).isEqualTo(401);
    }

    // ---- the log

    @Test
    void theLogIsPagedAndNobodyElses() {
        for (int i = 0; i < 5; i++) {
            custom(JOB.formatted("log-" + i));
        }
        HttpResponse<String> page = SERVER.get(key, "/incoming-webhooks?limit=2&provider=custom");
        assertThat(page.body()).contains("log-4", "log-3").doesNotContain("log-2");
        String next = page.headers().firstValue("X-Next-Cursor").orElseThrow();
        assertThat(log("?limit=2&cursor=" + next)).contains("log-2", "log-1").doesNotContain("log-0", "log-3");
        assertThat(log("?provider=github")).isEqualTo("[]");
        assertThat(SERVER.get("/incoming-webhooks").body()).doesNotContain("log-");
    }
}
