package dev.spooled.webhooks;

import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;

/// When a delivery is tried again: quickly at first, then over days. At the end of the quick phase it counts as
/// failed, though it goes on. A receiver may ask for a longer pause by Retry-After.
final class RetryPlan {
    /// Attempts of the quick phase.
    static final int QUICK = 5;

    /// Failed deliveries in a row that disable a webhook.
    static final int FAILURES_MAX = 20;

    private static final List<Duration> PAUSES = List.of(
            Duration.ofSeconds(1),
            Duration.ofSeconds(2),
            Duration.ofSeconds(4),
            Duration.ofSeconds(8),
            Duration.ofMinutes(5),
            Duration.ofMinutes(30),
            Duration.ofHours(2),
            Duration.ofHours(5),
            Duration.ofHours(10),
            Duration.ofHours(14),
            Duration.ofHours(20),
            Duration.ofHours(24));
    private static final Duration LONGEST_ASKED = Duration.ofHours(24);
    private static final double JITTER = 0.1;

    private RetryPlan() {}

    /// The pause after so many failed attempts, longer by up to a tenth after the quick phase; empty after the
    /// last.
    static Optional<Duration> pause(int failures) {
        if (failures > PAUSES.size()) {
            return Optional.empty();
        }
        Duration pause = PAUSES.get(failures - 1);
        if (failures < QUICK) {
            return Optional.of(pause);
        }
        long more =
                (long) (pause.toMillis() * JITTER * ThreadLocalRandom.current().nextDouble());
        return Optional.of(pause.plusMillis(more));
    }

    /// When the next attempt is due; null after the last.
    static @Nullable Instant next(int failures, @Nullable String retryAfter, Instant now) {
        Duration asked = asked(retryAfter, now);
        return pause(failures)
                .map(pause -> now.plus(pause.compareTo(asked) < 0 ? asked : pause))
                .orElse(null);
    }

    /// The header as seconds or as an HTTP date, from nothing to a day; what is neither asks for nothing.
    static Duration asked(@Nullable String retryAfter, Instant now) {
        if (retryAfter == null) {
            return Duration.ZERO;
        }
        String text = retryAfter.strip();
        if (text.matches("[0-9]+")) {
            return text.length() > 8 ? LONGEST_ASKED : within(Duration.ofSeconds(Long.parseLong(text)));
        }
        try {
            return within(Duration.between(
                    now,
                    ZonedDateTime.parse(text, DateTimeFormatter.RFC_1123_DATE_TIME)
                            .toInstant()));
        } catch (DateTimeException e) {
            return Duration.ZERO;
        }
    }

    private static Duration within(Duration asked) {
        if (asked.isNegative()) {
            return Duration.ZERO;
        }
        return asked.compareTo(LONGEST_ASKED) > 0 ? LONGEST_ASKED : asked;
    }
}
