package dev.spooled;

import dev.spooled.cells.CellMove;
import dev.spooled.cells.Cells;
import dev.spooled.config.CannotStart;
import dev.spooled.config.ConfigReader;
import dev.spooled.config.Setting;
import dev.spooled.moving.Place;
import java.nio.file.Path;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;

/// `cell move`: an organization from one cell to another, while servers run.
final class CellCommand implements Callable<Integer> {
    private final CommandSpec spec = CommandSpec.wrapWithoutInspection(this);

    private CellCommand() {}

    static CommandSpec spec() {
        CommandSpec cell = CommandSpec.wrapWithoutInspection((Runnable) () -> {});
        cell.name("cell").addSubcommand("move", new CellCommand().described());
        cell.usageMessage().description("What is done with cells: move.").synopsisSubcommandLabel("COMMAND");
        return cell;
    }

    @Override
    public Integer call() {
        String folder = told("data-dir", Setting.SPOOLED_DATA_DIR);
        try (var place = Place.of(told("database-url", Setting.DATABASE_URL), Path.of(String.valueOf(folder)))) {
            var cells = Cells.addresses(place.address(), ConfigReader.cells(told("cells", Setting.SPOOLED_CELLS)));
            var move = new CellMove(cells, CellMove.GRACE, line -> System.out.println("  " + line));
            CellMove.Account account = move.run(option("organization"), Integer.parseInt(option("to")));
            System.out.printf(
                    Locale.ROOT,
                    "Moved %d rows; the organization was refused for %.1f s.%n",
                    account.rows(),
                    account.paused().toMillis() / 1e3);
            return ExitCode.OK;
        } catch (NumberFormatException e) {
            System.err.println("spooled: --to must be the number of a cell");
            return ExitCode.USAGE;
        } catch (CannotStart e) {
            System.err.println("spooled: " + e.getMessage());
            return ExitCode.SOFTWARE;
        }
    }

    private String option(String name) {
        return spec.commandLine().getParseResult().matchedOptionValue(name, "");
    }

    private @Nullable String told(String flag, Setting setting) {
        String value = spec.commandLine().getParseResult().matchedOptionValue(flag, (String) null);
        String environment = System.getenv(setting.name());
        return value != null ? value : environment != null ? environment : setting.byDefault();
    }

    private CommandSpec described() {
        spec.name("move")
                .addOption(OptionSpec.builder("-h", "--help")
                        .usageHelp(true)
                        .description("Show this help.")
                        .build())
                .addOption(required("--organization", "SLUG_OR_ID", "Which organization."))
                .addOption(required("--to", "CELL", "The number of the cell it shall live in."))
                .addOption(option("--database-url", "URL", "The servers' DATABASE_URL, if they have one."))
                .addOption(option("--cells", "CELLS", "The servers' SPOOLED_CELLS."))
                .addOption(option("--data-dir", "FOLDER", "The server's data directory, default ./spooled-data."));
        spec.usageMessage()
                .description(
                        "Moves an organization to another cell while the servers run. It is refused meanwhile, with"
                                + " Retry-After. Cut off, the same command completes it.");
        return spec;
    }

    private static OptionSpec required(String name, String label, String description) {
        return OptionSpec.builder(name)
                .required(true)
                .type(String.class)
                .paramLabel(label)
                .description(description)
                .build();
    }

    private static OptionSpec option(String name, String label, String description) {
        return OptionSpec.builder(name)
                .type(String.class)
                .paramLabel(label)
                .description(description)
                .build();
    }
}
