package dev.spooled.webhooks;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spooled.json.Json;
import dev.spooled.json.JsonObject;
import dev.spooled.mail.SmtpPostbox;
import dev.spooled.orgs.Registration;
import dev.spooled.support.Receiver;
import dev.spooled.support.Receiver.Answer;
import dev.spooled.support.SmtpSink;
import dev.spooled.support.TestServer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// What webhooks are sent and when, under a clock moved by hand, to a receiver on this machine.
class DeliverTest {
    private static final String ALL = String.join(
            ",",
            Arrays.stream(Event.values())
                    .map(event -> "\"" + event.wire() + "\"")
                    .toList());

    private TestServer server;
    private Receiver receiver;
    private WebhookCalls calls;

    @BeforeEach
    void open() {
        server = new TestServer();
        receiver = new Receiver();
        calls = WebhookCalls.of(server);
    }

    @AfterEach
    void close() {
        server.close();
        receiver.close();
    }

    private static JsonObject data(Receiver.Request request) {
        JsonObject data = Json.object(request.body()).memberOrNull("data");
        assertThat(data).as(request.text()).isNotNull();
        return Objects.requireNonNull(data);
    }

    private List<String> events() {
        return receiver.received().stream()
                .map(request -> request.header("x-spooled-event"))
                .sorted()
                .toList();
    }

    private Receiver.Request only(String event) {
        List<Receiver.Request> found = receiver.received().stream()
                .filter(request -> request.header("x-spooled-event").equals(event))
                .toList();
        assertThat(found).as(event).hasSize(1);
        return found.getFirst();
    }

    @Test
    void eachEventIsSentOnceWithItsData() {
        String hook = calls.create(receiver.url("/all"), ALL, "");
        String completed = calls.complete("work", ",\"tags\":{\"a\":\"b\"},\"priority\":7");
        calls.sendDue();
        assertThat(events()).containsExactly("job.completed", "job.created", "job.started");
        assertThat(data(only("job.created")).text("status")).isEqualTo("pending");
        assertThat(data(only("job.started")).text("worker_id")).isEqualTo("w");
        Receiver.Request request = only("job.completed");
        JsonObject body = Json.object(request.body());
        assertThat(body.text("event")).isEqualTo("job.completed");
        assertThat(body.text("webhook_id")).isEqualTo(hook);
        assertThat(body.text("created_at")).isEqualTo(body.text("timestamp")).startsWith("2026-11-25T12:00:00.");
        assertThat(body.text("id"))
                .isEqualTo(body.text("delivery_id"))
                .isEqualTo(request.header("x-spooled-delivery-id"))
                .isEqualTo(request.header("webhook-id"));
        JsonObject data = data(request);
        assertThat(data.text("job_id")).isEqualTo(completed);
        assertThat(data.text("queue_name")).isEqualTo("work");
        assertThat(data.text("status")).isEqualTo("completed");
        assertThat(data.raw("result")).isEqualTo("{\"total\":1.50}");
        assertThat(data.integerOrNull("priority")).isEqualTo(7);
        assertThat(request.header("content-type")).isEqualTo("application/json");
        assertThat(request.header("user-agent")).isEqualTo("Spooled-Webhook/1.0");
        assertThat(request.header("x-spooled-delivery-attempt")).isEqualTo("1");
        assertThat(request.header("x-spooled-timestamp")).isEqualTo("1795608000");
        assertThat(request.headers()).doesNotContainKeys("x-spooled-signature", "webhook-signature", "cookie");
        receiver.received().clear();

        String dead = calls.enqueue("work", ",\"max_retries\":0");
        calls.claim("work");
        calls.post("/jobs/" + dead + "/fail", "{\"worker_id\":\"w\",\"error\":\"no \\\"luck\\\"\"}");
        String cancelled = calls.enqueue("work", ",\"scheduled_at\":\"2026-11-26T00:00:00Z\"");
        server.call(calls.key(), "DELETE", "/jobs/" + cancelled, "");
        calls.sendDue();
        assertThat(data(only("job.failed")).text("error")).isEqualTo("no \"luck\"");
        assertThat(data(only("job.failed")).text("status")).isEqualTo("deadletter");
        assertThat(data(only("job.cancelled")).text("status")).isEqualTo("cancelled");
        assertThat(data(only("job.cancelled")).text("old_status")).isEqualTo("scheduled");
        receiver.received().clear();

        calls.post("/queues/work/pause", "{\"reason\":\"repairs\"}");
        calls.post("/queues/work/pause", "{}");
        calls.post("/queues/work/resume", "");
        server.call(calls.key(), "PUT", "/queues/work/config", "{\"enabled\":false}");
        server.call(calls.key(), "PUT", "/queues/work/config", "{\"enabled\":true}");
        calls.post("/workers/register", "{\"queue_name\":\"work\",\"hostname\":\"h\",\"worker_id\":\"w1\"}");
        calls.post("/workers/register", "{\"queue_name\":\"work\",\"hostname\":\"h\",\"worker_id\":\"w1\"}");
        calls.post("/workers/w1/deregister", "");
        calls.post("/workers/w1/deregister", "");
        calls.sendDue();
        assertThat(events())
                .containsExactly(
                        "queue.paused",
                        "queue.paused",
                        "queue.resumed",
                        "queue.resumed",
                        "worker.deregistered",
                        "worker.registered");
        assertThat(receiver.received().stream().map(Receiver.Request::text)).anyMatch(text -> text.contains("repairs"));
        assertThat(data(only("worker.registered")).text("worker_id")).isEqualTo("w1");
        assertThat(data(only("worker.registered")).text("hostname")).isEqualTo("h");
        receiver.received().clear();

        calls.post(
                "/schedules",
                "{\"name\":\"tick\",\"cron_expression\":\"* * * * * *\",\"queue_name\":\"ticks\","
                        + "\"payload_template\":{}}");
        server.clock.advance(Duration.ofSeconds(1));
        server.fireSchedules.runOnce();
        calls.sendDue();
        assertThat(events()).containsExactly("job.created", "schedule.triggered");
        assertThat(data(only("schedule.triggered")).text("queue_name")).isEqualTo("ticks");
        assertThat(data(only("schedule.triggered")).text("job_id"))
                .isEqualTo(data(only("job.created")).text("job_id"));
        assertThat(WebhookCalls.count(server, "outbox")).isZero();
        assertThat(calls.get(hook)).contains("\"last_status\":\"success\"", "\"failure_count\":0");
    }

