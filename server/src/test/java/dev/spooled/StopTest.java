package dev.spooled;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spooled.config.ConfigReader;
import dev.spooled.db.DbAddress;
import dev.spooled.support.Await;
import dev.spooled.support.TestDb;
import io.grpc.ManagedChannel;
import io.grpc.ManagedChannelBuilder;
import io.grpc.health.v1.HealthCheckRequest;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.health.v1.HealthGrpc;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// How a server stops behind a balancer: it says that it is not ready, goes on serving for the delay that it was given,
/// and only then ends what is open.
class StopTest {
    @TempDir
    private Path data;

    private final HttpClient client = HttpClient.newHttpClient();

    @Test
    void aStoppingServerServesUntilBalancersHaveSeenIt() throws Exception {
        try (var database = TestDb.create()) {
            var app = app(database).start();
            String key = Files.readString(data.resolve("default.key")).strip();
            HttpResponse<InputStream> events =
                    client.send(get(app, key, "/api/v1/events"), BodyHandlers.ofInputStream());
            Thread stop = Thread.ofVirtual().start(app::close);
            Await.until(() -> status(app, "/health/ready"), status -> status == 503);
            HttpResponse<String> enqueued = client.send(
                    HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + app.port() + "/api/v1/jobs"))
                            .header("Authorization", "Bearer " + key)
                            .header("Content-Type", "application/json")
                            .POST(BodyPublishers.ofString("{\"queue_name\":\"last\",\"payload\":{}}"))
                            .build(),
                    BodyHandlers.ofString());
            assertThat(enqueued.statusCode()).isEqualTo(201);
            assertThat(enqueued.headers().firstValue("Connection")).contains("close");
            assertThat(grpcHealth(app)).isEqualTo(ServingStatus.NOT_SERVING);
            assertThat(stop.isAlive()).isTrue();
            String heard = new String(events.body().readAllBytes(), StandardCharsets.UTF_8);
            assertThat(heard).contains("JobCreated");
            assertThat(stop.join(java.time.Duration.ofSeconds(30))).isTrue();
        }
    }

    private int status(App app, String path) {
        try {
            return client.send(get(app, "", path), BodyHandlers.discarding()).statusCode();
        } catch (IOException e) {
            return 0;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return 0;
        }
    }

    private static HttpRequest get(App app, String key, String path) {
        return HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + app.port() + path))
                .header("Authorization", "Bearer " + key)
                .build();
    }

    private static ServingStatus grpcHealth(App app) throws InterruptedException {
        ManagedChannel channel = ManagedChannelBuilder.forAddress("127.0.0.1", app.grpcPort())
                .usePlaintext()
                .build();
        try {
            return HealthGrpc.newBlockingStub(channel)
                    .withDeadlineAfter(5, TimeUnit.SECONDS)
                    .check(HealthCheckRequest.getDefaultInstance())
                    .getStatus();
        } finally {
            channel.shutdownNow().awaitTermination(5, TimeUnit.SECONDS);
        }
    }

    private App app(TestDb database) {
        DbAddress address = database.address();
        String url = address.jdbcUrl()
                .replace("jdbc:postgresql://", "postgres://" + address.user() + ":" + address.password() + "@");
        return new App(ConfigReader.read(
                Map.of(),
                Map.of(
                        "HOST", "127.0.0.1",
                        "PORT", "0",
                        "GRPC_PORT", "0",
                        "METRICS_PORT", "0",
                        "DATABASE_URL", url,
                        "SPOOLED_DRAIN_DELAY_SECONDS", "2",
                        "SPOOLED_DATA_DIR", data.toString())));
    }
}
