package dev.spooled;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.spooled.support.Await;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// PostgreSQL restarted, frozen, out of connections and out of disk, as seen from outside: readiness says 503, callers
/// hear 503 within seconds instead of nothing, what they were told is there is there, and all is well again by itself.
class DatabaseAwayTest {
    private final Path data = Path.of("target", "away-" + UUID.randomUUID()).toAbsolutePath();

    @AfterEach
    void remove() throws Exception {
        run("umount", data.toString());
        run("rm", "-rf", data.toString());
    }

    @Test
    void restarted() throws Exception {
        try (var server = new ServerInTrouble(data, Map.of())) {
            server.stopPostgres();
            server.awaitRefusals();
            server.startPostgres();
            server.assertWell();
        }
    }

    @Test
    void frozen() throws Exception {
        try (var server = new ServerInTrouble(data, Map.of())) {
            server.signalPostgres("STOP");
            try {
                server.awaitRefusals();
            } finally {
                server.signalPostgres("CONT");
            }
            server.assertWell();
        }
    }

    @Test
    void outOfConnections() throws Exception {
        try (var server = new ServerInTrouble(data, Map.of("max_connections", "30"))) {
            List<Connection> taken = new ArrayList<>();
            try {
                takeAll(server, taken);
                Await.until(
                        () -> {
                            endTheServers(taken.getFirst());
                            takeAll(server, taken);
                            return server.readiness();
                        },
                        status -> status == 503);
                server.awaitRefusals();
            } finally {
                for (Connection connection : taken) {
                    connection.close();
                }
            }
            server.assertWell();
        }
    }

    /// The server may be quicker than this test and have its connections again at once.
    private static void endTheServers(Connection other) {
        try (var statement = other.createStatement()) {
            statement.execute("select pg_terminate_backend(pid) from pg_stat_activity where pid <> pg_backend_pid()"
                    + " and application_name like 'spooled%'");
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
    }

    private static void takeAll(ServerInTrouble server, List<Connection> taken) {
        try {
            while (true) {
                taken.add(server.connect());
            }
        } catch (SQLException e) {
            assertThat(e.getSQLState()).isEqualTo("53300");
        }
    }

    @Test
    void outOfDisk() throws Exception {
        Files.createDirectories(data);
        assumeTrue(
                run("mount", "-t", "tmpfs", "-o", "size=420m", "tmpfs", data.toString()) == 0,
                "a tmpfs cannot be mounted here");
        var small = Map.of("max_wal_size", "64MB", "min_wal_size", "32MB", "shared_buffers", "32MB");
        try (var server = new ServerInTrouble(data, small)) {
            Path filler = data.resolve("filler");
            fill(filler);
            server.enqueuePayloadsOf(50_000);
            server.awaitRefusals();
            server.enqueuePayloadsOf(0);
            Files.delete(filler);
            server.assertWell();
        }
    }

    private void fill(Path filler) throws IOException {
        long leave = 24L << 20;
        byte[] piece = new byte[1 << 20];
        try (var out = Files.newOutputStream(filler)) {
            while (Files.getFileStore(data).getUsableSpace() > leave) {
                out.write(piece);
            }
        }
    }

    private static int run(String... words) throws IOException, InterruptedException {
        return new ProcessBuilder(words).start().waitFor();
    }
}
