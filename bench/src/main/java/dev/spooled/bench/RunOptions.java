package dev.spooled.bench;

import java.nio.file.Path;
import java.time.Duration;
import picocli.CommandLine.Option;

/// The flags every measurement shares: how long, and where its results go.
final class RunOptions {
    @Option(
            names = {"-h", "--help"},
            usageHelp = true,
            description = "Shows this help.")
    private boolean help;

    @Option(
            names = "--warmup",
            paramLabel = "SECONDS",
            description = "Load before the first round; colder figures mislead (default: ${DEFAULT-VALUE}).",
            defaultValue = "25")
    private int warmupSeconds;

    @Option(
            names = "--seconds",
            paramLabel = "SECONDS",
            description = "Length of a round (default: ${DEFAULT-VALUE}).",
            defaultValue = "10")
    private int seconds;

    @Option(names = "--rounds", description = "Measured rounds (default: ${DEFAULT-VALUE}).", defaultValue = "3")
    private int rounds;

    @Option(
            names = "--machine",
            paramLabel = "LABEL",
            description = "Label of this machine in the results (default: ${DEFAULT-VALUE}).",
            defaultValue = "local")
    private String machine = "local";

    @Option(
            names = "--results",
            paramLabel = "FOLDER",
            description = "Where results are kept (default: ${DEFAULT-VALUE}).",
            defaultValue = "bench/results")
    private Path results = Path.of("bench", "results");

    @Option(
            names = "--fsync-seconds",
            paramLabel = "SECONDS",
            description =
                    "Length of the bare write-and-sync loop before each run, 0 for none (default: ${DEFAULT-VALUE}).",
            defaultValue = "2")
    private int fsyncSeconds;

    Schedule schedule() {
        return new Schedule(Duration.ofSeconds(warmupSeconds), Duration.ofSeconds(seconds), rounds);
    }

    ResultFolder resultFolder() {
        return new ResultFolder(results, machine);
    }

    Duration fsyncTime() {
        return Duration.ofSeconds(fsyncSeconds);
    }
}