    @Test
    void onlyWhatWasAskedForIsSentAndOnlyToItsOrganization() {
        calls.create(receiver.url("/failed"), "\"job.failed\"", "");
        calls.create(receiver.url("/off"), "\"job.completed\"", ",\"enabled\":false");
        WebhookCalls other = WebhookCalls.of(server);
        other.create(receiver.url("/other"), "\"job.completed\"", "");
        other.create(receiver.url("/another"), "\"job.completed\",\"job.completed\"", "");
        calls.complete("work", "");
        other.complete("work", "");
        calls.sendDue();
        assertThat(receiver.received().stream().map(Receiver.Request::path).sorted())
                .containsExactly("/another", "/other");
        assertThat(WebhookCalls.count(server, "outbox")).isZero();
    }

    private static byte[] hmac(byte[] key, String text) throws Exception {
        Mac mac = Mac.getInstance("HmacSHA256");
        mac.init(new SecretKeySpec(key, "HmacSHA256"));
        return mac.doFinal(text.getBytes(StandardCharsets.UTF_8));
    }

    @Test
    void signaturesCoverTimeAndBodyAsSent() throws Exception {
        String secret = "whsec_" + Base64.getEncoder().encodeToString("0123456789abcdef01234567".getBytes());
        calls.create(receiver.url("/x"), "\"job.created\"", ",\"secret\":\"" + secret + "\"");
        calls.enqueue("signed", ",\"tags\":{\"n\":\"\u00fc\u4e2d\"}");
        calls.sendDue();
        Receiver.Request request = only("job.created");
        String signed = request.header("x-spooled-timestamp") + "." + request.text();
        assertThat(request.header("x-spooled-signature"))
                .isEqualTo("sha256=" + HexFormat.of().formatHex(hmac(secret.getBytes(StandardCharsets.UTF_8), signed)));
        String standard =
                request.header("webhook-id") + "." + request.header("webhook-timestamp") + "." + request.text();
        assertThat(request.header("webhook-signature"))
                .isEqualTo("v1,"
                        + Base64.getEncoder().encodeToString(hmac("0123456789abcdef01234567".getBytes(), standard)));
        assertThat(WebhookCalls.rows(
                        server, "select encode(secret_sealed, 'escape') as s from subscription", row -> row.text("s")))
                .noneMatch(kept -> kept.contains("whsec"));
    }

