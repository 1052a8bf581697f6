package dev.spooled.webhooks;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Pauses, and what receivers ask for.
class RetryPlanTest {
    private static final Instant NOON = Instant.parse("2026-11-25T12:00:00Z");

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            nullValues = "-",
            value = {
                "-|0",
                "0|0",
                "7|7",
                " 7 |7",
                "86400|86400",
                "86401|86400",
                "99999999999999999999|86400",
                "-5|0",
                "1.5|0",
                "soon|0",
                "|0",
                "Wed, 25 Nov 2026 12:00:30 GMT|30",
                "Wed, 25 Nov 2026 11:00:00 GMT|0",
                "Wed, 25 Nov 2099 12:00:00 GMT|86400",
                "Wed, 99 Nov 2026 12:00:30 GMT|0",
            })
    void retryAfterIsSecondsOrADateWithinADay(@Nullable String header, long seconds) {
        assertThat(RetryPlan.asked(header, NOON)).isEqualTo(Duration.ofSeconds(seconds));
    }

    @Test
    void theLongerOfPlanAndWishCounts() {
        assertThat(RetryPlan.next(1, "60", NOON)).isEqualTo(NOON.plusSeconds(60));
        assertThat(RetryPlan.next(4, "2", NOON)).isEqualTo(NOON.plusSeconds(8));
        assertThat(RetryPlan.next(13, "60", NOON)).isNull();
        assertThat(RetryPlan.pause(12).orElseThrow()).isBetween(Duration.ofHours(24), Duration.ofMinutes(26 * 60 + 24));
    }
}
