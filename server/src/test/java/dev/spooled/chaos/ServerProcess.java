package dev.spooled.chaos;

import dev.spooled.db.DbAddress;
import java.io.File;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/// The server as a process of its own, with embedded PostgreSQL or as one node of several before another one,
/// on one port and one data directory over all its lives.
final class ServerProcess implements AutoCloseable {
    private static final Duration START_WITHIN = Duration.ofSeconds(60);

    private final Path data;
    private int port;
    private int grpcPort;
    private static final int LAUNCHES = 3;
    private final HttpClient client = HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(Duration.ofSeconds(2))
            .build();
    private volatile Process process;
    private volatile String key = "";

    private final @Nullable DbAddress database;
    private final Map<String, String> settings;

    ServerProcess(Path data) throws IOException {
        this(data, Map.of());
    }

    ServerProcess(Path data, Map<String, String> settings) throws IOException {
        this(data, null, null, settings);
    }

    /// A node before `database`, whose first organization has that key; null for the first node, which
    /// makes it.
    ServerProcess(Path data, @Nullable DbAddress database, @Nullable String key) throws IOException {
        this(data, database, key, Map.of());
    }

    private ServerProcess(Path data, @Nullable DbAddress database, @Nullable String key, Map<String, String> settings)
            throws IOException {
        this.data = data.toAbsolutePath();
        this.settings = settings;
        this.database = database;
        process = launchOnFreePorts();
        awaitReady();
        this.key = key != null
                ? key
                : Files.readString(this.data.resolve("default.key")).strip();
    }

    /// A port that was free may be somebody's a moment later: then the server says so and ends, and others
    /// are tried.
    private Process launchOnFreePorts() throws IOException {
        for (int attempt = 1; ; attempt++) {
            try (var free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
                    var freeToo = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
                port = free.getLocalPort();
                grpcPort = freeToo.getLocalPort();
            }
            Process launched = launch();
            process = launched;
            while (launched.isAlive() && !isReady()) {
                LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(20));
            }
            if (launched.isAlive() || attempt == LAUNCHES) {
                return launched;
            }
        }
    }

    private Process launch() throws IOException {
        Files.createDirectories(data);
        var builder = new ProcessBuilder(command());
        builder.environment().put("HOST", "127.0.0.1");
        builder.environment().put("PORT", Integer.toString(port));
        builder.environment().put("METRICS_PORT", "0");
        builder.environment().put("GRPC_PORT", Integer.toString(grpcPort));
        builder.environment().put("SPOOLED_DATA_DIR", data.toString());
        if (database != null) {
            String place = database.jdbcUrl().replaceFirst("jdbc:postgresql://([^?]*).*", "$1");
            builder.environment()
                    .put("DATABASE_URL", "postgres://" + database.user() + ":" + database.password() + "@" + place);
            builder.environment().put("SPOOLED_DB_CONNECTIONS", "4");
        }
        builder.environment().put("SPOOLED_WEBHOOK_ALLOW", "127.0.0.1");
        builder.environment().putAll(settings);
        builder.redirectErrorStream(true).redirectOutput(ProcessBuilder.Redirect.appendTo(new File(data + ".log")));
        return builder.start();
    }

    /// As `./spooled serve` does when `./spooled test` names the jar it built (`server.jar`, and `server.aot` for its
    /// cache); else from the classes.
    private static List<String> command() {
        var command = new ArrayList<>(List.of(
                System.getProperty("java.home") + File.separator + "bin" + File.separator + "java",
                "-Xmx1g",
                "-XX:+UseG1GC",
                "-XX:+UseCompactObjectHeaders",
                "--enable-native-access=ALL-UNNAMED"));
        String jar = System.getProperty("server.jar", "");
        String cache = System.getProperty("server.aot", "");
        if (!cache.isEmpty()) {
            command.addAll(List.of("-XX:AOTCache=" + cache, "-Xlog:aot=off", "-Xlog:cds=off"));
        }
        command.addAll(
                jar.isEmpty()
                        ? List.of(
                                "-cp",
                                System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")),
                                "dev.spooled.Main")
                        : List.of("-jar", jar));
        command.add("serve");
        return command;
    }

    int port() {
        return port;
    }

    ProcessHandle handle() {
        return process.toHandle();
    }

    String metrics() throws IOException {
        return send("GET", "/metrics", "").body();
    }

    int grpcPort() {
        return grpcPort;
    }

    String key() {
        return key;
    }

    void awaitReady() {
        long end = System.nanoTime() + START_WITHIN.toNanos();
        while (!isReady()) {
            if (System.nanoTime() - end > 0) {
                throw new AssertionError("the server was not ready within " + START_WITHIN);
            }
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(20));
        }
    }

    boolean isReady() {
        try {
            return send("GET", "/health/ready", "").statusCode() == 200;
        } catch (IOException e) {
            return false;
        }
    }

    HttpResponse<String> post(String path, String json) throws IOException {
        return send("POST", "/api/v1" + path, json);
    }

    private HttpResponse<String> send(String method, String path, String json) throws IOException {
        try {
            return client.send(
                    HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + path))
                            .timeout(Duration.ofSeconds(20))
                            .header("Authorization", "Bearer " + key)
                            .header("Content-Type", "application/json")
                            .method(method, json.isEmpty() ? BodyPublishers.noBody() : BodyPublishers.ofString(json))
                            .build(),
                    BodyHandlers.ofString());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException(e);
        }
    }

    HttpResponse<String> get(String path) throws IOException {
        return send("GET", "/api/v1" + path, "");
    }

    /// kill -9 of the server's process; the next life starts at once.
    void killServer() throws IOException {
        process.destroyForcibly().onExit().join();
        process = launch();
    }

    /// The next life of a server that has ended by itself.
    void restart() throws IOException {
        process.onExit().join();
        process = launch();
    }

    /// The orderly end, as Ctrl-C, then the next life.
    void stopServer() throws IOException {
        process.destroy();
        restart();
    }

    /// The embedded PostgreSQL, from its files.
    DbAddress database() throws IOException {
        String databasePort = Files.readAllLines(data.resolve("postgres").resolve("postmaster.pid"))
                .get(3);
        return new DbAddress(
                "jdbc:postgresql://127.0.0.1:" + databasePort.strip() + "/spooled",
                "spooled",
                Files.readString(data.resolve("postgres.password")).strip());
    }

    /// kill -9 of PostgreSQL's main process, which the server must put right by itself.
    void killPostgres() {
        postmaster().ifPresent(ProcessHandle::destroyForcibly);
    }

    /// Both at one instant.
    void killBoth() throws IOException {
        var postmaster = postmaster();
        process.destroyForcibly();
        postmaster.ifPresent(ProcessHandle::destroyForcibly);
        process.onExit().join();
        process = launch();
    }

    private java.util.Optional<ProcessHandle> postmaster() {
        try {
            List<String> lines = Files.readAllLines(data.resolve("postgres").resolve("postmaster.pid"));
            return ProcessHandle.of(Long.parseLong(lines.getFirst().strip()));
        } catch (IOException | NumberFormatException e) {
            return java.util.Optional.empty();
        }
    }

    /// The orderly end, as Ctrl-C.
    @Override
    public void close() {
        process.destroy();
        process.onExit().orTimeout(30, TimeUnit.SECONDS).join();
    }
}
