package dev.spooled.conformance;

import dev.spooled.conformance.fleet.Fleet;
import dev.spooled.conformance.load.Cast;
import java.net.URI;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/// The flags of a run.
final class Options {
    private static final int THREE = 3;
    private static final String DRAIN_DELAY = "3";

    /// Where jobs are kept.
    enum Database {
        EMBEDDED,
        EXTERNAL
    }

    /// Whether there is a Redis, and whether it stays.
    enum RedisMode {
        OFF,
        ON,
        KILLED
    }

    @Option(names = "--seconds", description = "Length of the load (default: ${DEFAULT-VALUE}).", defaultValue = "120")
    private int seconds;

    @Option(names = "--seed", description = "Repeats the dice of a run; without it, any.")
    private long seed = ThreadLocalRandom.current().nextLong(1, 1L << 40);

    @Option(names = "--nodes", description = "Servers, 1 to 9 (default: ${DEFAULT-VALUE}).", defaultValue = "1")
    private int nodes;

    @Option(
            names = "--database",
            description = "embedded or external; several servers need external (default: ${DEFAULT-VALUE}).",
            defaultValue = "embedded")
    private Database database = Database.EMBEDDED;

    @Option(
            names = "--redis",
            description = "off, on or killed: REDIS_URL of the servers (default: ${DEFAULT-VALUE}).",
            defaultValue = "off")
    private RedisMode redis = RedisMode.OFF;

    @Option(names = "--rate", description = "Jobs a second, about (default: ${DEFAULT-VALUE}).", defaultValue = "120")
    private int rate;

    @Option(
            names = "--rolling",
            description = "Restarts three nodes behind HAProxy one after the other, instead of disturbing them.")
    private boolean rolling;

    @Option(names = "--target", description = "A server that runs already, instead of starting any.")
    private @Nullable URI target;

    @Option(names = "--key", description = "Its API key; twice for two organizations.")
    private List<String> keys = new ArrayList<>();

    @Option(
            names = "--jar",
            description = "The built server (default: ${DEFAULT-VALUE}).",
            defaultValue = "server/target/app/spooled-server.jar")
    private Path jar = Path.of("server", "target", "app", "spooled-server.jar");

    @Option(
            names = "--other-jar",
            description = "Another build, which every second node runs: do two versions work side by side?")
    private @Nullable Path otherJar;

    @Option(
            names = "--folder",
            description = "Where data, logs and the history go (default: ${DEFAULT-VALUE}).",
            defaultValue = "conformance/target/runs")
    private Path folder = Path.of("conformance", "target", "runs");

    @Option(names = "--account", description = "Appends the account to this file.")
    private @Nullable Path account;

    void check() {
        if (rolling) {
            nodes = THREE;
            database = Database.EXTERNAL;
        }
        if (nodes < 1 || nodes > 9) {
            throw new IllegalArgumentException("--nodes is 1 to 9");
        }
        if (nodes > 1 && database == Database.EMBEDDED) {
            throw new IllegalArgumentException("several nodes need --database external");
        }
        if (target != null && keys.isEmpty()) {
            throw new IllegalArgumentException("--target needs --key");
        }
    }

    int seconds() {
        return seconds;
    }

    long seed() {
        return seed;
    }

    boolean isRolling() {
        return rolling;
    }

    boolean killsRedis() {
        return redis == RedisMode.KILLED;
    }

    @Nullable
    URI target() {
        return target;
    }

    List<String> keys() {
        return keys;
    }

    @Nullable
    Path account() {
        return account;
    }

    Path folder() {
        return folder.toAbsolutePath()
                .resolve("seed-" + seed + "-" + ProcessHandle.current().pid());
    }

    Cast.Load load() {
        return new Cast.Load(rate, !rolling);
    }

    Fleet.Form form(Path run) {
        return new Fleet.Form(
                nodes,
                database == Database.EXTERNAL,
                redis.name().toLowerCase(Locale.ROOT),
                jars(),
                run,
                rolling ? DRAIN_DELAY : "",
                !rolling);
    }

    private List<Path> jars() {
        Path other = otherJar;
        return other == null ? List.of(jar.toAbsolutePath()) : List.of(jar.toAbsolutePath(), other.toAbsolutePath());
    }

    String title() {
        return "seed " + seed + ", " + seconds + " s, "
                + (target == null
                        ? nodes + (nodes == 1 ? " node" : " nodes") + ", PostgreSQL "
                                + database.name().toLowerCase(Locale.ROOT) + ", Redis "
                                + redis.name().toLowerCase(Locale.ROOT)
                        : target)
                + (otherJar == null ? "" : ", two builds")
                + (rolling ? ", rolling restarts behind HAProxy" : "");
    }
}
