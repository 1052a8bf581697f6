package dev.spooled;

import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;

/// The command line: `serve` reads the settings, builds the `App` and stops it at a signal; `move` takes what
/// a server keeps to another database, `export` and `import` what belongs to one organization.
public final class Main {
    private Main() {}

    public static void main(String[] args) {
        System.exit(commands().execute(args));
    }

    static CommandLine commands() {
        CommandSpec root = CommandSpec.wrapWithoutInspection((Runnable) () -> {});
        root.name("spooled")
                .addOption(CommandLine.Model.OptionSpec.builder("-h", "--help")
                        .usageHelp(true)
                        .description("Show this help.")
                        .build());
        root.usageMessage().description("A durable job queue in one process.").synopsisSubcommandLabel("COMMAND");
        root.addSubcommand("serve", ServeCommand.spec());
        root.addSubcommand("move", MoveCommand.spec());
        root.addSubcommand("cell", CellCommand.spec());
        root.addSubcommand("export", PortCommand.export());
        root.addSubcommand("import", PortCommand.imports());
        var commands = new CommandLine(root);
        commands.setExecutionStrategy(asked -> {
            if (!asked.hasSubcommand() && !asked.isUsageHelpRequested() && !asked.isVersionHelpRequested()) {
                commands.usage(commands.getErr());
                return CommandLine.ExitCode.USAGE;
            }
            return new CommandLine.RunLast().execute(asked);
        });
        return commands;
    }
}
