package dev.spooled.bus;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spooled.support.Await;
import dev.spooled.support.RedisServer;
import java.util.Map;
import org.junit.jupiter.api.Test;

/// Two servers that were told of a Redis which is not there: they do everything, only later.
final class NoBusTest extends TwoNodes {
    @Override
    Map<String, String> environment() {
        return Map.of("REDIS_URL", RedisServer.nowhere());
    }

    @Override
    String health() {
        return "\"bus\":\"degraded\"";
    }

    @Override
    int wakes() {
        return 3;
    }

    /// A sweep comes each second, and takes its time.
    @Override
    long wakeMillis() {
        return 2_000;
    }

    @Override
    long revokedMillis() {
        return 5_000;
    }

    @Test
    void bothAreReadyAndSayWhatIsAmiss() {
        assertThat(here.get("", "/health/ready").statusCode()).isEqualTo(200);
        assertThat(there.get("", "/health/ready").statusCode()).isEqualTo(200);
        String body = Await.until(() -> here.get("", "/health").body(), it -> it.contains("\"bus\":\"degraded\""));
        assertThat(body).contains("\"status\":\"degraded\"", "\"database\":true");
    }
}
