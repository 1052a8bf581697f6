package dev.spooled.bench;

import java.io.IOException;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

@Command(name = "fsync", description = "Writes 8 KB and syncs, over and over, in this folder, for --seconds.")
final class FsyncCommand implements Callable<Integer> {
    @Mixin
    private RunOptions options = new RunOptions();

    @Spec
    private CommandSpec spec = CommandSpec.create();

    @Override
    public Integer call() throws IOException {
        return new Bench(options, spec.commandLine().getOut())
                .fsyncOnly(options.schedule().round());
    }
}
