package dev.spooled.conformance;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/// `./spooled conformance`: does a server keep its promises while it is killed, frozen and cut off? Ends with 1 when it
/// does not.
@Command(
        name = "conformance",
        description = "Loads servers over the wire while it disturbs them, and judges what they answered.")
public final class Main implements Callable<Integer> {
    private static final int BROKEN = 1;

    @Mixin
    private Options options = new Options();

    @Spec
    private CommandSpec spec = CommandSpec.create();

    @Option(
            names = {"-h", "--help"},
            usageHelp = true,
            description = "Shows this help.")
    private boolean help;

    @Option(names = "--judge", description = "Only judges a history that a run has left.")
    private @Nullable Path judged;

    private Main() {}

    public static void main(String[] args) {
        System.exit(commandLine().execute(args));
    }

    static CommandLine commandLine() {
        return new CommandLine(new Main())
                .setCaseInsensitiveEnumValuesAllowed(true)
                .setExecutionExceptionHandler(Main::explain);
    }

    private static int explain(Exception fault, CommandLine command, CommandLine.ParseResult parsed) {
        if (fault instanceof IllegalArgumentException) {
            command.getErr().println("conformance: " + fault.getMessage());
        } else {
            fault.printStackTrace(command.getErr());
        }
        return command.getCommandSpec().exitCodeOnExecutionException();
    }

    @Override
    public Integer call() throws IOException, InterruptedException {
        options.check();
        PrintWriter out = spec.commandLine().getOut();
        Account account = judged == null
                ? new Run(options, out).go()
                : Run.judge("judged again: " + judged.getFileName(), judged, List.of());
        out.print(account.text());
        out.flush();
        Path kept = options.account();
        if (kept != null) {
            Files.createDirectories(kept.toAbsolutePath().getParent());
            Files.writeString(kept, account.text() + "\n", StandardOpenOption.CREATE, StandardOpenOption.APPEND);
        }
        return account.isKept() ? 0 : BROKEN;
    }
}
