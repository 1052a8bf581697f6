package dev.spooled.engine;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.spooled.support.Hardship;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.time.Duration;
import java.util.ArrayList;
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
        Hardship.remove(data);
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
            Hardship.signal("STOP", main);
            try {
                LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(200));
                db.assertSilence(Duration.ofSeconds(20));
            } finally {
                Hardship.signal("CONT", main);
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
                Hardship.takeAll(db::connect, taken);
                UnderAttack.await("the lane says so", () -> {
                    Hardship.endServers(taken.getFirst());
                    Hardship.takeAll(db::connect, taken);
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

    @Test
    void outOfDisk() throws Exception {
        assumeTrue(Hardship.mount(data, 420), "a tmpfs cannot be mounted here");
        try (var db = new UnderAttack(
                data, Map.of("max_wal_size", "64MB", "min_wal_size", "32MB", "shared_buffers", "32MB"))) {
            long broken = System.nanoTime();
            Path filler = data.resolve("filler");
            Hardship.fill(filler);
            db.payload("{\"long\":\"" + "x".repeat(20_000) + "\"}");
            UnderAttack.await("the lane says so", () -> !db.lane().isReachable());
            int known = db.refused();
            UnderAttack.await("callers are refused", () -> db.refused() > known);
            db.payload("{}");
            Files.delete(filler);
            db.assertHealed("out of disk", broken);
        }
    }
}
