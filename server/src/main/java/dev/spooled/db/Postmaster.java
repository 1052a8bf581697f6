package dev.spooled.db;

import dev.spooled.config.CannotStart;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.regex.Pattern;

/// One run of the PostgreSQL program on a data directory.
final class Postmaster {
    static final Duration STOP_WITHIN = Duration.ofSeconds(60);

    /// Crash recovery of 4 GB of log is a matter of minutes, so only a hanging start meets this bound.
    private static final Duration READY_WITHIN = Duration.ofMinutes(15);

    private static final Duration SAY_STILL_WAITING = Duration.ofSeconds(5);
    private static final long LOG_BYTES_KEPT = 10 << 20;
    private static final int POLL_MILLIS = 5;
    private static final Pattern FAULT = Pattern.compile("(?:FATAL|PANIC|ERROR): +(.*)");

    private final Process process;
    private final Path cluster;
    private final Path log;
    private final long logStart;

    private Postmaster(Process process, Path cluster, Path log, long logStart) {
        this.process = process;
        this.cluster = cluster;
        this.log = log;
        this.logStart = logStart;
    }

    /// Starts it from the calling thread, with whose end it stops.
    static Postmaster spawn(Launch launch, List<String> program, Path cluster, Path log) throws IOException {
        bound(log);
        long logStart = Files.exists(log) ? Files.size(log) : 0;
        Process process = launch.command(program)
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()))
                .start();
        process.getOutputStream().close();
        return new Postmaster(process, cluster, log, logStart);
    }

    /// Waits until it takes connections. False when it ended instead; `fault` then says why.
    boolean awaitReady(Consumer<String> progress) throws InterruptedException {
        long start = System.nanoTime();
        long sayAt = start + SAY_STILL_WAITING.toNanos();
        while (!process.waitFor(POLL_MILLIS, TimeUnit.MILLISECONDS)) {
            if (running().map(PostmasterFile::ready).orElse(false)) {
                return true;
            }
            long now = System.nanoTime();
            if (now - start > READY_WITHIN.toNanos()) {
                throw new CannotStart(
                        "PostgreSQL is not ready after " + READY_WITHIN.toMinutes() + " minutes: see " + log);
            }
            if (now - sayAt > 0) {
                progress.accept("PostgreSQL is recovering what was not yet on disk");
                sayAt = now + SAY_STILL_WAITING.toNanos();
            }
        }
        return false;
    }

    /// The process id of PostgreSQL itself, once it has written it down.
    Optional<PostmasterFile> running() {
        return PostmasterFile.in(cluster)
                .filter(file -> file.process().pid() == process.pid()
                        || process.descendants()
                                .anyMatch(child -> child.pid() == file.process().pid()));
    }

    int waitForEnd() throws InterruptedException {
        return process.waitFor();
    }

    /// Fast shutdown: ends the sessions, writes a checkpoint. Harder after `STOP_WITHIN`, which loses nothing either,
    /// but has the next start recover.
    void stop() throws IOException, InterruptedException {
        OsProcess postgres = running().map(PostmasterFile::process).orElse(new OsProcess(process.pid()));
        postgres.signal("INT");
        if (!process.waitFor(STOP_WITHIN.toSeconds(), TimeUnit.SECONDS)) {
            postgres.signal("QUIT");
            if (!process.waitFor(10, TimeUnit.SECONDS)) {
                process.destroyForcibly().waitFor(10, TimeUnit.SECONDS);
            }
        }
    }

    /// Why it ended, in its own words.
    String fault() {
        List<String> lines = logged().lines().toList();
        for (String line : lines) {
            var fault = FAULT.matcher(line);
            if (fault.find()) {
                return fault.group(1);
            }
        }
        return lines.isEmpty() ? "exit code " + process.exitValue() : lines.getLast();
    }

    private String logged() {
        try (var file = new RandomAccessFile(log.toFile(), "r")) {
            long from = Math.max(logStart, file.length() - 64 * 1024);
            file.seek(from);
            byte[] bytes = new byte[(int) (file.length() - from)];
            file.readFully(bytes);
            return new String(bytes, StandardCharsets.UTF_8);
        } catch (IOException e) {
            return "its log cannot be read: " + e.getMessage();
        }
    }

    private static void bound(Path log) throws IOException {
        if (Files.exists(log) && Files.size(log) > LOG_BYTES_KEPT) {
            Files.move(log, log.resolveSibling(log.getFileName() + ".1"), StandardCopyOption.REPLACE_EXISTING);
        }
    }
}
