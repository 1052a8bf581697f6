package dev.spooled.bus;

import dev.spooled.support.RedisServer;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;

/// With a Redis between them.
final class TwoNodesRedisTest extends TwoNodes {
    private static final RedisServer SERVER = RedisServer.start();

    @Override
    Map<String, String> environment() {
        return Map.of("REDIS_URL", SERVER.url());
    }

    @AfterAll
    static void stopRedis() {
        SERVER.close();
    }
}
