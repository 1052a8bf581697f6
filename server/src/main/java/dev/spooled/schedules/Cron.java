package dev.spooled.schedules;

import dev.spooled.refusal.Refused;
import dev.spooled.schedules.CronField.Kind;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.time.YearMonth;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;
import java.time.zone.ZoneOffsetTransition;
import java.time.zone.ZoneRules;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/// A cron expression: six fields with seconds, five without, or a macro. When both day fields are restricted, a
/// day that either allows counts.
///
/// Occurrences are local times made instants of a zone. A local time that a zone skips becomes the first instant after
/// the gap; one that it repeats is the first of the two. So instants grow with local times, and two local times may
/// become one instant, which is then one occurrence.
final class Cron {
    private static final int MIN_LENGTH = 9;
    private static final int MAX_LENGTH = 100;

    /// February 29 on a given weekday comes every 28 years, every 40 across a year like 2100.
    private static final int HORIZON_YEARS = 41;

    private static final Map<String, String> MACROS = Map.of(
            "@yearly", "0 0 0 1 1 *",
            "@annually", "0 0 0 1 1 *",
            "@monthly", "0 0 0 1 * *",
            "@weekly", "0 0 0 * * 0",
            "@daily", "0 0 0 * * *",
            "@midnight", "0 0 0 * * *",
            "@hourly", "0 0 * * * *");

    private final CronField second;
    private final CronField minute;
    private final CronField hour;
    private final CronField day;
    private final CronField month;
    private final CronField weekday;

    private Cron(String[] fields) {
        second = CronField.parse(Kind.SECOND, fields[0]);
        minute = CronField.parse(Kind.MINUTE, fields[1]);
        hour = CronField.parse(Kind.HOUR, fields[2]);
        day = CronField.parse(Kind.DAY, fields[3]);
        month = CronField.parse(Kind.MONTH, fields[4]);
        weekday = CronField.parse(Kind.WEEKDAY, fields[5]);
    }

    /// Anything that is no expression is `Invalid`.
    static Cron parse(String expression) {
        return new Cron(fields(expression));
    }

    /// The six fields, a macro or five of them filled up.
    static String[] fields(String expression) {
        String text = expression.strip();
        if (text.startsWith("@")) {
            text = MACROS.getOrDefault(text.toLowerCase(Locale.ROOT), "");
        }
        if (text.length() < MIN_LENGTH || expression.length() > MAX_LENGTH) {
            throw Refused.invalid(
                    "cron_expression", "cron_expression must have 9 to 100 characters, or be a macro such as @daily");
        }
        String[] fields = text.split("\\s+");
        if (fields.length == 5) {
            fields = ("0 " + text).split("\\s+");
        }
        if (fields.length != 6) {
            throw Refused.invalid("cron_expression", "cron_expression must have 5 or 6 fields, not " + fields.length);
        }
        return fields;
    }

    /// The first occurrence after an instant, if there is one within the horizon.
    Optional<Instant> next(ZoneId zone, Instant after) {
        ZoneRules rules = zone.getRules();
        LocalDateTime local = start(rules, after);
        LocalDate end = local.toLocalDate().plusYears(HORIZON_YEARS);
        while (true) {
            Optional<LocalDateTime> found = nextLocal(local, end);
            if (found.isEmpty()) {
                return Optional.empty();
            }
            Instant instant = instant(rules, found.get());
            if (instant.isAfter(after)) {
                return Optional.of(instant);
            }
            local = found.get().plusSeconds(1);
        }
    }

    /// No local time before this one becomes an instant after `after`.
    private static LocalDateTime start(ZoneRules rules, Instant after) {
        ZoneOffset offset = rules.getOffset(after);
        LocalDateTime local = LocalDateTime.ofInstant(after, offset).truncatedTo(ChronoUnit.SECONDS);
        ZoneOffsetTransition transition = rules.getTransition(local);
        boolean second = transition != null && transition.isOverlap() && offset.equals(transition.getOffsetAfter());
        return second ? transition.getDateTimeBefore() : local;
    }

    static Instant instant(ZoneRules rules, LocalDateTime local) {
        ZoneOffsetTransition transition = rules.getTransition(local);
        if (transition == null) {
            return local.toInstant(rules.getOffset(local));
        }
        return transition.isGap() ? transition.getInstant() : local.toInstant(transition.getOffsetBefore());
    }

    /// The first local time from `from` on that the fields allow.
    private Optional<LocalDateTime> nextLocal(LocalDateTime from, LocalDate end) {
        LocalTime time = from.toLocalTime();
        for (LocalDate date = from.toLocalDate(); !date.isAfter(end); ) {
            if (!month.has(date.getMonthValue())) {
                date = YearMonth.from(date).plusMonths(1).atDay(1);
                time = LocalTime.MIDNIGHT;
                continue;
            }
            Optional<LocalTime> found = isDay(date) ? nextTime(time) : Optional.empty();
            if (found.isPresent()) {
                return Optional.of(date.atTime(found.get()));
            }
            date = date.plusDays(1);
            time = LocalTime.MIDNIGHT;
        }
        return Optional.empty();
    }

    private boolean isDay(LocalDate date) {
        boolean ofMonth = day.has(date.getDayOfMonth());
        boolean ofWeek = weekday.has(date.getDayOfWeek().getValue() % 7);
        return day.open() || weekday.open() ? ofMonth && ofWeek : ofMonth || ofWeek;
    }

    private Optional<LocalTime> nextTime(LocalTime from) {
        for (int h = hour.from(from.getHour()); h >= 0; h = hour.from(h + 1)) {
            int firstMinute = h == from.getHour() ? from.getMinute() : 0;
            for (int m = minute.from(firstMinute); m >= 0; m = minute.from(m + 1)) {
                boolean same = h == from.getHour() && m == from.getMinute();
                int s = second.from(same ? from.getSecond() : 0);
                if (s >= 0) {
                    return Optional.of(LocalTime.of(h, m, s));
                }
            }
        }
        return Optional.empty();
    }
}
