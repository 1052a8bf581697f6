package dev.spooled.access;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spooled.orgs.NewOrganization;
import dev.spooled.orgs.Organizations;
import dev.spooled.support.ManualClock;
import dev.spooled.support.TestDb;
import dev.spooled.support.TestOrganizations;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/// What it costs to know a caller: remembered, which each request of a busy client is, and read from the
/// database, which one is every four seconds. API keys and access tokens in turns; the middle of the rounds is
/// printed.
@Tag("scale")
final class AuthenticationCostTest {
    private static final int ROUNDS = 15;
    private static final int REMEMBERED_CALLS = 20_000;
    private static final int READ_CALLS = 500;

    private final TestDb database = TestDb.create();
    private final ManualClock clock = new ManualClock(Instant.parse("2026-11-25T12:00:00Z"));
    private final Remembered remembered = new Remembered();
    private final ApiKeys keys = new ApiKeys(database.db(), clock, remembered);
    private final Organizations organizations = TestOrganizations.of(database, clock, keys, remembered);
    private final SigningKeys signing = new SigningKeys("a-secret-of-a-test-0123456789abcdef", null);
    private final Sessions sessions = new Sessions(database.db(), clock, signing, remembered, Duration.ofHours(24));
    private final Credentials credentials = new Credentials(keys, sessions);

    @AfterEach
    void close() {
        database.close();
    }

    @Test
    void whoIsRememberedCostsNextToNothing() {
        String key = organizations
                .create(NewOrganization.named("Acme", "acme"))
                .key()
                .key();
        Caller caller = credentials.caller(key);
        String token = sessions.open(caller).access();
        double[][] micros = new double[4][ROUNDS];
        for (int round = 0; round < ROUNDS; round++) {
            micros[0][round] = remembered(key);
            micros[1][round] = read(key, caller.actor().id());
            micros[2][round] = remembered(token);
            micros[3][round] = read(token, caller.actor().id());
        }
        for (double[] each : micros) {
            Arrays.sort(each);
        }
        System.out.printf(
                "authentication: key remembered %.2f us, read %.0f us; token remembered %.2f us, read %.0f us%n",
                middle(micros[0]), middle(micros[1]), middle(micros[2]), middle(micros[3]));
        assertThat(middle(micros[0])).isLessThan(middle(micros[1]) / 10);
        assertThat(middle(micros[2])).isLessThan(middle(micros[3]));
    }

    private double remembered(String credential) {
        credentials.caller(credential);
        long begun = System.nanoTime();
        for (int i = 0; i < REMEMBERED_CALLS; i++) {
            credentials.caller(credential);
        }
        return (System.nanoTime() - begun) / 1e3 / REMEMBERED_CALLS;
    }

    private double read(String credential, UUID key) {
        long begun = System.nanoTime();
        for (int i = 0; i < READ_CALLS; i++) {
            remembered.forget(key);
            credentials.caller(credential);
        }
        return (System.nanoTime() - begun) / 1e3 / READ_CALLS;
    }

    private static double middle(double[] sorted) {
        return sorted[sorted.length / 2];
    }
}
