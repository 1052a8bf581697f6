package dev.spooled;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spooled.config.ConfigReader;
import dev.spooled.db.DbAddress;
import dev.spooled.db.EmbeddedPostgres;
import dev.spooled.db.PostgresOptions;
import dev.spooled.support.Await;
import dev.spooled.support.CuttingProxy;
import dev.spooled.support.Hardship;
import dev.spooled.support.TestDb;
import dev.spooled.support.TestLane;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAccumulator;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Predicate;
import java.util.function.Supplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// A server on a PostgreSQL of its own that can be done things to, with callers that enqueue and list over HTTP without
/// pause; keeps what each was answered.
final class ServerInTrouble implements AutoCloseable {
    /// SDKs give up after 30 seconds.
    private static final Duration ANSWER_WITHIN = Duration.ofSeconds(25);

    private static final Duration READINESS_WITHIN = Duration.ofSeconds(2);
    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final int CALLERS = 3;
    private static final Pattern ID = Pattern.compile("\"id\":\"([^\"]+)\"");

    private final HttpClient client =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    private final Queue<String> acknowledged = new ConcurrentLinkedQueue<>();
    private final AtomicInteger refusedEnqueues = new AtomicInteger();
    private final AtomicInteger refusedReads = new AtomicInteger();
    private final AtomicInteger readsAnswered = new AtomicInteger();
    private final LongAccumulator slowestNanos = new LongAccumulator(Math::max, 0);
    private final Queue<String> wrong = new ConcurrentLinkedQueue<>();
    private final List<Thread> callers = new ArrayList<>();
    private final Path folder;
    private final PostgresOptions options;
    private final DbAddress address;
    private final @Nullable CuttingProxy network;
    private final App app;
    private final String key;
    private EmbeddedPostgres postgres;
    private volatile int payload;
    private volatile boolean over;

    ServerInTrouble(Path data, Map<String, String> ofPostgres) throws IOException {
        this(data, ofPostgres, false);
    }

    /// `acrossNetwork`: the server reaches PostgreSQL over what `network` gives.
    ServerInTrouble(Path data, Map<String, String> ofPostgres, boolean acrossNetwork) throws IOException {
        folder = data.resolve("database");
        options = new PostgresOptions(TestDb.BINARIES, ofPostgres);
        postgres = EmbeddedPostgres.start(folder, options, line -> {});
        address = postgres.address();
        network = acrossNetwork ? CuttingProxy.before(address) : null;
        String url = (network == null ? address : network.address())
                .jdbcUrl()
                .replace("jdbc:postgresql://", "postgres://" + address.user() + ":" + address.password() + "@");
        Path own = data.resolve("server");
        var settings = new HashMap<>(TestLane.setting());
        settings.put("HOST", "127.0.0.1");
        settings.put("PORT", "0");
        settings.put("GRPC_PORT", "0");
        settings.put("METRICS_PORT", "0");
        settings.put("DATABASE_URL", url);
        settings.put("SPOOLED_DB_CONNECTIONS", "4");
        settings.put("SPOOLED_DATA_DIR", own.toString());
        app = new App(ConfigReader.read(Map.of(), settings)).start();
        key = Files.readString(own.resolve("default.key")).strip();
        for (int i = 0; i < CALLERS; i++) {
            callers.add(Thread.ofVirtual().start(() -> callOn(this::enqueue)));
        }
        callers.add(Thread.ofVirtual().start(() -> callOn(this::list)));
        Await.until(acknowledged::size, size -> size >= 50);
    }

    // ---- callers

