package dev.spooled.schedules;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.spooled.refusal.Refused;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.time.zone.ZoneOffsetTransition;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Cron expressions against dates known from calendars, and around changes of the clock against an oracle that looks at
/// every minute.
class CronTest {
    private static Instant next(String cron, String zone, String after) {
        return Cron.parse(cron).next(ZoneId.of(zone), Instant.parse(after)).orElseThrow();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "* * * * *|2026-01-01T00:00:00Z|2026-01-01T00:01:00Z",
                "* * * * * *|2026-01-01T00:00:00.5Z|2026-01-01T00:00:01Z",
                "0 9 * * 1-5|2026-11-27T09:00:00Z|2026-11-30T09:00:00Z",
                "0 0 9 * * MON-FRI|2026-11-27T08:59:59Z|2026-11-27T09:00:00Z",
                "0 0 1 * *|2026-01-31T12:00:00Z|2026-02-01T00:00:00Z",
                "0 0 0 29 2 *|2026-03-01T00:00:00Z|2028-02-29T00:00:00Z",
                "0 0 0 31 * *|2026-01-31T00:00:00Z|2026-03-31T00:00:00Z",
                "*/10 * * 1 * *|2026-01-31T12:00:45Z|2026-02-01T00:00:00Z",
                "0 0 0 */7 * *|2026-01-01T00:00:00Z|2026-01-08T00:00:00Z",
                "0 5/20 * * * *|2026-01-01T00:06:00Z|2026-01-01T00:25:00Z",
                "0 1-10/3,40 * * * *|2026-01-01T00:10:30Z|2026-01-01T00:40:00Z",
                "0 0 0 * * 7|2026-11-25T00:00:00Z|2026-11-29T00:00:00Z",
                "0 0 0 * * FRI-SUN|2026-11-28T00:00:00Z|2026-11-29T00:00:00Z",
                "0 0 0 13 * FRI|2026-02-01T00:00:00Z|2026-02-06T00:00:00Z",
                "0 0 0 ? * fri|2026-02-01T00:00:00Z|2026-02-06T00:00:00Z",
                "0 0 12 15 JAN,jul ?|2026-02-01T00:00:00Z|2026-07-15T12:00:00Z",
                "@hourly|2026-02-01T00:00:00Z|2026-02-01T01:00:00Z",
                "@daily|2026-02-01T00:00:00Z|2026-02-02T00:00:00Z",
                "@weekly|2026-02-02T00:00:00Z|2026-02-08T00:00:00Z",
                "@monthly|2026-02-02T00:00:00Z|2026-03-01T00:00:00Z",
                "@yearly|2026-02-02T00:00:00Z|2027-01-01T00:00:00Z",
            })
    void knowsTheCalendar(String cron, String after, String expected) {
        assertThat(next(cron, "UTC", after)).isEqualTo(Instant.parse(expected));
    }

    @ParameterizedTest
    @CsvSource({
        "0 30 2 * * *,2026-03-29T00:00:00Z,2026-03-29T01:00:00Z,2026-03-30T00:30:00Z",
        "0 30 2 * * *,2026-10-25T00:00:00Z,2026-10-25T00:30:00Z,2026-10-26T01:30:00Z",
        "0 0 3 * * *,2026-03-28T22:00:00Z,2026-03-29T01:00:00Z,2026-03-30T01:00:00Z",
        "0 */30 * * * *,2026-10-25T00:15:00Z,2026-10-25T00:30:00Z,2026-10-25T02:00:00Z",
    })
    void keepsThePolicyOfGapsAndOverlaps(String cron, String after, String first, String second) {
        Instant found = next(cron, "Europe/Berlin", after);
        assertThat(found).isEqualTo(Instant.parse(first));
        assertThat(next(cron, "Europe/Berlin", found.toString())).isEqualTo(Instant.parse(second));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "* * * *",
                "* * * * * * *",
                "60 * * * * *",
                "* * 24 * * *",
                "* * * 0 * *",
                "* * * * 13 *",
                "* * * * * 8",
                "5-1 * * * * *",
                "*/0 * * * * *",
                "1,,2 * * * * *",
                "a * * * * *",
                "0 0 0 L * *",
                "@sometimes",
                "0 0 0 1 FOO *",
                "-1 * * * * *",
                "999999999999 * * * *",
            })
    void refusesWhatIsNoExpression(String cron) {
        assertThatThrownBy(() -> Cron.parse(cron)).isInstanceOf(Refused.class);
    }

    @Test
    void endsWhereNothingComes() {
        assertThat(Cron.parse("0 0 0 30 2 *").next(ZoneOffset.UTC, Instant.EPOCH))
                .isEmpty();
        assertThatThrownBy(() -> Cron.parse("0 ".repeat(51) + "* * * * *")).isInstanceOf(Refused.class);
    }

    // ---- around every change of the clock

    private static final List<String> EXPRESSIONS = List.of(
            "* * * * *",
            "*/7 * * * *",
            "0 * * * *",
            "30 2 * * *",
            "15 0,1,2,3 * * *",
            "59 23 * * *",
            "0 0 * * *",
            "0 3 * * SUN",
            "30 1 1-7 * SUN",
            "0 12 */3 * *",
            "45 1-3 * 3,4,9,10,11 *",
            "5 4 31 * MON");

    @Test
    void someZonesFollowTheOracle() {
        long seed = Long.getLong("cron.seed", System.nanoTime());
        System.out.println("cron: -Dcron.seed=" + seed);
        List<String> zones = new ArrayList<>(ZoneId.getAvailableZoneIds());
        Collections.sort(zones);
        Collections.shuffle(zones, new Random(seed));
        List<String> sample = new ArrayList<>(List.of(
                "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Pacific/Apia", "Africa/Casablanca"));
        sample.addAll(zones.subList(0, 8));
        sample.forEach(CronTest::followTheOracle);
    }

    @Test
    @Tag("soak")
    void allZonesFollowTheOracle() {
        ZoneId.getAvailableZoneIds().forEach(CronTest::followTheOracle);
    }

    private static void followTheOracle(String name) {
        ZoneId zone = ZoneId.of(name);
        Instant end = Instant.parse("2038-01-01T00:00:00Z");
        ZoneOffsetTransition transition = zone.getRules().nextTransition(Instant.parse("1996-01-01T00:00:00Z"));
        while (transition != null && transition.getInstant().isBefore(end)) {
            compare(zone, transition.getInstant());
            transition = zone.getRules().nextTransition(transition.getInstant());
        }
    }

    private static void compare(ZoneId zone, Instant change) {
        Instant from = change.minus(Duration.ofHours(26));
        Instant to = change.plus(Duration.ofHours(26));
        var oracle = new Oracle(zone, from, to);
        for (String text : EXPRESSIONS) {
            List<Instant> found = new ArrayList<>();
            Cron cron = Cron.parse(text);
            Optional<Instant> next = cron.next(zone, from.minusSeconds(1));
            while (next.isPresent() && next.get().isBefore(to)) {
                found.add(next.get());
                next = cron.next(zone, next.get());
            }
            assertThat(found).as("%s in %s around %s", text, zone, change).isEqualTo(oracle.occurrences(text));
        }
    }

    /// Every minute of a stretch of time with its local time, asked one by one: does the clock on the wall show the
    /// expression for the first time, or has it just jumped over it?
    private static final class Oracle {
        private static final int[][] RANGES = {{0, 59}, {0, 23}, {1, 31}, {1, 12}, {0, 6}};

        private record Minute(Instant at, Shown shown, List<Shown> skipped, boolean again) {}

        /// A bit for each of minute, hour, day, month and day of the week.
        private record Shown(long minute, long hour, long day, long month, long weekday) {
            static Shown of(LocalDateTime time) {
                return new Shown(
                        1L << time.getMinute(),
                        1L << time.getHour(),
                        1L << time.getDayOfMonth(),
                        1L << time.getMonthValue(),
                        1L << time.getDayOfWeek().getValue() % 7);
            }

            boolean matches(long[] allowed, boolean either) {
                if ((minute & allowed[0]) == 0 || (hour & allowed[1]) == 0 || (month & allowed[3]) == 0) {
                    return false;
                }
                boolean onDay = (day & allowed[2]) != 0;
                boolean onWeekday = (weekday & allowed[4]) != 0;
                return either ? onDay || onWeekday : onDay && onWeekday;
            }
        }

        private final List<Minute> minutes = new ArrayList<>();

        Oracle(ZoneId zone, Instant from, Instant to) {
            Set<LocalDateTime> seen = new HashSet<>();
            LocalDateTime before = shown(zone, from.minusSeconds(60));
            for (Instant at = from; at.isBefore(to); at = at.plusSeconds(60)) {
                LocalDateTime now = shown(zone, at);
                List<Shown> skipped = new ArrayList<>();
                for (LocalDateTime gap = before.plusMinutes(1); gap.isBefore(now); gap = gap.plusMinutes(1)) {
                    skipped.add(Shown.of(gap));
                }
                minutes.add(new Minute(at, Shown.of(now), skipped, !seen.add(now)));
                before = now;
            }
        }

        private static LocalDateTime shown(ZoneId zone, Instant at) {
            return ZonedDateTime.ofInstant(at, zone).toLocalDateTime();
        }

        List<Instant> occurrences(String cron) {
            String[] fields = cron.split(" ");
            long[] allowed = new long[5];
            for (int i = 0; i < 5; i++) {
                allowed[i] = values(fields[i], RANGES[i][0], RANGES[i][1]);
            }
            boolean either = !fields[2].startsWith("*") && !fields[4].startsWith("*");
            List<Instant> found = new ArrayList<>();
            for (Minute minute : minutes) {
                if (!minute.again() && minute.shown().matches(allowed, either)
                        || minute.skipped().stream().anyMatch(gap -> gap.matches(allowed, either))) {
                    found.add(minute.at());
                }
            }
            return found;
        }

        private static long values(String field, int min, int max) {
            long values = 0;
            for (String part : field.split(",")) {
                String[] halves = part.replace("SUN", "0").replace("MON", "1").split("/");
                int step = halves.length == 2 ? Integer.parseInt(halves[1]) : 1;
                int[] bounds = halves[0].equals("*")
                        ? new int[] {min, max}
                        : Arrays.stream(halves[0].split("-"))
                                .mapToInt(Integer::parseInt)
                                .toArray();
                for (int value = bounds[0]; value <= bounds[bounds.length - 1]; value += step) {
                    values |= 1L << value;
                }
            }
            return values;
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "0 0 9 * * *|at 09:00:00 every day (UTC)",
                "* * * * * *|every second every day (UTC)",
                "*/15 * * * *|second 0 of every 15 minutes of every hour every day (UTC)",
                "0 0 9 1 * MON|at 09:00:00 on day 1 of the month or on weekday MON (UTC)",
                "@yearly|at 00:00:00 on day 1 of the month, in months 1 (UTC)",
            })
    void saysItInWords(String cron, String words) {
        assertThat(CronWords.of(cron, "UTC")).isEqualTo(words);
    }
}
