package dev.spooled.webhooks;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spooled.metrics.Metrics;
import dev.spooled.orgs.Plans;
import dev.spooled.support.Await;
import dev.spooled.support.Receiver;
import dev.spooled.support.TestServer;
import java.net.InetAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// Several nodes on one database, and receivers that do not answer beside others that do.
class SeveralSendersTest {
    private TestServer server;
    private Receiver receiver;
    private WebhookCalls calls;
    private final List<OutgoingWebhooks> nodes = new ArrayList<>();

    @BeforeEach
    void open() {
        server = new TestServer();
        receiver = new Receiver();
        calls = WebhookCalls.of(server);
    }

    @AfterEach
    void close() {
        nodes.forEach(OutgoingWebhooks::close);
        server.close();
        receiver.close();
    }

    private OutgoingWebhooks node(int atOnce, Duration patience) {
        var options = new OutgoingWebhooks.Options(
                TestServer.TARGETS,
                InetAddress::getAllByName,
                atOnce,
                patience,
                (tx, org) -> {},
                () -> {},
                entry -> {},
                null);
        var node = new OutgoingWebhooks(
                server.database.db(), server.clock, 0, server.seal, new Plans(true), new Metrics().registry(), options);
        nodes.add(node);
        return node;
    }

    private void enqueue(int jobs) {
        for (int i = 0; i < jobs; i += 50) {
            String many = "{\"payload\":{}},".repeat(50);
            String body = "{\"queue_name\":\"many\",\"jobs\":[" + many.substring(0, many.length() - 1) + "]}";
            assertThat(calls.post("/jobs/bulk", body).statusCode()).isEqualTo(200);
        }
    }

    @Test
    void eachDeliveryIsMadeAndSentByOneNode() throws Exception {
        calls.create(receiver.url("/a"), "\"job.created\"", "");
        calls.create(receiver.url("/b"), "\"job.created\"", "");
        for (int i = 0; i < 3; i++) {
            node(16, Duration.ofSeconds(5));
        }
        enqueue(200);
        List<Callable<Void>> work = new ArrayList<>();
        for (OutgoingWebhooks node : nodes) {
            work.add(() -> {
                WebhookCalls.sendDue(node);
                return null;
            });
        }
        try (var threads = Executors.newFixedThreadPool(nodes.size())) {
            while (WebhookCalls.count(server, "delivery where status <> 'success'")
                            + WebhookCalls.count(server, "outbox")
                    > 0) {
                for (Future<Void> done : threads.invokeAll(work)) {
                    done.get();
                }
            }
        }
        assertThat(receiver.received()).hasSize(400);
        var ids = new HashSet<String>();
        receiver.received().forEach(request -> ids.add(request.header("webhook-id")));
        assertThat(ids).hasSize(400);
        assertThat(WebhookCalls.count(server, "delivery where attempts <> 1")).isZero();
    }

    /// With room for few at once, those whose turn it is later are not left over for ever.
    @Test
    void everybodyHasATurnWhileMuchWaits() {
        var node = node(4, Duration.ofSeconds(30));
        for (int i = 0; i < 20; i++) {
            calls.create(receiver.url("/" + i), "\"job.created\"", "");
        }
        enqueue(50);
        while (node.fanOut().runOnce()) {}
        Await.until(
                () -> {
                    node.deliver().pass();
                    return receiver.received().size();
                },
                received -> received >= 100);
        assertThat(receiver.received().stream()
                        .limit(100)
                        .map(Receiver.Request::path)
                        .distinct())
                .hasSizeGreaterThanOrEqualTo(15);
    }

    @Test
    void whoNeverAnswersHoldsUpNobodyElse() {
        var never = new CountDownLatch(1);
        var dead = new Receiver();
        dead.answers(exchange -> {
            try {
                never.await();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
            exchange.close();
        });
        var node = node(8, Duration.ofSeconds(30));
        for (int i = 0; i < 4; i++) {
            calls.create(dead.url("/" + i), "\"job.created\"", "");
        }
        calls.create(receiver.url("/alive"), "\"job.created\"", "");
        enqueue(200);
        while (node.fanOut().runOnce()) {}
        Await.until(
                () -> {
                    node.deliver().pass();
                    return receiver.received().size();
                },
                received -> received == 200);
        assertThat(dead.received()).hasSizeBetween(4, 8);
        Await.until(
                () -> {
                    node.deliver().pass();
                    return WebhookCalls.count(server, "delivery where status = 'success'");
                },
                written -> written == 200);
        never.countDown();
        dead.close();
    }
}
