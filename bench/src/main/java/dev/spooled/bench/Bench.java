package dev.spooled.bench;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Runs one load with all that belongs to it: the sync loop in the same minute, the report on the screen, the files.
record Bench(RunOptions options, PrintWriter out) {
    /// Answers the exit code: 0 when the account balances.
    int run(String name, Load load, Door.Opener doors, PostgresMeter meter) throws IOException {
        var schedule = options.schedule();
        var time = now();
        out.printf(
                "%s: %d s of warm-up, then %d rounds of %d s%n",
                name,
                schedule.warmup().toSeconds(),
                schedule.rounds(),
                schedule.round().toSeconds());
        out.flush();
        var fsync = fsync(options.fsyncTime());
        var outcome = new LoadRun(load, doors, meter).run(schedule);
        var settings = settings(load, schedule);
        publish(new Report(name, time, machine(), settings, fsync, outcome.rounds(), outcome.account()));
        return outcome.account().balanced() ? 0 : 1;
    }

    int fsyncOnly(Duration time) throws IOException {
        var settings = Map.<String, Object>of("seconds", time.toSeconds());
        publish(new Report("fsync", now(), machine(), settings, fsync(time), List.of(), null));
        return 0;
    }

    private void publish(Report report) throws IOException {
        out.print(report.text());
        out.println("kept in " + options.resultFolder().keep(report));
        out.flush();
    }

    private Machine machine() {
        return Machine.here(options.resultFolder().machine());
    }

    private static @Nullable Percentiles fsync(Duration time) throws IOException {
        return time.isPositive() ? FsyncProbe.run(Path.of("."), time) : null;
    }

    private static Map<String, Object> settings(Load load, Schedule schedule) {
        var settings = new LinkedHashMap<String, Object>();
        settings.put("warmup", schedule.warmup().toSeconds());
        settings.put("seconds", schedule.round().toSeconds());
        settings.put("producers", load.producers());
        settings.put("workers", load.workers());
        settings.put("queues", load.queues());
        settings.put("priorities", load.priorities());
        settings.put("limit", load.claimLimit());
        settings.put("bulk", load.bulk());
        settings.put("bound", load.bound() == Load.UNBOUNDED ? "none" : load.bound());
        settings.put("pause_ms", load.pause().toMillis());
        settings.put("payload_bytes", Payload.BYTES);
        return settings;
    }

    private static String now() {
        return Instant.now().truncatedTo(ChronoUnit.SECONDS).toString();
    }
}
