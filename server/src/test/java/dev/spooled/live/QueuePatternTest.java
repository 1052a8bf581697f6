package dev.spooled.live;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assertions.assertTimeout;

import dev.spooled.refusal.Refused;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class QueuePatternTest {
    @ParameterizedTest
    @CsvSource({
        "mail, mail, true", "mail, mails, false", "mail, mai, false", "*, anything, true", "m*l, mail, true",
        "m*l, ml, true", "m*l, mall-l, true", "m*l, mile, false", "*.eu, mail.eu, true", "*.eu, mail.eu.x, false",
        "a*b*c, a-bb-cb-c, true", "a*b*c, acb, false", "größe*, größen, true"
    })
    void matches(String pattern, String name, boolean matches) {
        assertThat(new QueuePattern(pattern).matches(name)).isEqualTo(matches);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "a b", "a/b", "a?"})
    void isNone(String text) {
        assertThatThrownBy(() -> new QueuePattern(text)).isInstanceOf(Refused.class);
    }

    @Test
    void manyStarsTakeNoTime() {
        var pattern = new QueuePattern("*a".repeat(49) + "b");
        assertTimeout(
                Duration.ofSeconds(2),
                () -> assertThat(pattern.matches("a".repeat(100))).isFalse());
    }
}
