package dev.spooled.orgs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.spooled.refusal.Refused;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class QueueNameTest {
    @ParameterizedTest
    @ValueSource(strings = {"emails", "_x", "9", "a.b-c_d", "größe", "очередь", "列", "a.", "a-"})
    void takesLettersDigitsAndTheThreeMarks(String name) {
        assertThat(QueueName.checked("queue_name", name)).isEqualTo(name);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", ".a", "-a", "a b", "a/b", "a\n", "\u0000", "a:b", "😀"})
    void refusesTheRest(String name) {
        assertThatThrownBy(() -> QueueName.checked("queue_name", name)).isInstanceOf(Refused.class);
    }

    @Test
    void takesAtMostAHundredCharacters() {
        assertThat(QueueName.isValid("q".repeat(100))).isTrue();
        assertThat(QueueName.isValid("q".repeat(101))).isFalse();
    }

    @Test
    void refusesReservedAndMalformedSlugs() {
        for (String slug : new String[] {"admin", "a", "A-b", "a--b", "-ab", "ab-", "1ab", "a_b", "x".repeat(51)}) {
            assertThatThrownBy(() -> NewOrganization.named("Acme", slug)).isInstanceOf(Refused.class);
        }
        assertThat(NewOrganization.named("Acme", "acme-2").slug()).isEqualTo("acme-2");
    }
}
