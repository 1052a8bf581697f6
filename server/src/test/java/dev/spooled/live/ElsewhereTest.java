package dev.spooled.live;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spooled.bus.Bus;
import dev.spooled.bus.InProcess;
import dev.spooled.bus.Message;
import dev.spooled.bus.Message.Happened;
import dev.spooled.bus.Message.Listening;
import dev.spooled.bus.NodeBus;
import dev.spooled.support.Await;
import dev.spooled.support.TestServer;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// A server with listeners, and another node of which only the bus is there.
final class ElsewhereTest {
    private final InProcess exchange = new InProcess();
    private final NodeBus bus = new NodeBus(UUID.randomUUID(), exchange.join(), () -> false);
    private final NodeBus other = new NodeBus(UUID.randomUUID(), exchange.join(), () -> false);
    private final TestServer server = new TestServer();

    @AfterEach
    void close() {
        server.close();
        other.close();
        bus.close();
    }

    private <M extends Message> ConcurrentLinkedQueue<M> heard(Class<M> kind) {
        var heard = new ConcurrentLinkedQueue<M>();
        Bus.onEach(other, kind, heard::add);
        return heard;
    }

    private void enqueue(String queue) {
        var made = server.post("/jobs", "{\"queue_name\":\"" + queue + "\",\"payload\":{}}");
        assertThat(made.statusCode()).isEqualTo(201);
    }

    /// The number of the organization, as the server tells the other node that somebody listens.
    private static int org(ConcurrentLinkedQueue<Listening> listening) {
        Await.until(() -> listening.stream().anyMatch(it -> !it.orgs().isEmpty()), any -> any);
        return listening.stream().flatMap(it -> it.orgs().stream()).findFirst().orElseThrow();
    }

    @Test
    void onlyWhatSomebodyListensToIsTold() {
        var listening = heard(Listening.class);
        var happened = heard(Happened.class);
        server.hub().shareOver(bus);
        enqueue("nobody");
        try (var stream = EventStream.open(server, server.key, "/events?events=job.created")) {
            assertThat(stream.response().statusCode()).isEqualTo(200);
            int org = org(listening);
            enqueue("somebody-here");
            assertThat(stream.event().type()).isEqualTo("JobCreated");
            assertThat(happened).isEmpty();
            other.publish(new Listening(List.of(org)));
            Await.until(
                    () -> {
                        enqueue("somebody-there");
                        return happened.size();
                    },
                    n -> n > 0);
            assertThat(happened).allMatch(it -> it.org() == org);
        }
    }

    @Test
    void thatSomethingWasLostIsToldToEverybody() {
        var listening = heard(Listening.class);
        server.hub().shareOver(bus);
        try (var all = EventStream.open(server, server.key, "/events");
                var narrow = EventStream.open(server, server.key, "/events?queue=one&events=job.failed")) {
            int org = org(listening);
            other.publish(new Happened(org, new byte[] {'?', 1, 2, 3}));
            other.publish(new Happened(org, new byte[other.largest() + 1]));
            assertThat(all.event("Error").inside("message").asString()).contains("other servers");
            assertThat(narrow.event("Error").inside("message").asString()).contains("other servers");
            enqueue("one");
            assertThat(all.event("JobCreated").json().get("queue_name").asString())
                    .isEqualTo("one");
        }
    }
}
