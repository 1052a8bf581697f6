package dev.spooled.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Random;
import java.util.UUID;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/// kill -9 of the server, of PostgreSQL, or of both, at random instants under load, twenty times, and then an
/// account by id: nothing acknowledged is lost, nothing is completed twice, no job is leased again inside its
/// lease, and nobody had to lend a hand. `-Dkill.seed=n` repeats the instants, `-Dkill.kills=n` their number.
@Tag("chaos")
class KillTest {
    private static final int KILLS = Integer.getInteger("kill.kills", 20);
    private static final Crew.Habits HABITS = new Crew.Habits(6, 96, 0, 5, 1, 0, 4_000);

    @Test
    void nothingAcknowledgedIsLostNothingDoneTwice() throws Exception {
        long seed = Long.getLong("kill.seed", System.nanoTime());
        System.out.println("kills: -Dkill.seed=" + seed);
        var random = new Random(seed);
        Path data = Path.of("target", "chaos-" + UUID.randomUUID());
        double rate;
        Crew crew;
        try (var server = new ServerProcess(data)) {
            crew = new Crew(server, HABITS).start();
            long began = System.nanoTime();
            long downNanos = killRepeatedly(server, crew, random);
            double seconds = (System.nanoTime() - began - downNanos) / 1e9;
            rate = crew.completed() / seconds;
            System.out.printf("kills: %d, %.0f jobs/s completed while up%n", KILLS, rate);
            crew.drain();
        }
        Crew.Account account = crew.account(data);
        System.out.println("kills: " + account);
        assertThat(account.isClean()).as(account.toString()).isTrue();
        assertThat(rate).isGreaterThan(2_000);
    }

    /// Kills after random numbers of completed jobs. Returns how long the server was down in all.
    private static long killRepeatedly(ServerProcess server, Crew crew, Random random) throws IOException {
        long down = 0;
        for (int kill = 0; kill < KILLS; kill++) {
            crew.awaitCompleted(crew.completed() + 2_000 + random.nextInt(6_000));
            long at = System.nanoTime();
            int victim = random.nextInt(3);
            switch (victim) {
                case 0 -> server.killServer();
                case 1 -> server.killPostgres();
                default -> server.killBoth();
            }
            crew.awaitCompleted(crew.completed() + 1);
            server.awaitReady();
            long took = System.nanoTime() - at;
            down += took;
            System.out.printf(
                    "kill %d: %s, work went on after %.2f s%n",
                    kill + 1, new String[] {"server", "PostgreSQL", "both"}[victim], took / 1e9);
        }
        return down;
    }
}
