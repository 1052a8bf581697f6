package dev.spooled.support;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;

/// What tests do to a PostgreSQL of their own: freeze it, take its connections, take its disk.
public final class Hardship {
    /// With less than this free a disk is as good as full; with none PostgreSQL would not start again.
    private static final long LEFT_FREE = 24L << 20;

    private Hardship() {}

    /// Opens one more connection.
    public interface Opening {
        Connection open() throws SQLException;
    }

    /// Opens connections until none is left.
    public static void takeAll(Opening one, List<Connection> taken) {
        try {
            while (true) {
                taken.add(one.open());
            }
        } catch (SQLException e) {
            assertThat(e.getSQLState()).isEqualTo("53300");
        }
    }

    /// Ends the sessions of servers. They may be quicker than a test and have others again at once.
    public static void endServers(Connection admin) {
        try (var statement = admin.createStatement()) {
            statement.execute("select pg_terminate_backend(pid) from pg_stat_activity where pid <> pg_backend_pid()"
                    + " and application_name like 'spooled%'");
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
    }

    /// A file system of so many megabytes in memory. False where none can be mounted.
    public static boolean mount(Path folder, int megabytes) throws IOException, InterruptedException {
        Files.createDirectories(folder);
        return run("mount", "-t", "tmpfs", "-o", "size=" + megabytes + "m", "tmpfs", folder.toString()) == 0;
    }

    /// Deletes the folder, mounted or not.
    public static void remove(Path folder) throws IOException, InterruptedException {
        run("umount", folder.toString());
        run("rm", "-rf", folder.toString());
    }

    /// Fills the disk up with a file.
    public static void fill(Path file) throws IOException {
        byte[] piece = new byte[1 << 20];
        try (var out = Files.newOutputStream(file)) {
            while (Files.getFileStore(file).getUsableSpace() > LEFT_FREE) {
                out.write(piece);
            }
        }
    }

    /// The number of the main process of the cluster in `folder`.
    public static long postmaster(Path folder) throws IOException {
        return Long.parseLong(
                Files.readAllLines(folder.resolve("postmaster.pid")).getFirst().strip());
    }

    /// A signal to that process and all its children.
    public static void signal(String name, long postmaster) throws IOException, InterruptedException {
        ProcessHandle main = ProcessHandle.of(postmaster).orElseThrow();
        var words = new ArrayList<>(List.of("kill", "-" + name, Long.toString(postmaster)));
        main.descendants().forEach(child -> words.add(Long.toString(child.pid())));
        run(words.toArray(String[]::new));
    }

    private static int run(String... words) throws IOException, InterruptedException {
        return new ProcessBuilder(words).start().waitFor();
    }
}
