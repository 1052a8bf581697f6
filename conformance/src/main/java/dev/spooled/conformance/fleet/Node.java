package dev.spooled.conformance.fleet;

import java.io.File;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/// A server as a process of its own, on the same ports and data over all its lives.
public final class Node {
    private static final Duration START_WITHIN = Duration.ofSeconds(180);
    private static final HttpClient CLIENT = HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(Duration.ofSeconds(2))
            .build();

    private final String name;
    private final List<String> command;
    private final Map<String, String> environment;
    private final Path log;
    private final int port;
    private final int grpcPort;
    private volatile Process process;

    /// Starts it, and does not wait for it to be ready. `command` is the JVM up to and with `serve`.
    Node(String name, List<String> command, Map<String, String> environment, Path folder) throws IOException {
        this.name = name;
        this.command = command;
        this.port = Ports.free();
        this.grpcPort = Ports.free();
        this.log = folder.resolve(name + ".log");
        this.environment = new java.util.HashMap<>(environment);
        this.environment.putAll(Map.of(
                "HOST", "127.0.0.1",
                "PORT", Integer.toString(port),
                "GRPC_PORT", Integer.toString(grpcPort),
                "METRICS_PORT", "0",
                "SPOOLED_DATA_DIR", folder.resolve(name).toString()));
        Files.createDirectories(folder.resolve(name));
        process = launch();
    }

    private Process launch() throws IOException {
        var builder = new ProcessBuilder(command);
        builder.environment().putAll(environment);
        builder.redirectErrorStream(true).redirectOutput(ProcessBuilder.Redirect.appendTo(new File(log.toString())));
        return builder.start();
    }

    public String name() {
        return name;
    }

    public URI url() {
        return URI.create("http://127.0.0.1:" + port);
    }

    public int port() {
        return port;
    }

    public int grpcPort() {
        return grpcPort;
    }

    public boolean isReady() {
        return isReady(url());
    }

    static boolean isReady(URI server) {
        try {
            var request = HttpRequest.newBuilder(server.resolve("/health/ready"))
                    .timeout(Duration.ofSeconds(3))
                    .build();
            return CLIENT.send(request, BodyHandlers.discarding()).statusCode() == 200;
        } catch (IOException e) {
            return false;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    public void awaitReady() {
        long end = System.nanoTime() + START_WITHIN.toNanos();
        while (!isReady()) {
            if (System.nanoTime() - end > 0 || !process.isAlive()) {
                throw new IllegalStateException(name + " did not become ready, see " + log);
            }
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(20));
        }
    }

    /// kill -9.
    void kill() {
        process.destroyForcibly().onExit().join();
    }

    /// The next life.
    void startAgain() throws IOException {
        process = launch();
    }

    /// SIGTERM, and waits for the end.
    int stop(Duration within) {
        process.destroy();
        return process.onExit()
                .orTimeout(within.toMillis(), TimeUnit.MILLISECONDS)
                .join()
                .exitValue();
    }

    /// The process stands still, as a machine does that is out of memory or being moved.
    void freeze() throws IOException {
        signal("STOP");
    }

    void thaw() throws IOException {
        signal("CONT");
    }

    private void signal(String signal) throws IOException {
        try {
            new ProcessBuilder("kill", "-" + signal, Long.toString(process.pid()))
                    .start()
                    .waitFor();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    void end() {
        if (process.isAlive()) {
            process.destroy();
            try {
                if (!process.waitFor(30, TimeUnit.SECONDS)) {
                    process.destroyForcibly();
                }
            } catch (InterruptedException e) {
                process.destroyForcibly();
                Thread.currentThread().interrupt();
            }
        }
    }
}