    private void callOn(Runnable call) {
        while (!over && wrong.isEmpty()) {
            call.run();
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(10));
        }
    }

    private void enqueue() {
        String body = "{\"queue_name\":\"q\",\"payload\":{\"x\":\"" + incompressible(payload) + "\"}}";
        HttpResponse<String> answer = send("POST", "/api/v1/jobs", body, ANSWER_WITHIN);
        Matcher id = ID.matcher(answer.body());
        if (answer.statusCode() == 201 && id.find()) {
            acknowledged.add(id.group(1));
        } else {
            count("enqueue", answer, refusedEnqueues);
        }
    }

    private static String incompressible(int bytes) {
        var random = new byte[bytes / 4 * 3];
        ThreadLocalRandom.current().nextBytes(random);
        return Base64.getEncoder().encodeToString(random);
    }

    private void list() {
        HttpResponse<String> answer = send("GET", "/api/v1/jobs?limit=1", "", ANSWER_WITHIN);
        if (answer.statusCode() == 200) {
            readsAnswered.incrementAndGet();
        } else {
            count("list", answer, refusedReads);
        }
    }

    private void count(String what, HttpResponse<String> answer, AtomicInteger refused) {
        if (answer.statusCode() == 503
                && answer.headers().firstValue("Retry-After").isPresent()) {
            refused.incrementAndGet();
        } else {
            wrong.add(what + ": " + answer.statusCode() + " " + answer.body());
        }
    }

    private HttpResponse<String> send(String method, String path, String body, Duration within) {
        HttpRequest request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + app.port() + path))
                .timeout(within)
                .header("Authorization", "Bearer " + key)
                .header("Content-Type", "application/json")
                .method(method, body.isEmpty() ? BodyPublishers.noBody() : BodyPublishers.ofString(body))
                .build();
        long asked = System.nanoTime();
        try {
            HttpResponse<String> answer = client.send(request, BodyHandlers.ofString());
            slowestNanos.accumulate(System.nanoTime() - asked);
            return answer;
        } catch (IOException e) {
            wrong.add(method + " " + path + ": " + e);
            throw new IllegalStateException(e);
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    void enqueuePayloadsOf(int bytes) {
        payload = bytes;
    }

    // ---- what is done to PostgreSQL

    void stopPostgres() {
        postgres.close();
    }

    void startPostgres() {
        postgres = EmbeddedPostgres.start(folder, options, line -> {});
        assertThat(postgres.address()).isEqualTo(address);
    }

    /// The signal to PostgreSQL's main process and to all its children.
    void signalPostgres(String name) throws IOException, InterruptedException {
        Hardship.signal(name, Hardship.postmaster(folder.resolve("postgres")));
    }

    /// What lies between the server and PostgreSQL.
    CuttingProxy network() {
        return Objects.requireNonNull(network);
    }

    Connection connect() throws SQLException {
        return DriverManager.getConnection(address.jdbcUrl(), address.user(), address.password());
    }

    // ---- what must hold

    int readiness() {
        return send("GET", "/health/ready", "", READINESS_WITHIN).statusCode();
    }

    /// Readiness says 503 and who enqueues hears it; alive it is all the same.
    void awaitRefusals() {
        int enqueues = refusedEnqueues.get();
        until(this::readiness, status -> status == 503);
        until(refusedEnqueues::get, refused -> refused > enqueues);
        assertThat(send("GET", "/health/live", "", READINESS_WITHIN).statusCode())
                .isEqualTo(200);
        assertThat(send("GET", "/health", "", READINESS_WITHIN).body()).contains("\"status\":");
    }

    void awaitWell() {
        int before = acknowledged.size();
        int answered = readsAnswered.get();
        until(this::readiness, status -> status == 200);
        until(acknowledged::size, size -> size >= before + 50);
        until(readsAnswered::get, size -> size > answered);
    }

    /// It is well, and nothing that was acknowledged is lost; nobody calls any more.
    void assertWell() {
        awaitWell();
        over = true;
        for (Thread caller : callers) {
            join(caller);
        }
        assertNothingWrong();
        System.out.printf(
                "in trouble: %d enqueued, %d refused, the slowest answer took %.1f s%n",
                acknowledged.size(), refusedEnqueues.get(), slowestNanos.get() / 1e9);
        assertThat(acknowledged)
                .as("acknowledged and lost")
                .allMatch(id ->
                        send("GET", "/api/v1/jobs/" + id, "", ANSWER_WITHIN).statusCode() == 200);
    }

    private <T> void until(Supplier<T> figure, Predicate<T> wanted) {
        Await.until(
                PATIENCE,
                () -> {
                    assertNothingWrong();
                    return figure.get();
                },
                wanted);
    }

    private void assertNothingWrong() {
        assertThat(wrong).as("answers that are neither right nor 503").isEmpty();
    }

    private static void join(Thread caller) {
        try {
            assertThat(caller.join(PATIENCE)).isTrue();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    @Override
    public void close() throws IOException {
        over = true;
        app.close();
        if (network != null) {
            network.close();
        }
        postgres.close();
    }
}
