package dev.spooled.access;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.spooled.orgs.NewOrganization;
import dev.spooled.orgs.Organizations;
import dev.spooled.refusal.Refused;
import dev.spooled.support.ManualClock;
import dev.spooled.support.TestDb;
import dev.spooled.support.TestOrganizations;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// Two servers before one database, without anything between them: what one revokes, the other refuses within five
/// seconds, though it has just let it pass.
final class RevocationElsewhereTest {
    private static final Duration BOUND = Duration.ofSeconds(5);

    private final TestDb database = TestDb.create();
    private final ManualClock clock = new ManualClock(Instant.parse("2026-11-25T12:00:00Z"));
    private final SigningKeys signing = new SigningKeys("the-secret-that-both-servers-know-0123", null);
    private final Node here = new Node();
    private final Node there = new Node();

    private final class Node {
        final Remembered remembered = new Remembered();
        final ApiKeys keys = new ApiKeys(database.db(), clock, remembered);
        final OwnKeys own = new OwnKeys(database.db(), clock, keys, TestOrganizations.limits(database, clock));
        final Sessions sessions = new Sessions(database.db(), clock, signing, remembered, Duration.ofHours(1));
        final Credentials credentials = new Credentials(keys, sessions);
        final Organizations organizations = TestOrganizations.of(database, clock, keys, remembered);

        boolean knows(String credential) {
            try {
                return credentials.caller(credential).org() > 0;
            } catch (Refused refused) {
                return false;
            }
        }
    }

    @AfterEach
    void close() {
        database.close();
    }

    @Test
    void whatIsRevokedHereIsRefusedThere() {
        var made = here.organizations.create(NewOrganization.named("Acme", "acme"));
        var doomed = here.organizations.create(NewOrganization.named("Doomed", "doomed"));
        Caller admin = here.credentials.caller(made.key().key());
        MintedKey revoked = here.organizations.addKey(made.organization().id(), NewKey.forAllQueues("revoked"));
        MintedKey narrowed = here.organizations.addKey(made.organization().id(), NewKey.forAllQueues("narrowed"));
        Sessions.Pair session = here.sessions.open(admin);
        Sessions.Pair stolen = here.sessions.open(admin);
        Sessions.Pair ofRevoked = here.sessions.open(here.credentials.caller(revoked.key()));
        String replaced = Objects.requireNonNull(stolen.refresh());
        String access = here.sessions.refresh(replaced, true).access();

        Map<String, BooleanSupplier> gone = new LinkedHashMap<>();
        gone.put("a key", () -> !there.knows(revoked.key()));
        gone.put("a token of a revoked key", () -> !there.knows(ofRevoked.access()));
        gone.put("a token logged out", () -> !there.knows(session.access()));
        gone.put("a token of a stolen family", () -> !there.knows(access));
        gone.put(
                "the key of a deleted organization",
                () -> !there.knows(doomed.key().key()));
        gone.put(
                "a queue no longer allowed",
                () -> !there.credentials.caller(narrowed.key()).maySee("b"));
        gone.forEach(
                (what, isGone) -> assertThat(isGone.getAsBoolean()).as(what).isFalse());

        long begun = System.nanoTime();
        here.own.revoke(admin, revoked.id());
        here.own.update(admin, narrowed.id(), new KeyChange(null, List.of("a"), null, false, null, null));
        here.sessions.close(session.access(), null);
        assertThatThrownBy(() -> here.sessions.refresh(replaced, false)).isInstanceOf(Refused.class);
        here.organizations.delete(doomed.organization().id(), false);
        assertThat(here.knows(revoked.key())).isFalse();
        assertThat(here.knows(access)).isFalse();
        gone.forEach((what, isGone) -> {
            while (!isGone.getAsBoolean()) {
                assertThat(System.nanoTime() - begun).as(what).isLessThan(BOUND.toNanos());
                LockSupport.parkNanos(10_000_000);
            }
        });
        System.out.printf("revoked elsewhere: refused after %d ms%n", (System.nanoTime() - begun) / 1_000_000);
    }
}
