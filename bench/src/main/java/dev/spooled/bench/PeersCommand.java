package dev.spooled.bench;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

@Command(
        name = "peers",
        description =
                "Other job queues and ours on the same PostgreSQL in turns: job lives per second, and what they cost.")
final class PeersCommand implements Callable<Integer> {
    private static final List<String> POSTGRES_SETTINGS = List.of(
            "server_version",
            "fsync",
            "synchronous_commit",
            "full_page_writes",
            "wal_compression",
            "shared_buffers",
            "max_wal_size",
            "checkpoint_timeout");

    @Spec
    private CommandSpec spec = CommandSpec.create();

    @Option(
            names = {"-h", "--help"},
            usageHelp = true,
            description = "Shows this help.")
    private boolean help;

    @Option(
            names = "--warmup",
            paramLabel = "SECONDS",
            description = "Load on each row before the first round (default: ${DEFAULT-VALUE}).",
            defaultValue = "25")
    private int warmupSeconds;

    @Option(
            names = "--seconds",
            paramLabel = "SECONDS",
            description = "Measured time of a turn (default: ${DEFAULT-VALUE}).",
            defaultValue = "20")
    private int seconds;

    @Option(
            names = "--ramp",
            paramLabel = "SECONDS",
            description =
                    "Load before the measured time of each turn, from the first job handled (default: ${DEFAULT-VALUE}).",
            defaultValue = "2")
    private int rampSeconds;

    @Option(names = "--rounds", description = "Turns of each (default: ${DEFAULT-VALUE}).", defaultValue = "2")
    private int rounds;

    @Option(
            names = "--only",
            split = ",",
            description = "Systems (pg-boss) or rows of the table (pg-boss/batched) instead of all.")
    private List<String> only = List.of();

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

    @Override
    public Integer call() throws IOException, SQLException {
        var folder = new ResultFolder(results, machine);
        var out = spec.commandLine().getOut();
        var modules = new NodeModules();
        try (var nodes = new NodePeers(modules);
                var postgres = new BenchPostgres()) {
            var contenders = contenders(nodes);
            if (contenders.stream()
                    .anyMatch(contender -> nodes.contenders().stream()
                            .anyMatch(node -> node.name().equals(contender.name())))) {
                modules.install(out);
            }
            var report = measure(contenders, postgres, out);
            out.print(report.text());
            out.println("kept in " + folder.keep(report.time(), "peers", report, report.text()));
            out.flush();
            return report.balanced() ? 0 : 1;
        }
    }

    private List<Contender> contenders(NodePeers nodes) {
        var all = new ArrayList<>(SpooledPeer.contenders());
        all.addAll(nodes.contenders());
        all.addAll(DbSchedulerPeer.contenders());
        all.addAll(JobRunrPeer.contenders());
        var asked = all.stream()
                .filter(contender ->
                        only.isEmpty() || only.contains(contender.system()) || only.contains(contender.name()))
                .toList();
        if (asked.isEmpty()) {
            throw new IllegalArgumentException("--only names none of "
                    + String.join(", ", all.stream().map(Contender::name).toList()));
        }
        return asked;
    }

    private PeersReport measure(List<Contender> contenders, BenchPostgres postgres, PrintWriter out)
            throws IOException, SQLException {
        var time = Instant.now().truncatedTo(ChronoUnit.SECONDS).toString();
        var fsync = FsyncProbe.run(Path.of("."), Duration.ofSeconds(2));
        var runs = new ArrayList<TurnRun>();
        try {
            for (var contender : contenders) {
                runs.add(new TurnRun(contender, postgres.create()));
            }
            warmUp(runs, out);
            var turns = new LinkedHashMap<String, List<Turn>>();
            for (int round = 1; round <= rounds; round++) {
                for (var run : runs) {
                    var turn = say(run.turn(round, Duration.ofSeconds(rampSeconds), Duration.ofSeconds(seconds)), out);
                    turns.computeIfAbsent(turn.contender(), _ -> new ArrayList<>())
                            .add(turn);
                }
            }
            return new PeersReport(
                    time,
                    Machine.here(machine),
                    settings(),
                    postgresSettings(postgres),
                    fsync,
                    rows(contenders, turns));
        } finally {
            for (var run : runs) {
                run.close();
            }
        }
    }

    private void warmUp(List<TurnRun> runs, PrintWriter out) throws IOException, SQLException {
        for (var run : runs) {
            say(run.turn(0, Duration.ZERO, Duration.ofSeconds(warmupSeconds)), out);
        }
    }

    private static Turn say(Turn turn, PrintWriter out) {
        out.printf(
                "%s %s: %,.0f jobs/s%s%n",
                turn.round() == 0 ? "warm-up" : "round " + turn.round(),
                turn.contender(),
                turn.jobsPerSecond(),
                turn.fault() == null ? "" : " (" + turn.fault() + ")");
        out.flush();
        return turn;
    }

    private static List<PeersReport.Row> rows(List<Contender> contenders, Map<String, List<Turn>> turns) {
        return contenders.stream()
                .map(contender -> new PeersReport.Row(
                        contender.name(),
                        contender.version(),
                        contender.history(),
                        contender.settings(),
                        turns.getOrDefault(contender.name(), List.of())))
                .toList();
    }

    private Map<String, Object> settings() {
        var settings = new LinkedHashMap<String, Object>();
        settings.put("warmup", warmupSeconds);
        settings.put("ramp", rampSeconds);
        settings.put("seconds", seconds);
        settings.put("rounds", rounds);
        settings.put("unfinished_max", PeerLoad.UNFINISHED_MAX);
        settings.put("payload_bytes", Payload.BYTES);
        return settings;
    }

    private static Map<String, String> postgresSettings(BenchPostgres postgres) throws SQLException {
        var settings = new LinkedHashMap<String, String>();
        try (Connection connection = BenchPostgres.connect(postgres.create());
                var statement = connection.createStatement()) {
            for (var name : POSTGRES_SETTINGS) {
                try (var rows = statement.executeQuery("show " + name)) {
                    rows.next();
                    settings.put(name, rows.getString(1));
                }
            }
        }
        return settings;
    }
}
