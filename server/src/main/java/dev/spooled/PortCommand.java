package dev.spooled;

import dev.spooled.cells.Cells;
import dev.spooled.config.CannotStart;
import dev.spooled.config.ConfigReader;
import dev.spooled.config.Setting;
import dev.spooled.moving.Export;
import dev.spooled.moving.Import;
import dev.spooled.moving.Place;
import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStreamWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;

/// `export` and `import`: one organization as lines of JSON, out of one server's database and into another's.
final class PortCommand implements Callable<Integer> {
    private static final String STANDARD = "-";

    private final CommandSpec spec = CommandSpec.wrapWithoutInspection(this);
    private final boolean out;

    private PortCommand(boolean out) {
        this.out = out;
    }

    static CommandSpec export() {
        return new PortCommand(true).described();
    }

    static CommandSpec imports() {
        return new PortCommand(false).described();
    }

    @Override
    public Integer call() {
        String folder = told("data-dir", Setting.SPOOLED_DATA_DIR);
        try (var place = Place.of(told("database-url", Setting.DATABASE_URL), Path.of(String.valueOf(folder)))) {
            long rows = out ? write(place) : read(place);
            System.err.println((out ? "Exported " : "Imported ") + rows + " rows.");
            return ExitCode.OK;
        } catch (CannotStart e) {
            System.err.println("spooled: " + e.getMessage());
            return ExitCode.SOFTWARE;
        } catch (IOException e) {
            System.err.println("spooled: " + file() + ": " + e.getMessage());
            return ExitCode.SOFTWARE;
        }
    }

    /// Into a file only whole: under another name until it is.
    private long write(Place place) throws IOException {
        var cells = ConfigReader.cells(told("cells", Setting.SPOOLED_CELLS));
        var export = new Export(Cells.addresses(place.address(), cells));
        String slug = spec.commandLine().getParseResult().matchedOptionValue("organization", "default");
        if (file().equals(STANDARD)) {
            return export.write(slug, new BufferedWriter(new OutputStreamWriter(System.out, StandardCharsets.UTF_8)));
        }
        Path file = Path.of(file());
        Path part = file.resolveSibling(file.getFileName() + ".part");
        long rows;
        try (var writer = Files.newBufferedWriter(part)) {
            rows = export.write(slug, writer);
        }
        Files.move(part, file, StandardCopyOption.REPLACE_EXISTING);
        return rows;
    }

    private long read(Place place) throws IOException {
        var in = new Import(place.address());
        if (file().equals(STANDARD)) {
            return in.read(new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8)));
        }
        try (var reader = Files.newBufferedReader(Path.of(file()))) {
            return in.read(reader);
        }
    }

    private String file() {
        return spec.commandLine().getParseResult().matchedOptionValue("file", STANDARD);
    }

    private @Nullable String told(String flag, Setting setting) {
        String value = spec.commandLine().getParseResult().matchedOptionValue(flag, (String) null);
        String environment = System.getenv(setting.name());
        return value != null ? value : environment != null ? environment : setting.byDefault();
    }

    private CommandSpec described() {
        spec.name(out ? "export" : "import")
                .addOption(OptionSpec.builder("-h", "--help")
                        .usageHelp(true)
                        .description("Show this help.")
                        .build())
                .addOption(option(
                        "--file",
                        "FILE",
                        (out ? "Where to write" : "What to read") + ", default - (standard "
                                + (out ? "output)." : "input).")))
                .addOption(option("--database-url", "URL", "The server's DATABASE_URL, if it has one."))
                .addOption(option("--data-dir", "FOLDER", "The server's data directory, default ./spooled-data."));
        if (out) {
            spec.addOption(option("--organization", "SLUG", "Which organization, default 'default'."));
            spec.addOption(option("--cells", "CELLS", "The servers' SPOOLED_CELLS, if there are any."));
        }
        spec.usageMessage()
                .description(
                        out
                                ? "Writes all that belongs to an organization, as of one instant; the server goes on."
                                : "Reads what export wrote into this server's database; the server may run.");
        return spec;
    }

    private static OptionSpec option(String name, String label, String description) {
        return OptionSpec.builder(name)
                .type(String.class)
                .paramLabel(label)
                .description(description)
                .build();
    }
}
