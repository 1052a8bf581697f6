package dev.spooled.bench;

import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/// `./spooled bench`: measures this machine. Every run is bounded in time and ends with an account of its jobs.
@Command(
        name = "bench",
        description = "Measures throughput and latency, and keeps the raw results.",
        subcommands = {EngineCommand.class, HttpCommand.class, GrpcCommand.class, FsyncCommand.class, PeersCommand.class
        })
public final class Main {
    @Option(
            names = {"-h", "--help"},
            usageHelp = true,
            description = "Shows this help.")
    private boolean help;

    private Main() {}

    public static void main(String[] args) {
        System.exit(commandLine().execute(args));
    }

    static CommandLine commandLine() {
        return new CommandLine(new Main())
                .setCaseInsensitiveEnumValuesAllowed(true)
                .setExecutionExceptionHandler(Main::explain);
    }

    /// One line for what went wrong: the stack is of no use to somebody who measures.
    private static int explain(Exception fault, CommandLine command, CommandLine.ParseResult parsed) {
        var message = fault.getMessage();
        command.getErr().println("bench: " + (message == null ? fault.toString() : message));
        return command.getCommandSpec().exitCodeOnExecutionException();
    }
}
