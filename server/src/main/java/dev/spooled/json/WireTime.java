package dev.spooled.json;

import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneOffset;

/// Times as the wire has them: `2026-01-05T10:00:30.123456Z`, always in UTC, always with six digits.
public final class WireTime {
    private WireTime() {}

    public static String format(Instant time) {
        LocalDateTime utc = LocalDateTime.ofInstant(time, ZoneOffset.UTC);
        var text = new StringBuilder(27);
        digits(text, utc.getYear(), 4).append('-');
        digits(text, utc.getMonthValue(), 2).append('-');
        digits(text, utc.getDayOfMonth(), 2).append('T');
        digits(text, utc.getHour(), 2).append(':');
        digits(text, utc.getMinute(), 2).append(':');
        digits(text, utc.getSecond(), 2).append('.');
        return digits(text, utc.getNano() / 1_000, 6).append('Z').toString();
    }

    private static StringBuilder digits(StringBuilder text, int value, int width) {
        for (int unit = power(width - 1); unit > 0; unit /= 10) {
            text.append((char) ('0' + value / unit % 10));
        }
        return text;
    }

    private static int power(int of) {
        int value = 1;
        for (int i = 0; i < of; i++) {
            value *= 10;
        }
        return value;
    }
}