    @Test
    void completionWebhooksAreFlatAndUnsigned() {
        calls.complete("work", ",\"completion_webhook\":\"" + receiver.url("/done?x=1") + "\"");
        calls.sendDue();
        Receiver.Request done = only("job.completed");
        JsonObject body = Json.object(done.body());
        assertThat(body.text("status")).isEqualTo("completed");
        assertThat(body.text("event")).isEqualTo("job.completed");
        assertThat(body.raw("result")).isEqualTo("{\"total\":1.50}");
        assertThat(body.has("completed_at")).isTrue();
        assertThat(done.headers()).doesNotContainKey("x-spooled-signature");
        String dead =
                calls.enqueue("work", ",\"max_retries\":0,\"completion_webhook\":\"" + receiver.url("/dead") + "\"");
        calls.claim("work");
        calls.post("/jobs/" + dead + "/fail", "{\"worker_id\":\"w\",\"error\":\"bad\"}");
        calls.sendDue();
        JsonObject failed = Json.object(only("job.failed").body());
        assertThat(failed.text("error")).isEqualTo("bad");
        assertThat(failed.text("job_id")).isEqualTo(dead);
    }

    @Test
    void aCompletionWebhookMayHaveASecret() throws Exception {
        String url = receiver.url("/done?x=1");
        String job = calls.complete(
                "work",
                ",\"completion_webhook\":\"" + url + "#part\",\"completion_webhook_secret\":\"the secret of a job\"");
        assertThat(server.get(calls.key(), "/jobs/" + job).body())
                .contains("\"completion_webhook\":\"" + url + "\"")
                .doesNotContain("secret");
        calls.sendDue();
        Receiver.Request request = only("job.completed");
        String signed = request.header("x-spooled-timestamp") + "." + request.text();
        byte[] key = "the secret of a job".getBytes(StandardCharsets.UTF_8);
        assertThat(request.header("x-spooled-signature"))
                .isEqualTo("sha256=" + HexFormat.of().formatHex(hmac(key, signed)));
        assertThat(WebhookCalls.rows(server, "select completion_webhook as w from job", row -> row.text("w")))
                .noneMatch(kept -> kept.contains("the secret"));
        assertThat(calls.post("/jobs", "{\"queue_name\":\"q\",\"payload\":{},\"completion_webhook_secret\":\"s\"}")
                        .statusCode())
                .isEqualTo(400);
        assertThat(calls.post(
                                "/jobs/bulk",
                                "{\"queue_name\":\"bulk\",\"jobs\":[{\"payload\":{},\"completion_webhook\":\"" + url
                                        + "\",\"completion_webhook_secret\":\"s\"}]}")
                        .body())
                .contains("\"success_count\":1");
    }

    @Test
    void aDeliveryIsTriedForDaysAndTheWebhookCountsItOnce() {
        receiver.answers(Answer.status(500));
        String hook = calls.create(receiver.url("/x"), "\"job.created\"", ",\"secret\":\"s3cret-s3cret-s3cret\"");
        calls.enqueue("work", "");
        calls.sendDue();
        long[] plan = {1, 2, 4, 8, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400};
        for (int attempt = 2; attempt <= 13; attempt++) {
            long pause = plan[attempt - 2];
            long step = Math.max(1, pause / 20);
            long waited = 0;
            while (receiver.received().size() < attempt) {
                server.clock.advance(Duration.ofSeconds(step));
                waited += step;
                calls.sendDue();
            }
            assertThat(waited).as("pause before " + attempt).isBetween(pause, pause + pause / 10 + step);
            String state = calls.get(hook);
            assertThat(state).contains("\"failure_count\":" + (attempt < RetryPlan.QUICK ? 0 : 1));
            assertThat(calls.deliveries(hook))
                    .contains("\"status\":\"" + (attempt < RetryPlan.QUICK ? "pending" : "failed"))
                    .contains("\"attempts\":" + attempt, "\"status_code\":500", "\"response_body\":\"ok\"");
        }
        server.clock.advance(Duration.ofDays(3));
        calls.sendDue();
        assertThat(receiver.received()).hasSize(13);
        assertThat(calls.deliveries(hook)).contains("\"next_attempt_at\":null");
        assertThat(receiver.received().stream().map(Receiver.Request::text).distinct())
                .hasSize(1);
        assertThat(receiver.received().stream()
                        .map(request -> request.header("x-spooled-timestamp"))
                        .distinct())
                .hasSize(13);
        assertThat(receiver.received().stream()
                        .map(request -> request.header("x-spooled-signature"))
                        .distinct())
                .hasSize(13);
        assertThat(receiver.received().getLast().header("x-spooled-delivery-attempt"))
                .isEqualTo("13");
    }

