package dev.spooled.bus;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spooled.bus.Bus.State;
import dev.spooled.bus.Message.Happened;
import dev.spooled.redis.Redis;
import dev.spooled.support.Await;
import dev.spooled.support.RedisServer;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// Over a Redis, which may also be killed, frozen, emptied or never there.
final class RedisBusTest extends BusConformance {
    private static final RedisServer SERVER = RedisServer.start();
    /// Less than anything waits for a Redis, more than a busy machine takes.
    private static final long AT_ONCE_NANOS = 900_000_000;

    private final List<Redis> clients = new ArrayList<>();
    private final String installation = "test-" + UUID.randomUUID();

    @AfterAll
    static void stop() {
        SERVER.close();
    }

    @AfterEach
    void closeClients() {
        closeAll();
        clients.forEach(Redis::close);
    }

    private Link linkTo(String url) {
        var redis = new Redis(url);
        clients.add(redis);
        return new RedisLink(redis, installation);
    }

    @Override
    Link link() {
        return linkTo(SERVER.url());
    }

    @Override
    void cut() {
        assertThat(SERVER.ask("CLIENT KILL TYPE pubsub")).startsWith(":");
        assertThat(SERVER.ask("CLIENT KILL TYPE normal")).startsWith(":");
    }

    /// The longest of many publications, in nanoseconds.
    private static long slowestOf(NodeBus bus, int many) {
        long slowest = 0;
        for (int i = 0; i < many; i++) {
            long at = System.nanoTime();
            bus.publish(new Happened(1, new byte[1_000]));
            slowest = Math.max(slowest, System.nanoTime() - at);
        }
        return slowest;
    }

    private static void isHeard(NodeBus from, Ear<Happened> ear) {
        int before = ear.count.get();
        Await.until(
                () -> {
                    from.publish(happened(2, 1));
                    return ear.count.get();
                },
                n -> n > before);
    }

    @Test
    void oneThatIsKilledFrozenOrEmptiedHoldsUpNobody() {
        try (RedisServer mortal = RedisServer.start()) {
            NodeBus one = bus(linkTo(mortal.url()));
            NodeBus other = bus(linkTo(mortal.url()));
            acquaint(one, other);
            Ear<Happened> ear = ear(other, Happened.class);
            assertThat(mortal.ask("FLUSHALL")).startsWith("+OK");
            isHeard(one, ear);
            assertThat(one.state()).isEqualTo(State.OK);

            mortal.kill();
            assertThat(slowestOf(one, 50_000)).isLessThan(AT_ONCE_NANOS);
            Await.until(one::state, state -> state == State.DEGRADED);
            assertThat(one.waitingBytes()).isLessThanOrEqualTo(Outgoing.MAX_BYTES);
            mortal.restart();
            Await.until(one::state, state -> state == State.OK);
            isHeard(one, ear);
            Await.until(ear.missed::get, n -> n > 0);

            mortal.freeze();
            assertThat(slowestOf(one, 50_000)).isLessThan(AT_ONCE_NANOS);
            Await.until(one::state, state -> state == State.DEGRADED);
            Await.until(other::state, state -> state == State.DEGRADED);
            mortal.thaw();
            Await.until(one::state, state -> state == State.OK);
            isHeard(one, ear);
        }
    }

    @Test
    void oneThatIsNotThereIsWaitedForByNobody() {
        long begun = System.nanoTime();
        NodeBus bus = bus(linkTo(RedisServer.nowhere()));
        assertThat(slowestOf(bus, 10_000)).isLessThan(AT_ONCE_NANOS);
        Await.until(bus::state, state -> state == State.DEGRADED);
        assertThat(System.nanoTime() - begun).isLessThan(5_000_000_000L);
    }

    @Test
    void installationsOnOneRedisDoNotHearEachOther() {
        NodeBus ours = bus();
        NodeBus alsoOurs = bus();
        acquaint(ours, alsoOurs);
        var redis = new Redis(SERVER.url());
        clients.add(redis);
        NodeBus stranger = bus(new RedisLink(redis, "test-" + UUID.randomUUID()));
        Ear<Happened> ear = ear(ours, Happened.class);
        Await.until(stranger::state, state -> state == State.OK);
        stranger.publish(happened(1, 666));
        isHeard(alsoOurs, ear);
        assertThat(ear.heard.stream().map(BusConformance::number)).doesNotContain(666);
    }
}
