package dev.spooled.bench;

import dev.spooled.engine.Lane;
import java.io.IOException;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

@Command(
        name = "engine",
        description = "Whole job lives in this process, without HTTP: single enqueue, claim, single complete.")
final class EngineCommand implements Callable<Integer> {
    private static final Duration PATIENCE = Duration.ofSeconds(2);
    private static final int WORKERS_WAITING = 400;
    private static final int WORKERS_WITH_BACKLOG = 60;

    @Mixin
    private RunOptions options = new RunOptions();

    @Spec
    private CommandSpec spec = CommandSpec.create();

    @Option(
            names = "--producers",
            description = "Callers that enqueue (default: ${DEFAULT-VALUE}).",
            defaultValue = "400")
    private int producers;

    @Option(names = "--workers", description = "Callers that work (default: 400, with a backlog 60).")
    private @Nullable Integer workers;

    @Option(names = "--queues", description = "Queues (default: 100, with a backlog at most one per worker).")
    private @Nullable Integer queues;

    @Option(names = "--limit", description = "Jobs per claim (default: ${DEFAULT-VALUE}).", defaultValue = "10")
    private int limit;

    @Option(
            names = "--priorities",
            description = "Different priorities (default: ${DEFAULT-VALUE}).",
            defaultValue = "1")
    private int priorities;

    @Option(
            names = "--backlog",
            description =
                    "Jobs that stand ready all the time; 0 lets workers wait for jobs (default: ${DEFAULT-VALUE}).",
            defaultValue = "0")
    private int backlog;

    @Option(
            names = "--caps",
            description =
                    "Most jobs a day and at once that the plan allows; 0 for no plan (default: ${DEFAULT-VALUE}).",
            defaultValue = "0")
    private int caps;

    @Option(names = "--lane", description = "exact or asserted (default: ${DEFAULT-VALUE}).")
    private String lane = "exact";

    @Override
    public Integer call() throws IOException, SQLException {
        var load = load();
        try (var engine = EngineUnderTest.open(load.queues(), Lane.Way.valueOf(lane.toUpperCase(Locale.ROOT)), caps)) {
            var meter = PostgresMeter.of(engine.watcher());
            var name = (backlog == 0 ? "engine-waiting-" : "engine-backlog-") + lane + (caps == 0 ? "" : "-capped");
            return new Bench(options, spec.commandLine().getOut()).run(name, load, () -> new LaneDoor(engine), meter);
        }
    }

    private Load load() {
        int working = workers == null ? backlog == 0 ? WORKERS_WAITING : WORKERS_WITH_BACKLOG : workers;
        int spread = queues == null ? Math.min(100, working) : queues;
        int bound = Load.boundFor(backlog, working, limit);
        return new Load(producers, working, spread, priorities, limit, PATIENCE, 1, bound, true, Duration.ZERO);
    }
}
