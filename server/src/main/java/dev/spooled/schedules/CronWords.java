package dev.spooled.schedules;

import java.util.List;

/// A cron expression in plain words, field by field.
final class CronWords {
    private CronWords() {}

    static String of(String expression, String zone) {
        String[] fields = Cron.fields(expression);
        String days = days(fields[3], fields[5]);
        String months = isAny(fields[4]) ? "" : ", in months " + fields[4];
        return time(fields[0], fields[1], fields[2]) + days + months + " (" + zone + ")";
    }

    private static String time(String second, String minute, String hour) {
        if (isNumber(second) && isNumber(minute) && isNumber(hour)) {
            return "at %02d:%02d:%02d"
                    .formatted(Integer.parseInt(hour), Integer.parseInt(minute), Integer.parseInt(second));
        }
        if (isAny(second) && isAny(minute) && isAny(hour)) {
            return "every second";
        }
        if (second.equals("0") && isAny(minute) && isAny(hour)) {
            return "every minute";
        }
        String text = part("second", second);
        if (!isAny(second) || !isAny(minute)) {
            text += " of " + part("minute", minute);
        }
        return text + " of " + part("hour", hour);
    }

    private static String part(String unit, String field) {
        if (isAny(field)) {
            return "every " + unit;
        }
        List<String> step = List.of(field.split("/", 2));
        if (step.size() == 2 && isAny(step.getFirst())) {
            return "every " + step.getLast() + " " + unit + "s";
        }
        return unit + " " + field;
    }

    private static String days(String day, String weekday) {
        if (isAny(day) && isAny(weekday)) {
            return " every day";
        }
        String ofMonth = "on day " + day + " of the month";
        String ofWeek = "on weekday " + weekday;
        if (isAny(day)) {
            return " " + ofWeek;
        }
        if (isAny(weekday)) {
            return " " + ofMonth;
        }
        boolean open = day.startsWith("*") || weekday.startsWith("*");
        return " " + ofMonth + (open ? " and " : " or ") + ofWeek;
    }

    private static boolean isAny(String field) {
        return field.equals("*") || field.equals("?");
    }

    private static boolean isNumber(String field) {
        return field.chars().allMatch(c -> c >= '0' && c <= '9');
    }
}
