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
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

final class ApiKeysTest {
    private final TestDb database = TestDb.create();
    private final ManualClock clock = new ManualClock(Instant.parse("2026-11-25T12:00:00Z"));
    private final Remembered remembered = new Remembered();
    private final ApiKeys keys = new ApiKeys(database.db(), clock, remembered);
    private final Organizations organizations = TestOrganizations.of(database, clock, keys, remembered);

    @AfterEach
    void close() {
        database.close();
    }

    @Test
    void aKeyIsKnownUnderBothSpellingsUntilItIsRevoked() {
        var made = organizations.create(NewOrganization.named("Acme", "acme"));
        String key = made.key().key();
        Caller caller = keys.caller(key).orElseThrow();
        assertThat(caller.organization()).isEqualTo(made.organization().id());
        assertThat(caller.maySee("anything")).isTrue();
        assertThat(keys.caller("sp_" + key.substring(3))).contains(caller);
        var own = new OwnKeys(database.db(), clock, keys, TestOrganizations.limits(database, clock));
        var second = organizations.addKey(made.organization().id(), NewKey.forAllQueues("second"));
        own.revoke(keys.caller(second.key()).orElseThrow(), caller.actor().id());
        assertThat(keys.caller(key)).isEmpty();
        assertThat(keys.caller("sk_live_nobody")).isEmpty();
    }

    @Test
    void aKeyEndsWhenItSaysAlsoWhileItIsRemembered() {
        var org = organizations.create(NewOrganization.named("Acme", "acme")).organization();
        Instant end = clock.now().plusSeconds(60);
        var made = organizations.addKey(org.id(), new NewKey("short", List.of("mail"), List.of(), 10, end));
        Caller caller = keys.caller(made.key()).orElseThrow();
        assertThat(caller.maySee("mail")).isTrue();
        assertThat(caller.maySee("other")).isFalse();
        clock.advance(Duration.ofSeconds(61));
        assertThat(keys.caller(made.key())).isEmpty();
        assertThatThrownBy(() -> organizations.addKey(org.id(), new NewKey("late", List.of(), List.of(), null, end)))
                .isInstanceOf(Refused.class);
    }

    @Test
    void theDefaultOrganizationIsMadeOnce() {
        assertThat(organizations.ensureDefault()).isPresent();
        assertThat(organizations.ensureDefault()).isEmpty();
    }
}