    @Test
    void aLateSuccessForgetsTheFailures() {
        receiver.answers(Answer.status(503));
        String hook = calls.create(receiver.url("/x"), "\"job.created\"", "");
        calls.enqueue("work", "");
        for (int i = 0; i < 20; i++) {
            calls.sendDue();
            server.clock.advance(Duration.ofSeconds(1));
        }
        assertThat(calls.get(hook)).contains("\"failure_count\":1", "\"last_status\":\"failed\"");
        receiver.answers(Answer.status(204));
        server.clock.advance(Duration.ofMinutes(6));
        calls.sendDue();
        assertThat(calls.get(hook)).contains("\"failure_count\":0", "\"last_status\":\"success\"");
        assertThat(calls.deliveries(hook))
                .contains("\"status\":\"success\"", "\"attempts\":6", "\"delivered_at\":\"2026");
    }

    @Test
    void aReceiverMayAskForMoreTime() {
        receiver.answers(Answer.with(429, Map.of("Retry-After", "90"), ""));
        calls.create(receiver.url("/x"), "\"job.created\"", "");
        calls.enqueue("work", "");
        calls.sendDue();
        server.clock.advance(Duration.ofSeconds(89));
        calls.sendDue();
        assertThat(receiver.received()).hasSize(1);
        receiver.answers(Answer.with(503, Map.of("Retry-After", "Wed, 25 Nov 2026 12:10:00 GMT"), ""));
        server.clock.advance(Duration.ofSeconds(1));
        calls.sendDue();
        assertThat(receiver.received()).hasSize(2);
        server.clock.advance(Duration.ofSeconds(509));
        calls.sendDue();
        assertThat(receiver.received()).hasSize(2);
        server.clock.advance(Duration.ofSeconds(1));
        calls.sendDue();
        assertThat(receiver.received()).hasSize(3);
    }

    @Test
    void twentyFailedDeliveriesDisableTheWebhook() {
        receiver.answers(Answer.status(500));
        String hook = calls.create(receiver.url("/x"), "\"job.created\"", "");
        for (int i = 0; i < 25; i++) {
            calls.enqueue("work", "");
        }
        for (int i = 0; i < 20; i++) {
            calls.sendDue();
            server.clock.advance(Duration.ofSeconds(1));
        }
        assertThat(calls.get(hook)).contains("\"enabled\":false", "\"last_status\":\"auto_disabled\"");
        assertThat(server.get(calls.key(), "/audit").body())
                .contains("\"action\":\"webhook disabled\"", "\"actor\":\"server\"", hook);
        int before = receiver.received().size();
        server.clock.advance(Duration.ofDays(1));
        calls.sendDue();
        assertThat(receiver.received()).hasSize(before);
        server.webhooks.history().runOnce();
        assertThat(WebhookCalls.count(server, "delivery where next_at is not null"))
                .isZero();
        assertThat(WebhookCalls.count(server, "delivery where status = 'failed'"))
                .isEqualTo(25);

        receiver.answers(Answer.status(200));
        receiver.received().clear();
        assertThat(calls.post("/outgoing-webhooks/" + hook + "/recover", "{\"since\":\"2026-11-25T00:00:00Z\"}")
                        .statusCode())
                .isEqualTo(409);
        String enabled = server.call(calls.key(), "PUT", "/outgoing-webhooks/" + hook, "{\"enabled\":true}")
                .body();
        assertThat(enabled).contains("\"failure_count\":0", "\"enabled\":true");
        assertThat(calls.post("/outgoing-webhooks/" + hook + "/recover", "{\"since\":\"2026-11-25T00:00:00Z\"}")
                        .body())
                .isEqualTo("{\"recovered\":25}");
        calls.sendDue();
        calls.sendDue();
        assertThat(receiver.received()).hasSize(25);
        assertThat(WebhookCalls.count(server, "delivery where status = 'success'"))
                .isEqualTo(25);
    }

    @Test
    void theOrganizationIsWrittenTo() throws Exception {
        try (var mail = new SmtpSink();
                var other =
                        new TestServer(Registration.CLOSED, new SmtpPostbox(mail.address(), "spooled@example.com"))) {
            var those = WebhookCalls.of(other);
            WebhookCalls.execute(other, "update organization set billing_email = 'ops@example.com'");
            receiver.answers(Answer.status(410));
            String hook = those.create(receiver.url("/x"), "\"job.created\"", "");
            those.enqueue("work", "");
            those.sendDue();
            assertThat(mail.next(10)).contains("ops@example.com", "A webhook was disabled: hook", hook);
        }
    }

