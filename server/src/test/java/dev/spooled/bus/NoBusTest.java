package dev.spooled.bus;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spooled.support.Await;
import dev.spooled.support.RedisServer;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.Map;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;

/// Two servers that were told of a Redis which is not there: they do everything, only later.
final class NoBusTest extends TwoNodes {
    private int queues;

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

    /// What it has just looked up a node may believe for a while, and no longer.
    @Test
    void whatIsChangedHereHoldsThereWithinFiveSeconds() {
        var made = here.post(key, "/api-keys", "{\"name\":\"narrowed\"}");
        String narrowed = text(made, "key");
        within(
                () -> here.call(key, "PUT", "/api/v1/api-keys/" + text(made, "id"), "{\"queues\":[\"other\"]}"),
                () -> claim(narrowed, "narrow").statusCode(),
                200,
                403);

        assertThat(there.post(key, "/jobs", "{\"queue_name\":\"halted\",\"payload\":{}}")
                        .statusCode())
                .isEqualTo(201);
        assertThat(here.post(key, "/queues/halted/pause", "{}").statusCode()).isEqualTo(200);
        assertThat(claim(key, "halted").body())
                .as("a pause is no matter of seconds")
                .contains("\"jobs\":[]");
        within(
                () -> here.post(key, "/queues/halted/resume", "{}"),
                () -> claim(key, "halted").body().contains("\"jobs\":[]"),
                true,
                false);

        within(
                () -> here.call(key, "PUT", "/api/v1/queues/tried/config", "{\"max_retries\":7}"),
                () -> retriesOf("tried"),
                3,
                7);

        var mine = JSON.readTree(here.get(key, "/api/v1/organizations").body()).get(0);
        String org = "/api/v1/admin/organizations/" + mine.get("id").asString();
        within(
                () -> here.call("", "PATCH", org, "{\"custom_limits\":{\"max_queues\":1}}"),
                this::anotherQueue,
                200,
                429);
    }

    private int anotherQueue() {
        String path = "/api/v1/queues/one-more-" + ++queues + "/config";
        return there.call(key, "PUT", path, "{\"max_retries\":1}").statusCode();
    }

    private HttpResponse<String> claim(String as, String queue) {
        return there.post(as, "/jobs/claim", "{\"queue_name\":\"" + queue + "\",\"worker_id\":\"w\"}");
    }

    private int retriesOf(String queue) {
        String job = text(there.post(key, "/jobs", "{\"queue_name\":\"" + queue + "\",\"payload\":{}}"), "id");
        return JSON.readTree(there.get(key, "/api/v1/jobs/" + job).body())
                .get("max_retries")
                .asInt();
    }

    private static <T> void within(Supplier<HttpResponse<String>> change, Supplier<T> there, T before, T after) {
        assertThat(there.get()).isEqualTo(before);
        var answer = change.get();
        assertThat(answer.statusCode()).as(answer.body()).isLessThan(300);
        Await.until(Duration.ofSeconds(5), there, after::equals);
    }
}
