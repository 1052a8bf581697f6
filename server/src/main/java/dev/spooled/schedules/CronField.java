package dev.spooled.schedules;

import dev.spooled.refusal.Refused;
import java.util.List;
import java.util.Locale;

/// One field of a cron expression: the values it allows, as bits. `open` when it begins with `*` or `?`, which is what
/// the rule for the two day fields asks.
record CronField(long bits, boolean open) {
    /// A kind of field: its name for messages, its range, and words for its values from `min` on.
    enum Kind {
        SECOND("second", 0, 59, List.of()),
        MINUTE("minute", 0, 59, List.of()),
        HOUR("hour", 0, 23, List.of()),
        DAY("day of month", 1, 31, List.of()),
        MONTH(
                "month",
                1,
                12,
                List.of("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")),
        WEEKDAY("day of week", 0, 7, List.of("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"));

        final String label;
        final int min;
        final int max;
        final List<String> names;

        Kind(String label, int min, int max, List<String> names) {
            this.label = label;
            this.min = min;
            this.max = max;
            this.names = names;
        }

        /// The largest value there is: 7 is only another word for Sunday.
        int last() {
            return this == WEEKDAY ? 6 : max;
        }
    }

    static CronField parse(Kind kind, String text) {
        long bits = 0;
        for (String part : text.split(",", -1)) {
            bits |= part(kind, part);
        }
        return new CronField(bits, text.startsWith("*") || text.startsWith("?"));
    }

    boolean has(int value) {
        return (bits >> value & 1) == 1;
    }

    /// The smallest allowed value from `value` on, or -1.
    int from(int value) {
        long left = value > 63 ? 0 : bits >>> value << value;
        return left == 0 ? -1 : Long.numberOfTrailingZeros(left);
    }

    private static long part(Kind kind, String part) {
        int slash = part.indexOf('/');
        String range = slash < 0 ? part : part.substring(0, slash);
        int step = slash < 0 ? 1 : number(kind, part.substring(slash + 1));
        int from;
        int to;
        if (range.equals("*") || range.equals("?")) {
            from = kind.min;
            to = kind.last();
        } else {
            int dash = range.indexOf('-');
            from = value(kind, dash < 0 ? range : range.substring(0, dash));
            to = dash >= 0 ? value(kind, range.substring(dash + 1)) : slash < 0 ? from : kind.last();
            to = kind == Kind.WEEKDAY && dash >= 0 && to == 0 && from > 0 ? 7 : to;
        }
        if (step < 1 || from > to) {
            throw wrong(kind, part);
        }
        long bits = 0;
        for (int value = from; value <= to; value += step) {
            bits |= 1L << (kind == Kind.WEEKDAY ? value % 7 : value);
        }
        return bits;
    }

    private static int value(Kind kind, String text) {
        int named = kind.names.indexOf(text.toUpperCase(Locale.ROOT));
        int value = named >= 0 ? named + kind.min : number(kind, text);
        if (value < kind.min || value > kind.max) {
            throw wrong(kind, text);
        }
        return value;
    }

    private static int number(Kind kind, String text) {
        boolean digits = !text.isEmpty() && text.length() <= 3 && text.chars().allMatch(c -> c >= '0' && c <= '9');
        if (!digits) {
            throw wrong(kind, text);
        }
        return Integer.parseInt(text);
    }

    private static Refused wrong(Kind kind, String text) {
        return Refused.invalid(
                "cron_expression", "cron_expression has a " + kind.label + " that cannot be: '" + text + "'");
    }
}
