package dev.spooled.jobs;

import java.nio.charset.StandardCharsets;

/// Lengths as the database counts them.
final class Utf8 {
    private static final int MOST_BYTES_PER_CHAR = 3;

    private Utf8() {}

    static boolean longerThan(String text, int bytes) {
        if ((long) text.length() * MOST_BYTES_PER_CHAR <= bytes) {
            return false;
        }
        return text.length() > bytes || text.getBytes(StandardCharsets.UTF_8).length > bytes;
    }

    /// The longest beginning of the text that fits, never half a character.
    static String truncated(String text, int bytes) {
        if (!longerThan(text, bytes)) {
            return text;
        }
        byte[] all = text.getBytes(StandardCharsets.UTF_8);
        int end = bytes;
        while ((all[end] & 0xC0) == 0x80) {
            end--;
        }
        return new String(all, 0, end, StandardCharsets.UTF_8);
    }
}
