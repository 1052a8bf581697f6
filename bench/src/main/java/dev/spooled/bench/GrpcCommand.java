package dev.spooled.bench;

import java.io.IOException;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

@Command(name = "grpc", description = "Load over gRPC against a running server. Aim it at one that may be thrown away.")
final class GrpcCommand implements Callable<Integer> {
    @Mixin
    private RunOptions options = new RunOptions();

    @Spec
    private CommandSpec spec = CommandSpec.create();

    @Option(
            names = "--address",
            description = "Host and port of the server (default: ${DEFAULT-VALUE}).",
            defaultValue = "127.0.0.1:50051")
    private String address = "127.0.0.1:50051";

    @Option(
            names = "--key",
            description = "API key; without it, SPOOLED_KEY of the environment.",
            defaultValue = "${env:SPOOLED_KEY}")
    private @Nullable String key;

    @Option(
            names = "--mode",
            description = "One of unary, process, batch (default: ${DEFAULT-VALUE}).",
            defaultValue = "unary")
    private GrpcMode mode = GrpcMode.UNARY;

    @Option(
            names = "--connections",
            description = "Connections that all callers share (default: ${DEFAULT-VALUE}).",
            defaultValue = "4")
    private int connections;

    @Override
    public Integer call() throws IOException {
        if (key == null || key.isBlank()) {
            throw new IllegalArgumentException("an API key is needed: --key, or SPOOLED_KEY in the environment");
        }
        try (var lines = new GrpcLines(address, key, connections)) {
            var name = "grpc-" + mode.name().toLowerCase(Locale.ROOT);
            return new Bench(options, spec.commandLine().getOut())
                    .run(name, mode.load(), opener(lines), PostgresMeter.none());
        }
    }

    /// Queue names of this run alone, so that no earlier run disturbs the account.
    private Door.Opener opener(GrpcLines lines) {
        var prefix = "bench-" + Integer.toHexString(ThreadLocalRandom.current().nextInt(1 << 28)) + "-";
        return switch (mode) {
            case UNARY -> () -> new GrpcDoor(lines.next(), prefix);
            case PROCESS -> () -> new GrpcProcessDoor(lines.next(), prefix);
            case BATCH -> () -> new GrpcBatchDoor(lines.next(), prefix);
        };
    }
}
