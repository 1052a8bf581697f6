package dev.spooled.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.Map;
import java.util.Random;
import java.util.UUID;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Ten rounds of two kill -9 of the server each, on both ways of the lane: a fifth of the requests keyed,
/// five priorities, workers slower than their lease of five seconds; nearly empty queues (jobs are handed
/// straight to waiting claims) and a backlog (claims are taken from it). Every column of losses must be 0.
/// `-Dcrash.rounds=n`, `-Dcrash.seed=n`.
@Tag("chaos")
class CrashTableTest {
    private static final int ROUNDS = Integer.getInteger("crash.rounds", 10);
    private static final int KILLS_PER_ROUND = 2;

    @ParameterizedTest
    @CsvSource({"exact,100", "exact,5000", "asserted,100", "asserted,5000"})
    void nothingIsLost(String lane, int ahead) throws Exception {
        long seed = Long.getLong("crash.seed", System.nanoTime());
        var random = new Random(seed);
        Path data = Path.of("target", "crash-" + UUID.randomUUID());
        Crew crew;
        try (var server = new ServerProcess(data, Map.of("SPOOLED_LANE", lane))) {
            crew = new Crew(server, new Crew.Habits(8, 96, 8, 5, 5, 20, ahead)).start();
            for (int kill = 0; kill < ROUNDS * KILLS_PER_ROUND; kill++) {
                crew.awaitCompleted(crew.completed() + 2_000 + random.nextInt(4_000));
                server.killServer();
                crew.awaitCompleted(crew.completed() + 1);
                server.awaitReady();
            }
            crew.drain();
        }
        Crew.Account account = crew.account(data);
        System.out.printf(
                "crash: %s, %d ahead, %d rounds (%d kills), -Dcrash.seed=%d: %s%n",
                lane, ahead, ROUNDS, ROUNDS * KILLS_PER_ROUND, seed, account);
        assertThat(account.isClean()).as(account.toString()).isTrue();
        assertThat(account.staleRefused()).isPositive();
    }
}
