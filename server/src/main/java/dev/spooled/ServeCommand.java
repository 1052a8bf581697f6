package dev.spooled;

import dev.spooled.config.CannotStart;
import dev.spooled.config.Config;
import dev.spooled.config.ConfigReader;
import dev.spooled.config.Setting;
import dev.spooled.config.Setting.Kind;
import dev.spooled.moving.NewHome;
import java.util.EnumMap;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import org.slf4j.bridge.SLF4JBridgeHandler;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParseResult;

/// `serve`: from the settings to a running server, and down again at a signal. Its flags are the rows of
/// `Setting`.
final class ServeCommand implements Callable<Integer> {
    private static final int HELP_WIDTH = 110;

    /// Set by the start script for the trial start that the JVM's cache is made from: stop as soon as all is up.
    private static final String TRAINING = "spooled.training";

    private final CommandSpec spec = CommandSpec.wrapWithoutInspection(this);

    private ServeCommand() {}

    static CommandSpec spec() {
        return new ServeCommand().described();
    }

    @Override
    public Integer call() {
        var signals = StopSignals.heeded();
        try {
            Config config = atHome(ConfigReader.read(flags(), System.getenv()));
            logAs(config.log());
            try (var app = new App(config)) {
                app.start();
                if (!Boolean.getBoolean(TRAINING)) {
                    signals.awaitFirst();
                }
                signals.haltAfter(config.drainDelay().plus(config.drain()));
            }
            return ExitCode.OK;
        } catch (CannotStart e) {
            System.err.println("spooled: " + e.getMessage());
            return ExitCode.SOFTWARE;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return ExitCode.SOFTWARE;
        }
    }

    /// A data directory whose jobs were moved says where they are; DATABASE_URL, if given, is above that.
    private static Config atHome(Config config) {
        if (config.storage().databaseUrl() != null) {
            return config;
        }
        return new NewHome(config.storage().dataDirectory())
                .address()
                .map(config::withDatabase)
                .orElse(config);
    }

    /// One log for all: what libraries say through java.util.logging goes the same way.
    private static void logAs(Config.LogForm form) {
        System.setProperty("spooled.log", form.name().toLowerCase(Locale.ROOT));
        SLF4JBridgeHandler.removeHandlersForRootLogger();
        SLF4JBridgeHandler.install();
    }

    private Map<Setting, String> flags() {
        ParseResult asked = spec.commandLine().getParseResult();
        Map<Setting, String> flags = new EnumMap<>(Setting.class);
        for (Setting setting : Setting.values()) {
            String value = asked.matchedOptionValue(setting.flag(), (String) null);
            if (value != null) {
                flags.put(setting, value);
            }
        }
        return flags;
    }

    private CommandSpec described() {
        spec.name("serve")
                .addOption(OptionSpec.builder("-h", "--help")
                        .usageHelp(true)
                        .description("Show this help.")
                        .build());
        spec.usageMessage()
                .description("Starts the server. A flag wins over its environment variable, that over the default.")
                .abbreviateSynopsis(true)
                .sortOptions(false)
                .width(HELP_WIDTH);
        for (Setting setting : Setting.values()) {
            spec.addOption(option(setting));
        }
        return spec;
    }

    private static OptionSpec option(Setting setting) {
        String value = setting.byDefault() == null ? "unset" : setting.byDefault();
        var option = OptionSpec.builder(setting.flag())
                .type(String.class)
                .paramLabel(setting.form())
                .description(setting.sentence().replace("%", "%%"), setting.name() + ", default " + value);
        if (setting.kind() == Kind.SWITCH) {
            option.arity("0..1").fallbackValue("true");
        }
        return option.build();
    }
}
