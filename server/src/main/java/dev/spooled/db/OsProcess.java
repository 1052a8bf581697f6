package dev.spooled.db;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;

/// Another process as the operating system shows it. On Linux /proc is read, because a killed process whose parent does
/// not collect it is a zombie and looks alive to everybody else, PostgreSQL included.
record OsProcess(long pid) {
    private static final Path PROC = Path.of("/proc");

    /// Runs, zombies not counted.
    boolean runs() {
        return ProcessHandle.of(pid).map(ProcessHandle::isAlive).orElse(false) && !isZombie();
    }

    boolean isZombie() {
        String stat = read("stat");
        int afterName = stat.lastIndexOf(')');
        return afterName >= 0 && stat.startsWith(") Z", afterName);
    }

    boolean isPostgres() {
        return Files.isDirectory(PROC)
                ? read("comm").strip().equals("postgres")
                : command().endsWith("/postgres");
    }

    /// Whether this is a PostgreSQL on the data directory `cluster`: its processes work inside of it. Where there is no
    /// /proc, `namedBy` (what the pid file says) has to do.
    boolean serves(Path cluster, Path namedBy) {
        if (!isPostgres()) {
            return false;
        }
        return Files.isDirectory(PROC) ? worksIn(cluster) : namedBy.equals(cluster);
    }

    /// Whether any process at all works in the folder. Always false where there is no /proc.
    static boolean anyWorksIn(Path folder) throws IOException {
        if (!Files.isDirectory(PROC)) {
            return false;
        }
        try (var entries = Files.newDirectoryStream(PROC, "[0-9]*")) {
            for (Path entry : entries) {
                if (new OsProcess(Long.parseLong(entry.getFileName().toString())).worksIn(folder)) {
                    return true;
                }
            }
            return false;
        }
    }

    /// Sends a signal by its short name, for Java itself knows only TERM and KILL.
    void signal(String name) throws IOException, InterruptedException {
        Process kill = new ProcessBuilder("sh", "-c", "kill -" + name + " " + pid)
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start();
        kill.waitFor(5, TimeUnit.SECONDS);
    }

    private boolean worksIn(Path folder) {
        try {
            return Files.readSymbolicLink(entry("cwd")).equals(folder);
        } catch (IOException e) {
            return false;
        }
    }

    private String command() {
        return ProcessHandle.of(pid).flatMap(handle -> handle.info().command()).orElse("");
    }

    private String read(String file) {
        try {
            return Files.readString(entry(file), java.nio.charset.StandardCharsets.ISO_8859_1);
        } catch (IOException e) {
            return "";
        }
    }

    private Path entry(String file) {
        return PROC.resolve(Long.toString(pid)).resolve(file);
    }
}