    @Test
    void deletedOrganizationsAreNotCalledFor() {
        calls.create(receiver.url("/x"), "\"job.created\"", "");
        calls.complete("work", ",\"completion_webhook\":\"" + receiver.url("/done") + "\"");
        server.webhooks.fanOut().runOnce();
        WebhookCalls.execute(server, "update organization set deleted_at = now()");
        calls.sendDue();
        assertThat(receiver.received()).isEmpty();
        assertThat(WebhookCalls.count(server, "delivery where next_at is not null"))
                .isEqualTo(2);
    }

    /// What others wrote is JSON when it comes; if it ever were not, one event would not hold up all others.
    @Test
    void anEventThatCannotBeWrittenGoesWithoutItsResult() {
        calls.create(receiver.url("/x"), "\"job.completed\"", "");
        calls.complete("work", "");
        String broken = calls.complete("work", "");
        calls.complete("work", "");
        WebhookCalls.execute(server, "update outbox set result = '{oops' where subject = '" + broken + "'");
        calls.sendDue();
        assertThat(receiver.received()).hasSize(3);
        assertThat(receiver.received().stream().map(Receiver.Request::text))
                .filteredOn(text -> text.contains(broken))
                .singleElement()
                .asString()
                .contains("\"result_omitted\" : true");
    }

    @Test
    void aLargeResultIsLeftOut() {
        calls.create(receiver.url("/x"), "\"job.completed\"", "");
        calls.complete("work", "");
        WebhookCalls.execute(
                server, "update outbox set result = '\"' || repeat('x', " + FanOut.RESULT_MAX + ") || '\"'");
        calls.sendDue();
        assertThat(only("job.completed").text())
                .hasSizeLessThan(2_000)
                .contains("\"result\" : null", "\"result_omitted\" : true");
    }

    @Test
    void goneDisablesAtOnce() {
        receiver.answers(Answer.status(410));
        String hook = calls.create(receiver.url("/x"), "\"job.created\"", "");
        calls.enqueue("work", "");
        calls.sendDue();
        assertThat(calls.get(hook)).contains("\"enabled\":false", "\"last_status\":\"auto_disabled\"");
        assertThat(calls.deliveries(hook)).contains("\"status\":\"failed\"", "\"status_code\":410");
        assertThat(server.send(server.to("/metrics")).body())
                .contains("spooled_webhooks_attempts_total{outcome=\"refused\"} 1.0")
                .contains("spooled_webhooks_disabled_total 1.0", "spooled_webhooks_sending{cell=\"0\"} 0.0")
                .contains(
                        "spooled_webhooks_sending_slow{cell=\"0\"} 0.0",
                        "spooled_webhooks_attempt_duration_seconds_count 1");
    }

    @Test
    void redirectsAreFailures() {
        var inside = new Receiver();
        receiver.answers(Answer.with(302, Map.of("Location", inside.url("/secret")), ""));
        String hook = calls.create(receiver.url("/x"), "\"job.created\"", "");
        calls.enqueue("work", "");
        calls.sendDue();
        assertThat(calls.deliveries(hook)).contains("\"status_code\":302", "\"status\":\"pending\"");
        assertThat(inside.received()).isEmpty();
        inside.close();
    }

    /// A node leased a delivery and died: another sends it when the lease has run out, not before.
    @Test
    void whatADeadNodeHadInHandIsSentByAnother() {
        calls.create(receiver.url("/x"), "\"job.created\"", "");
        calls.enqueue("work", "");
        server.webhooks.fanOut().runOnce();
        var dead = new Deliveries(server.database.db(), server.clock, 0);
        var wanted = new Deliveries.Wanted("", 10, 10, Map.of(), Duration.ofSeconds(60));
        var leased = dead.exchange(List.of(), wanted, new ArrayList<>());
        assertThat(leased.due()).hasSize(1);
        calls.sendDue();
        server.clock.advance(Duration.ofSeconds(59));
        calls.sendDue();
        assertThat(receiver.received()).isEmpty();
        server.clock.advance(Duration.ofSeconds(1));
        calls.sendDue();
        assertThat(receiver.received()).hasSize(1);
        Outcome late = Outcome.planned(
                leased.due().getFirst(), leased.until(), Answered.failed("late", 1), server.clock.now());
        dead.record(List.of(late));
        assertThat(WebhookCalls.rows(server, "select status from delivery", row -> row.text("status")))
                .containsExactly("success");
    }
}
