package dev.spooled.webhooks;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spooled.json.Json;
import dev.spooled.json.JsonObject;
import dev.spooled.support.Receiver;
import dev.spooled.support.Receiver.Answer;
import dev.spooled.support.TestServer;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Outgoing webhooks over HTTP.
class WebhooksHttpTest {
    private static TestServer server;
    private static Receiver receiver;
    private WebhookCalls calls;

    @BeforeAll
    static void open() {
        server = new TestServer();
        receiver = new Receiver();
    }

    @AfterAll
    static void close() {
        server.close();
        receiver.close();
    }

    @BeforeEach
    void organization() {
        calls = WebhookCalls.of(server);
        receiver.received().clear();
        receiver.answers(Answer.status(200));
    }

    private HttpResponse<String> put(String id, String json) {
        return server.call(calls.key(), "PUT", "/outgoing-webhooks/" + id, json);
    }

    @Test
    void aWebhookIsMadeReadChangedAndDeleted() {
        String first = calls.create("https://example.com/a", "\"job.failed\",\"queue.paused\"", ",\"secret\":\"s\"");
        String second = calls.create("https://hooks.slack.com/x", "\"job.created\"", ",\"enabled\":false");
        assertThat(calls.get(first))
                .contains("\"name\":\"hook\"", "\"url\":\"https://example.com/a\"", "\"enabled\":true")
                .contains("\"events\":[\"job.failed\",\"queue.paused\"]", "\"has_secret\":true", "\"format\":\"json\"")
                .contains("\"failure_count\":0", "\"last_triggered_at\":null", "\"last_status\":null")
                .doesNotContain("\"secret\"");
        String list = server.get(calls.key(), "/outgoing-webhooks").body();
        assertThat(list).contains(first, second);
        assertThat(list.indexOf(second)).isPositive().isLessThan(list.indexOf(first));
        assertThat(calls.get(second)).contains("\"format\":\"slack\"", "\"enabled\":false", "\"has_secret\":false");
        assertThat(put(first, "{\"name\":\"other\",\"enabled\":false}").body())
                .contains("\"name\":\"other\"", "\"enabled\":false", "\"has_secret\":true", "\"queue.paused\"");
        assertThat(put(first, "{\"secret\":null}").body()).contains("\"has_secret\":false");
        assertThat(put(first, "{\"secret\":\"new\",\"events\":[\"job.started\"]}")
                        .body())
                .contains("\"has_secret\":true", "\"events\":[\"job.started\"]");
        assertThat(put(first, "{}").body()).contains("\"has_secret\":true", "\"name\":\"other\"");
        assertThat(server.call(calls.key(), "DELETE", "/outgoing-webhooks/" + first, "")
                        .statusCode())
                .isEqualTo(204);
        assertThat(server.get(calls.key(), "/outgoing-webhooks/" + first).statusCode())
                .isEqualTo(404);
        assertThat(put(first, "{}").statusCode()).isEqualTo(404);
        assertThat(server.call(calls.key(), "DELETE", "/outgoing-webhooks/" + first, "")
                        .statusCode())
                .isEqualTo(404);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "{}|400",
                "{\"name\":\"n\",\"url\":\"https://example.com\"}|400",
                "{\"name\":\"n\",\"url\":\"https://example.com\",\"events\":[]}|400",
                "{\"name\":\"n\",\"url\":\"https://example.com\",\"events\":[\"job.processing\"]}|400",
                "{\"name\":\"n\",\"url\":\"https://example.com\",\"events\":[\"webhook.test\"]}|400",
                "{\"name\":\"n\",\"url\":\"https://example.com\",\"events\":\"job.failed\"}|201",
                "{\"name\":\"\",\"url\":\"https://example.com\",\"events\":[\"job.failed\"]}|400",
                "{\"name\":\"n\",\"url\":\"\",\"events\":[\"job.failed\"]}|400",
                "{\"name\":\"n\",\"url\":7,\"events\":[\"job.failed\"]}|400",
                "{\"name\":\"n\",\"url\":\"https://example.com\",\"events\":[\"job.failed\"],\"format\":\"xml\"}|400",
                "{\"name\":\"n\",\"url\":\"https://example.com\",\"events\":[\"job.failed\"],\"format\":\"discord\"}|201",
                "{\"name\":\"n\",\"url\":\"https://example.com\",\"events\":[\"job.failed\"],\"enabled\":\"x\"}|400",
                "{\"name\":\"n\",\"url\":\"https://example.com\",\"events\":[\"job.failed\"],\"secret\":\"\"}|201",
                "{\"name\":\"n\",\"url\":\"http://receiver.test/x\",\"events\":[\"job.failed\"]}|201",
            })
    void fieldsHaveTheirRanges(String json, int status) {
        HttpResponse<String> answer = calls.post("/outgoing-webhooks", json);
        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(status);
    }

    @ParameterizedTest
    @ValueSource(strings = {"http://example.com/x", "ftp://example.com", "https://10.1.2.3/", "https://localhost/"})
    void addressesThatMayNotBeCalledAreRefusedEverywhere(String url) {
        String events = ",\"events\":[\"job.failed\"]}";
        HttpResponse<String> created =
                calls.post("/outgoing-webhooks", "{\"name\":\"n\",\"url\":\"" + url + "\"" + events);
        assertThat(created.statusCode()).isEqualTo(400);
        assertThat(created.body()).contains("Invalid webhook URL", "VALIDATION_ERROR");
        String hook = calls.create("https://example.com", "\"job.failed\"", "");
        assertThat(put(hook, "{\"url\":\"" + url + "\"}").statusCode()).isEqualTo(400);
        HttpResponse<String> job =
                calls.post("/jobs", "{\"queue_name\":\"q\",\"payload\":{},\"completion_webhook\":\"" + url + "\"}");
        assertThat(job.statusCode()).isEqualTo(400);
        assertThat(job.body()).contains("Invalid webhook URL");
    }

    @Test
    void aTestSaysWhatCameOfIt() {
        String hook = calls.create(
                receiver.url("/t"), "\"job.failed\"", ",\"enabled\":false,\"secret\":\"at-least-sixteen\"");
        HttpResponse<String> good = calls.post("/outgoing-webhooks/" + hook + "/test", "");
        assertThat(good.statusCode()).isEqualTo(200);
        assertThat(good.body()).contains("\"success\":true", "\"status_code\":200", "\"error\":null");
        Receiver.Request request = receiver.received().getFirst();
        assertThat(request.header("x-spooled-event")).isEqualTo("webhook.test");
        assertThat(request.header("x-spooled-signature")).startsWith("sha256=");
        JsonObject body = Json.object(request.body());
        assertThat(body.text("event")).isEqualTo("webhook.test");
        assertThat(body.text("webhook_id")).isEqualTo(hook);
        assertThat(body.flagOrNull("test")).isTrue();
        assertThat(body.memberOrNull("data")).isNotNull();
        receiver.answers(Answer.status(500));
        assertThat(calls.post("/outgoing-webhooks/" + hook + "/test", "{}").body())
                .contains("\"success\":false", "\"status_code\":500", "the receiver answered 500");
        String nobody = calls.create("http://127.0.0.1:1/", "\"job.failed\"", "");
        assertThat(calls.post("/outgoing-webhooks/" + nobody + "/test", "").body())
                .contains("\"success\":false", "\"status_code\":null", "\"error\":\"no connection\"");
        assertThat(calls.deliveries(hook)).isEqualTo("[]");
        assertThat(calls.post("/outgoing-webhooks/" + UUID.randomUUID() + "/test", "")
                        .statusCode())
                .isEqualTo(404);
    }

    @Test
    void aDeliveryIsSentAgainByEitherPath() {
        String hook = calls.create(receiver.url("/x"), "\"job.created\"", "");
        receiver.answers(Answer.status(500));
        calls.enqueue("again", "");
        calls.sendDue();
        String delivery = WebhookCalls.text(calls.deliveries(hook), "id");
        HttpResponse<String> failed = calls.post("/outgoing-webhooks/" + hook + "/retry/" + delivery, "");
        assertThat(failed.statusCode()).as(failed.body()).isEqualTo(200);
        assertThat(failed.body())
                .contains("\"success\":false", "\"status\":\"pending\"", "\"delivery_id\":\"" + delivery)
                .contains("\"attempts\":2");
        receiver.answers(Answer.status(200));
        HttpResponse<String> good =
                calls.post("/outgoing-webhooks/" + hook + "/deliveries/" + delivery + "/retry", "{}");
        assertThat(good.body()).contains("\"success\":true", "\"status\":\"success\"", "\"attempts\":3");
        List<String> bodies = receiver.received().stream()
                .map(Receiver.Request::text)
                .distinct()
                .toList();
        assertThat(bodies).hasSize(1);
        server.clock.advance(Duration.ofSeconds(30));
        calls.sendDue();
        assertThat(receiver.received()).hasSize(3);
        assertThat(server.get(calls.key(), "/outgoing-webhooks/" + hook + "/deliveries?status=success&limit=5")
                        .body())
                .contains(delivery);
        assertThat(server.get(calls.key(), "/outgoing-webhooks/" + hook + "/deliveries?status=failed")
                        .body())
                .isEqualTo("[]");
        assertThat(server.get(calls.key(), "/outgoing-webhooks/" + hook + "/deliveries?status=x")
                        .statusCode())
                .isEqualTo(400);
        for (String unknown : List.of(UUID.randomUUID().toString(), "none")) {
            assertThat(calls.post("/outgoing-webhooks/" + hook + "/retry/" + unknown, "")
                            .statusCode())
                    .isEqualTo(404);
        }
        String other = calls.create(receiver.url("/y"), "\"job.created\"", "");
        assertThat(calls.post("/outgoing-webhooks/" + other + "/retry/" + delivery, "")
                        .statusCode())
                .isEqualTo(404);
    }

    @Test
    void aRotatedSecretOverlapsWithTheOneBefore() {
        String hook = calls.create(receiver.url("/x"), "\"job.created\"", ",\"secret\":\"the-first-secret\"");
        HttpResponse<String> rotated = calls.post("/outgoing-webhooks/" + hook + "/rotate-secret", "");
        assertThat(rotated.statusCode()).as(rotated.body()).isEqualTo(200);
        String secret = WebhookCalls.text(rotated.body(), "secret");
        assertThat(secret).startsWith("whsec_");
        assertThat(rotated.body()).contains("\"previous_secret_until\":\"2026-11-26T12:");
        calls.post("/outgoing-webhooks/" + hook + "/test", "");
        Receiver.Request both = receiver.received().getFirst();
        long time = Long.parseLong(both.header("x-spooled-timestamp"));
        assertThat(both.header("x-spooled-signature")).isEqualTo(Signatures.own(secret, time, both.body()));
        assertThat(both.header("x-spooled-signature-previous"))
                .isEqualTo(Signatures.own("the-first-secret", time, both.body()));
        assertThat(both.header("webhook-signature").split(" ")).hasSize(2);
        server.clock.advance(Duration.ofHours(25));
        receiver.received().clear();
        calls.post("/outgoing-webhooks/" + hook + "/test", "");
        assertThat(receiver.received().getFirst().headers()).doesNotContainKey("x-spooled-signature-previous");
        assertThat(receiver.received().getFirst().header("webhook-signature").split(" "))
                .hasSize(1);
        assertThat(calls.post("/outgoing-webhooks/" + hook + "/rotate-secret", "{\"secret\":\"short\"}")
                        .statusCode())
                .isEqualTo(400);
        assertThat(calls.post("/outgoing-webhooks/" + hook + "/rotate-secret", "{\"overlap_seconds\":999999}")
                        .statusCode())
                .isEqualTo(400);
    }

    @Test
    void chatServicesGetALineOfText() {
        calls.create(receiver.url("/slack"), "\"job.created\"", ",\"format\":\"slack\"");
        calls.create(receiver.url("/discord"), "\"job.created\"", ",\"format\":\"discord\"");
        String job = calls.enqueue("chat", "");
        calls.sendDue();
        for (Receiver.Request request : receiver.received()) {
            String member = request.path().equals("/slack") ? "text" : "content";
            assertThat(Json.object(request.body()).text(member)).contains("job.created", "chat", job);
        }
        assertThat(receiver.received()).hasSize(2);
    }

    @Test
    void strangersAndKeysForSomeQueuesHaveNoPart() {
        String hook = calls.create("https://example.com", "\"job.failed\"", "");
        WebhookCalls stranger = WebhookCalls.of(server);
        assertThat(server.get(stranger.key(), "/outgoing-webhooks").body()).isEqualTo("[]");
        assertThat(server.get(stranger.key(), "/outgoing-webhooks/" + hook + "/deliveries")
                        .statusCode())
                .isEqualTo(404);
        String key = WebhookCalls.text(
                calls.post("/api-keys", "{\"name\":\"some\",\"queues\":[\"own\"]}")
                        .body(),
                "key");
        for (String path : List.of("", "/" + hook, "/" + hook + "/deliveries")) {
            assertThat(server.get(key, "/outgoing-webhooks" + path).statusCode())
                    .isEqualTo(403);
        }
        assertThat(server.post(key, "/outgoing-webhooks/" + hook + "/test", "").statusCode())
                .isEqualTo(403);
    }

    @Test
    void changesAreAudited() {
        String hook = calls.create("https://example.com", "\"job.failed\"", ",\"secret\":\"never-in-any-log\"");
        put(hook, "{\"enabled\":false}");
        String log = server.get(calls.key(), "/audit").body();
        assertThat(log).contains("POST /api/v1/outgoing-webhooks", "PUT /api/v1/outgoing-webhooks/{id}");
        assertThat(log).doesNotContain("never-in-any-log");
    }
}
