package dev.spooled;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.spooled.support.Await;
import dev.spooled.support.Hardship;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
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
        Hardship.remove(data);
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

    /// Whoever is at the other end is not told either: PostgreSQL keeps the sessions that were open, and what they
    /// hold.
    @Test
    void cutOffByTheNetwork() throws Exception {
        try (var server = new ServerInTrouble(data, Map.of(), true)) {
            server.network().dropAll();
            server.awaitRefusals();
            server.network().dropNoMore();
            server.assertWell();
        }
    }

    @Test
    void outOfConnections() throws Exception {
        try (var server = new ServerInTrouble(data, Map.of("max_connections", "30"))) {
            List<Connection> taken = new ArrayList<>();
            try {
                Hardship.takeAll(server::connect, taken);
                Await.until(
                        () -> {
                            Hardship.endServers(taken.getFirst());
                            Hardship.takeAll(server::connect, taken);
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

    @Test
    void outOfDisk() throws Exception {
        assumeTrue(Hardship.mount(data, 420), "a tmpfs cannot be mounted here");
        var small = Map.of("max_wal_size", "64MB", "min_wal_size", "32MB", "shared_buffers", "32MB");
        try (var server = new ServerInTrouble(data, small)) {
            Path filler = data.resolve("filler");
            Hardship.fill(filler);
            server.enqueuePayloadsOf(50_000);
            server.awaitRefusals();
            server.enqueuePayloadsOf(0);
            Files.delete(filler);
            server.assertWell();
        }
    }
}
