package dev.spooled.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spooled.support.TestDb;
import java.time.Duration;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.Test;

/// A start goes on while the cell's chores hold all its connections, as they may on a slow machine.
class BusyStartTest {
    private static final int CONNECTIONS = 2;

    @Test
    void theInstallationIsKnownWithoutAConnection() throws Exception {
        var release = new CountDownLatch(1);
        var held = new CountDownLatch(CONNECTIONS);
        try (var database = TestDb.create();
                var cell = Cell.open(
                        database.address(),
                        new Cell.Options(UUID.randomUUID(), CONNECTIONS, "test", Lane.Way.EXACT, false));
                var holders = Executors.newVirtualThreadPerTaskExecutor()) {
            for (int i = 0; i < CONNECTIONS; i++) {
                holders.submit(() -> cell.db().asEngine(tx -> {
                    held.countDown();
                    return waitFor(release);
                }));
            }
            assertThat(held.await(30, TimeUnit.SECONDS)).isTrue();
            try {
                Assertions.assertTimeoutPreemptively(
                        Duration.ofSeconds(5),
                        () -> assertThat(cell.installation()).isNotNull());
            } finally {
                release.countDown();
            }
        }
    }

    private static boolean waitFor(CountDownLatch release) {
        try {
            return release.await(60, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }
}
