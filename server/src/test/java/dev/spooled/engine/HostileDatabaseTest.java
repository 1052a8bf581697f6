package dev.spooled.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/// PostgreSQL restarted, frozen, out of connections and out of disk under callers who enqueue without pause: what was
/// acknowledged is there afterwards, nothing is acknowledged meanwhile, and all goes on by itself.
@Tag("chaos")
class HostileDatabaseTest {
    private final Path data = Path.of("target", "hostile-" + UUID.randomUUID()).toAbsolutePath();

    @AfterEach
    void remove() throws Exception {
        new ProcessBuilder("umount", data.toString()).start().waitFor();
        new ProcessBuilder("rm", "-rf", data.toString()).start().waitFor();
    }

    @Test
    void restarted() throws Exception {
        try (var db = new UnderAttack(data, Map.of())) {
            for (int i = 0; i < 3; i++) {
                long broken = System.nanoTime();
                long before = db.postmaster();
                new ProcessBuilder("kill", "-INT", Long.toString(before))
                        .start()
                        .waitFor();
                UnderAttack.await("PostgreSQL is started again", () -> db.isOther(before));
                db.awaitMore(200);
                if (i == 2) {
                    db.assertHealed("restarted", broken);
                }
            }
        }
    }

    @Test
    void frozen() throws Exception {
        try (var db = new UnderAttack(data, Map.of())) {
            long main = db.postmaster();
            long broken = System.nanoTime();
            db.signalAll("STOP", main);
            try {
                LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(200));
                db.assertSilence(Duration.ofSeconds(20));
            } finally {
                db.signalAll("CONT", main);
            }
            db.assertHealed("frozen", broken);
        }
    }

    @Test
    void outOfConnections() throws Exception {
        try (var db = new UnderAttack(data, Map.of("max_connections", "20"))) {
            var taken = new ArrayList<Connection>();
            long broken = System.nanoTime();
            try {
                takeAll(db, taken);
                UnderAttack.await("the lane says so", () -> {
                    endOurs(taken.getFirst());
                    takeAll(db, taken);
                    return !db.lane().isReachable();
                });
                db.assertSilence(Duration.ofSeconds(2));
            } finally {
                for (Connection connection : taken) {
                    connection.close();
                }
            }
            db.assertHealed("out of connections", broken);
        }
    }

    /// The lane may be quicker than this test and have a connection again at once.
    private static void endOurs(Connection other) {
        try (var statement = other.createStatement()) {
            statement.execute("select pg_terminate_backend(pid) from pg_stat_activity where pid <> pg_backend_pid()"
                    + " and application_name like 'spooled%'");
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
    }

    private static void takeAll(UnderAttack db, List<Connection> taken) {
        try {
            while (true) {
                taken.add(db.connect());
            }
        } catch (SQLException e) {
            assertThat(e.getSQLState()).isEqualTo("53300");
        }
    }

    @Test
    void outOfDisk() throws Exception {
        Files.createDirectories(data);
        int mounted = new ProcessBuilder("mount", "-t", "tmpfs", "-o", "size=420m", "tmpfs", data.toString())
                .start()
                .waitFor();
        assumeTrue(mounted == 0, "a tmpfs cannot be mounted here");
        try (var db = new UnderAttack(
                data, Map.of("max_wal_size", "64MB", "min_wal_size", "32MB", "shared_buffers", "32MB"))) {
            long broken = System.nanoTime();
            Path filler = data.resolve("filler");
            fill(filler);
            db.payload("{\"long\":\"" + "x".repeat(20_000) + "\"}");
            UnderAttack.await("the lane says so", () -> !db.lane().isReachable());
            int known = db.refused();
            UnderAttack.await("callers are refused", () -> db.refused() > known);
            db.payload("{}");
            Files.delete(filler);
            db.assertHealed("out of disk", broken);
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
}
