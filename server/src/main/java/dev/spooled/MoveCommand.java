package dev.spooled;

import dev.spooled.config.CannotStart;
import dev.spooled.config.Setting;
import dev.spooled.moving.MovingHouse;
import java.nio.file.Path;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;

/// `move`: from the embedded PostgreSQL to another one.
final class MoveCommand implements Callable<Integer> {
    private final CommandSpec spec = CommandSpec.wrapWithoutInspection(this);

    private MoveCommand() {}

    static CommandSpec spec() {
        return new MoveCommand().described();
    }

    @Override
    public Integer call() {
        String url = spec.commandLine().getParseResult().matchedOptionValue("to", "");
        String folder = spec.commandLine().getParseResult().matchedOptionValue("data-dir", defaultFolder());
        try {
            MovingHouse.Account account = new MovingHouse(
                            Path.of(folder).toAbsolutePath(), url, line -> System.out.println("  " + line))
                    .run();
            System.out.printf(
                    Locale.ROOT,
                    "Moved %d rows of %d tables; nobody was served for %.1f s. Start the server as before: in %s it now"
                            + " uses the new database. The embedded PostgreSQL there is kept and not used any more.%n",
                    account.moved().rows(),
                    account.moved().tables(),
                    account.nobodyServed().toMillis() / 1e3,
                    folder);
            return ExitCode.OK;
        } catch (CannotStart e) {
            System.err.println("spooled: " + e.getMessage());
            return ExitCode.SOFTWARE;
        }
    }

    private static String defaultFolder() {
        String told = System.getenv(Setting.SPOOLED_DATA_DIR.name());
        return told != null ? told : String.valueOf(Setting.SPOOLED_DATA_DIR.byDefault());
    }

    private CommandSpec described() {
        spec.name("move")
                .addOption(OptionSpec.builder("-h", "--help")
                        .usageHelp(true)
                        .description("Show this help.")
                        .build())
                .addOption(OptionSpec.builder("--to")
                        .required(true)
                        .type(String.class)
                        .paramLabel("URL")
                        .description("The empty PostgreSQL to move to: postgres://user:password@host:port/name.")
                        .build())
                .addOption(OptionSpec.builder("--data-dir")
                        .type(String.class)
                        .paramLabel("FOLDER")
                        .description("The folder of the server that moves, default " + defaultFolder() + ".")
                        .build());
        spec.usageMessage()
                .description(
                        "Moves everything from the embedded PostgreSQL to another one: copies while the server goes on,"
                                + " stops it, copies what has changed, compares. The server uses the new database when it is"
                                + " started again.");
        return spec;
    }
}
