package dev.spooled.webhooks;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spooled.support.Receiver;
import dev.spooled.support.TestServer;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// Part 4 of grpc-realtime.md, number 12. 1 to 7 are `GrpcTrapsTest`, 8 to 11 `LiveTrapsTest`.
final class WebhookTrapsTest {
    @Test
    void trap12WhatTheSignatureCoversAndWhereTheJobIs() throws Exception {
        try (var server = new TestServer();
                var receiver = new Receiver()) {
            var calls = WebhookCalls.of(server);
            calls.create(receiver.url("/hook"), "\"job.completed\"", ",\"secret\":\"a secret of ours\"");
            server.chores.noteHooks().runOnce();
            String job = calls.complete("trap", "");
            calls.sendDue();
            Receiver.Request request = receiver.received().getFirst();
            var mac = Mac.getInstance("HmacSHA256");
            mac.init(new SecretKeySpec("a secret of ours".getBytes(StandardCharsets.UTF_8), "HmacSHA256"));
            mac.update((request.header("x-spooled-timestamp") + ".").getBytes(StandardCharsets.UTF_8));
            assertThat(request.header("x-spooled-signature"))
                    .isEqualTo("sha256=" + HexFormat.of().formatHex(mac.doFinal(request.body())));
            JsonNode body = new JsonMapper().readTree(request.body());
            assertThat(body.get("data").get("job_id").asString()).isEqualTo(job);
            assertThat(body.has("job_id")).isFalse();
            assertThat(body.has("queue_name")).isFalse();
            assertThat(body.get("event").asString()).isEqualTo("job.completed");
        }
    }
}
