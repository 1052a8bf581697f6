package dev.spooled.bench;

import java.io.IOException;
import java.net.URI;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

@Command(name = "http", description = "Load over REST against a running server. Aim it at one that may be thrown away.")
final class HttpCommand implements Callable<Integer> {
    @Mixin
    private RunOptions options = new RunOptions();

    @Spec
    private CommandSpec spec = CommandSpec.create();

    @Option(
            names = "--url",
            description = "Base address of the server (default: ${DEFAULT-VALUE}).",
            defaultValue = "http://127.0.0.1:8080")
    private URI url = URI.create("http://127.0.0.1:8080");

    @Option(
            names = "--key",
            description = "API key; without it, SPOOLED_KEY of the environment.",
            defaultValue = "${env:SPOOLED_KEY}")
    private @Nullable String key;

    @Option(
            names = "--mode",
            description = "One of lifecycle, enqueue, bulk, idle (default: ${DEFAULT-VALUE}).",
            defaultValue = "lifecycle")
    private HttpMode mode = HttpMode.LIFECYCLE;

    @Option(names = "--producers", description = "Connections that enqueue (default: by mode).")
    private @Nullable Integer producers;

    @Option(names = "--workers", description = "Connections that work (default: by mode).")
    private @Nullable Integer workers;

    @Option(names = "--queues", description = "Queues (default: by mode).")
    private @Nullable Integer queues;

    @Override
    public Integer call() throws IOException {
        if (key == null || key.isBlank()) {
            throw new IllegalArgumentException("an API key is needed: --key, or SPOOLED_KEY in the environment");
        }
        var name = "http-" + mode.name().toLowerCase(Locale.ROOT);
        return new Bench(options, spec.commandLine().getOut()).run(name, load(), opener(key), PostgresMeter.none());
    }

    /// Queue names of this run alone, so that no earlier run disturbs the account.
    private Door.Opener opener(String apiKey) {
        var prefix = "bench-" + Integer.toHexString(ThreadLocalRandom.current().nextInt(1 << 28)) + "-";
        return () -> new HttpDoor(url, apiKey, prefix);
    }

    private Load load() {
        var usual = mode.load();
        int working = workers == null ? usual.workers() : workers;
        return new Load(
                producers == null ? usual.producers() : producers,
                working,
                queues == null ? usual.queues() : queues,
                usual.priorities(),
                usual.claimLimit(),
                usual.patience(),
                usual.bulk(),
                bound(usual, working),
                usual.pause());
    }

    private static int bound(Load usual, int working) {
        return working == usual.workers()
                ? usual.bound()
                : Math.max(usual.bulk(), Load.boundFor(0, working, usual.claimLimit()));
    }
}
