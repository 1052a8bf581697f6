package dev.spooled.webhooks;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpExchange;
import dev.spooled.App;
import dev.spooled.config.ConfigReader;
import dev.spooled.db.Args;
import dev.spooled.db.Sql;
import dev.spooled.json.Json;
import dev.spooled.support.Receiver;
import dev.spooled.support.Receiver.Answer;
import dev.spooled.support.TestDb;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.HdrHistogram.ConcurrentHistogram;
import org.HdrHistogram.Histogram;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// A minute of webhooks to 200 endpoints, of which one never answers, one takes 29 seconds and the others
/// answer 500 to one call in twenty. Every delivery is accounted for; how long healthy ones took is printed.
@Tag("soak")
class WebhookSoakTest {
    private static final int ENDPOINTS = 200;
    private static final int SECONDS = 60;
    private static final int FAILING_PERCENT = 5;
    private static final int SETTLES_WITHIN_SECONDS = 60;

    /// Nobody healthy waits for as long as an attempt at the slow endpoint takes.
    private static final long HELD_UP_MS = 29_000;

    @TempDir
    private Path data;

    private final Map<Integer, Set<String>> accepted = new ConcurrentHashMap<>();
    private final Histogram firstAttempts = new ConcurrentHistogram(600_000, 3);
    private final HttpClient client = HttpClient.newHttpClient();

    private void answer(HttpExchange exchange) throws IOException {
        int endpoint = Integer.parseInt(exchange.getRequestURI().getPath().substring(1));
        if (endpoint == 0) {
            LockSupport.parkNanos(TimeUnit.SECONDS.toNanos(3_600));
        } else if (endpoint == 1) {
            pause(29);
            accept(exchange, endpoint);
        } else if (ThreadLocalRandom.current().nextInt(100) < FAILING_PERCENT) {
            Answer.status(500).to(exchange);
        } else {
            accept(exchange, endpoint);
        }
    }

    private static void pause(int seconds) {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(seconds);
        while (System.nanoTime() < end) {
            LockSupport.parkNanos(end - System.nanoTime());
        }
    }

    private void accept(HttpExchange exchange, int endpoint) throws IOException {
        String id = exchange.getRequestHeaders().getFirst("webhook-id");
        accepted.computeIfAbsent(endpoint, e -> ConcurrentHashMap.newKeySet()).add(id);
        Answer.status(200).to(exchange);
    }

    private void noteLatency(Receiver.Request request) {
        if (request.path().length() > 2
                && request.header("x-spooled-delivery-attempt").equals("1")) {
            Instant created = Instant.parse(Json.object(request.body()).text("created_at"));
            long millis = java.time.Duration.between(created, Instant.now()).toMillis();
            firstAttempts.recordValue(Math.clamp(millis, 0, 600_000));
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {200, 1_000})
    void everyDeliveryIsAccountedFor(int rate) throws Exception {
        try (TestDb database = TestDb.create();
                var receiver = new Receiver();
                App app = app(database)) {
            receiver.answers(this::answer);
            receiver.hears(this::noteLatency);
            String key = Files.readString(data.resolve("default.key")).strip();
            for (int endpoint = 0; endpoint < ENDPOINTS; endpoint++) {
                post(
                        app,
                        key,
                        "/outgoing-webhooks",
                        "{\"name\":\"" + endpoint + "\",\"url\":\"" + receiver.url("/" + endpoint)
                                + "\",\"events\":[\"job.created\"],\"secret\":\"a-secret-of-the-soak\"}");
            }
            int jobs = rate * SECONDS / ENDPOINTS;
            long start = System.nanoTime();
            for (int i = 0; i < jobs; i++) {
                long due = start + TimeUnit.SECONDS.toNanos(1) * i * ENDPOINTS / rate;
                while (System.nanoTime() < due) {
                    LockSupport.parkNanos(due - System.nanoTime());
                }
                post(app, key, "/jobs", "{\"queue_name\":\"soak\",\"payload\":{\"n\":" + i + "}}");
            }
            long settled = System.nanoTime() + TimeUnit.SECONDS.toNanos(SETTLES_WITHIN_SECONDS);
            while (System.nanoTime() < settled && !allHealthyAreAccepted(jobs)) {
                LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(200));
            }
            report(rate, jobs, System.nanoTime() - start);
            for (int endpoint = 2; endpoint < ENDPOINTS; endpoint++) {
                var known = new HashSet<String>(accepted.getOrDefault(endpoint, Set.of()));
                known.addAll(ids(database, receiver.url("/" + endpoint), "waiting"));
                assertThat(known).as("endpoint " + endpoint).hasSize(jobs);
            }
            assertThat(ids(database, receiver.url("/0"), "success")).isEmpty();
            assertThat(ids(database, receiver.url("/0"), "any")).hasSize(jobs);
            var slow = new HashSet<String>(ids(database, receiver.url("/1"), "any"));
            slow.addAll(accepted.getOrDefault(1, Set.of()));
            assertThat(slow).hasSize(jobs);
            assertThat(firstAttempts.getValueAtPercentile(95)).isLessThan(HELD_UP_MS);
        }
    }

    private boolean allHealthyAreAccepted(int jobs) {
        for (int endpoint = 2; endpoint < ENDPOINTS; endpoint++) {
            if (accepted.getOrDefault(endpoint, Set.of()).size() < jobs) {
                return false;
            }
        }
        return true;
    }

    private void report(int rate, int jobs, long nanos) {
        System.out.printf(
                "webhook soak: asked %d/s, %d jobs to %d endpoints, done in %.1f s; event to first attempt at healthy endpoints:"
                        + " p50 %d ms, p95 %d ms, p99 %d ms, max %d ms; slow endpoint accepted %d%n",
                rate,
                jobs,
                ENDPOINTS,
                nanos / 1e9,
                firstAttempts.getValueAtPercentile(50),
                firstAttempts.getValueAtPercentile(95),
                firstAttempts.getValueAtPercentile(99),
                firstAttempts.getMaxValue(),
                accepted.getOrDefault(1, Set.of()).size());
    }

    private static List<String> ids(TestDb database, String url, String status) {
        String query =
                "select d.id::text as id from delivery d join subscription s on s.id = d.subscription where s.url = '"
                        + url + "'"
                        + switch (status) {
                            case "any" -> "";
                            case "waiting" -> " and d.status <> 'success' and d.next_at is not null";
                            default -> " and d.status = '" + status + "'";
                        };
        return database.db()
                .asEngine(tx -> tx.list(new Sql("test", query, List.of()), Args.NONE, row -> row.text("id")));
    }

    private void post(App app, String key, String path, String json) throws Exception {
        HttpResponse<String> answer = client.send(
                HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + app.port() + "/api/v1" + path))
                        .header("Authorization", "Bearer " + key)
                        .header("Content-Type", "application/json")
                        .POST(BodyPublishers.ofString(json))
                        .build(),
                BodyHandlers.ofString());
        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(201);
    }

    private App app(TestDb database) {
        var address = database.address();
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
                                "SPOOLED_WEBHOOK_ALLOW", "127.0.0.1",
                                "SPOOLED_DATA_DIR", data.toString())))
                .start();
    }
}
