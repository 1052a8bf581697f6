package dev.spooled.conformance.fleet;

import dev.spooled.conformance.history.History;
import dev.spooled.conformance.history.Op;
import dev.spooled.conformance.history.Outcome;
import dev.spooled.db.DbAddress;
import dev.spooled.db.EmbeddedPostgres;
import java.io.File;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.node.JsonNodeFactory;

/// The servers of a run and what they stand on; what is done to them is written into the history.
public final class Fleet implements AutoCloseable {
    public static final String ADMIN_KEY = "conformance-admin-key-0123456789abcdef";

    private static final int HEAP_MB = 512;
    private static final int CONNECTIONS = 4;

    /// `jars` are builds of the server, which the nodes run in turns. `redis` is off, on or killed.
    public record Form(
            int nodes,
            boolean external,
            String redis,
            List<Path> jars,
            Path folder,
            String drainDelay,
            boolean stepsClocks) {}

    private final Form form;
    private final History history;
    private final List<Node> nodes = new ArrayList<>();
    private final Map<Node, SteppedClock> clocks = new HashMap<>();
    private final @Nullable EmbeddedPostgres postgres;
    private final @Nullable Redis redis;

    public Fleet(Form form, History history) throws IOException {
        this.form = form;
        this.history = history;
        Files.createDirectories(form.folder());
        postgres = form.external() ? EmbeddedPostgres.start(form.folder().resolve("database"), line -> {}) : null;
        redis = form.redis().equals("off") ? null : new Redis(form.folder());
        try {
            Optional<Path> library = form.stepsClocks() ? SteppedClock.compile(form.folder()) : Optional.empty();
            for (int i = 0; i < form.nodes(); i++) {
                start("node-" + (char) ('a' + i), command(i), library).awaitReady();
            }
        } catch (RuntimeException | IOException e) {
            close();
            throw e;
        }
    }

    private Node start(String name, List<String> command, Optional<Path> library) throws IOException {
        Map<String, String> environment = environment();
        Optional<SteppedClock> clock = Optional.empty();
        if (library.isPresent()) {
            clock = Optional.of(SteppedClock.of(library.get(), form.folder().resolve(name + ".clock")));
            environment.putAll(clock.get().environment());
        }
        var node = new Node(name, command, environment, form.folder());
        clock.ifPresent(it -> clocks.put(node, it));
        nodes.add(node);
        return node;
    }

    private List<String> command(int node) {
        var command = new ArrayList<>(List.of(
                System.getProperty("java.home") + File.separator + "bin" + File.separator + "java",
                "-Xmx" + HEAP_MB + "m",
                "-XX:+UseG1GC",
                "-XX:+UseCompactObjectHeaders",
                "--enable-native-access=ALL-UNNAMED"));
        Path jar = form.jars().get(node % form.jars().size());
        cache(jar)
                .ifPresent(cache -> command.addAll(List.of("-XX:AOTCache=" + cache, "-Xlog:aot=off", "-Xlog:cds=off")));
        command.addAll(List.of("-jar", jar.toString(), "serve"));
        return command;
    }

    /// What the start script has prepared for faster starts, of the first build.
    private Optional<String> cache(Path jar) {
        return !jar.equals(form.jars().getFirst())
                ? Optional.empty()
                : Optional.ofNullable(System.getProperty("spooled.aot")).filter(path -> !path.isEmpty());
    }

    private Map<String, String> environment() {
        Map<String, String> environment = new HashMap<>();
        environment.put("ADMIN_API_KEY", ADMIN_KEY);
        environment.put("JWT_SECRET", "conformance-jwt-secret-0123456789abcdef");
        environment.put("SPOOLED_SECRET_KEY", "conformance-secret-key-0123456789abcdef");
        if (!form.drainDelay().isEmpty()) {
            environment.put("SPOOLED_DRAIN_DELAY_SECONDS", form.drainDelay());
        }
        if (postgres != null) {
            DbAddress address = postgres.address();
            environment.put(
                    "DATABASE_URL",
                    address.jdbcUrl()
                            .replace(
                                    "jdbc:postgresql://",
                                    "postgres://" + address.user() + ":" + address.password() + "@"));
            environment.put("SPOOLED_DB_CONNECTIONS", Integer.toString(CONNECTIONS));
        }
        if (redis != null) {
            environment.put("REDIS_URL", redis.url());
        }
        return environment;
    }

    public List<Node> nodes() {
        return nodes;
    }

    public List<URI> urls() {
        return nodes.stream().map(Node::url).toList();
    }

    public boolean hasRedis() {
        return redis != null;
    }

    public void awaitReady() {
        nodes.forEach(Node::awaitReady);
    }

    /// kill -9 of a node, which comes back at once.
    public void kill(Node node) throws IOException {
        long at = History.now();
        node.kill();
        node.startAgain();
        node.awaitReady();
        note("kill", node.name(), at);
    }

    /// A node stands still for a while.
    public void freeze(Node node, Duration span) throws IOException {
        long at = History.now();
        node.freeze();
        LockSupport.parkNanos(span.toNanos());
        node.thaw();
        node.awaitReady();
        note("freeze", node.name(), at);
    }

    /// Whether clocks can be set wrong here.
    public boolean hasSteppedClocks() {
        return !clocks.isEmpty();
    }

    /// The wall clock of a node is set wrong, and stays so until it is set again.
    public void step(Node node, Duration wrong) throws IOException {
        SteppedClock clock = clocks.get(node);
        if (clock != null) {
            long at = History.now();
            clock.step(wrong);
            note("clock", node.name(), at);
        }
    }

    /// An orderly restart. Returns the exit code of the life that ended.
    public int restart(Node node) throws IOException {
        long at = History.now();
        int code = node.stop(Duration.ofSeconds(60));
        node.startAgain();
        node.awaitReady();
        note("restart", node.name(), at);
        return code;
    }

    /// kill -9 of PostgreSQL's first process, which whoever started it puts right.
    public void killDatabase() {
        long at = History.now();
        postmaster().ifPresent(ProcessHandle::destroyForcibly);
        LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(500));
        awaitReady();
        note("database", "", at);
    }

    private Optional<ProcessHandle> postmaster() {
        Path folder = form.folder()
                .resolve(form.external() ? "database" : nodes.getFirst().name());
        try {
            List<String> lines = Files.readAllLines(folder.resolve("postgres").resolve("postmaster.pid"));
            return ProcessHandle.of(Long.parseLong(lines.getFirst().strip()));
        } catch (IOException | NumberFormatException e) {
            return Optional.empty();
        }
    }

    /// Redis is away for a while, and has forgotten everything when it comes back.
    public void killRedis(Duration span) throws IOException {
        if (redis != null) {
            long at = History.now();
            redis.kill();
            LockSupport.parkNanos(span.toNanos());
            redis.startAgain();
            note("redis", "", at);
        }
    }

    private void note(String what, String node, long at) {
        var asked = JsonNodeFactory.instance.objectNode().put("what", what).put("node", node);
        history.add(new Op(
                "faults", "fault", "", at, History.now(), Outcome.OK, 0, asked, JsonNodeFactory.instance.objectNode()));
    }

    @Override
    public void close() {
        nodes.forEach(Node::end);
        if (redis != null) {
            redis.end();
        }
        if (postgres != null) {
            postgres.close();
        }
    }
}
