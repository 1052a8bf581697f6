package dev.spooled.live;

import dev.spooled.refusal.Refusal;
import dev.spooled.refusal.Refused;
import java.util.regex.Pattern;

/// The name of a queue, or of several: `*` stands for any characters.
record QueuePattern(String text) {
    private static final Pattern RULE = Pattern.compile("[\\p{L}\\p{N}_.*\\-]{1,100}");

    QueuePattern {
        if (!RULE.matcher(text).matches()) {
            throw new Refused(new Refusal.Invalid(
                    "queue", "queue must be 1 to 100 letters, digits or - _ . with * for any of them"));
        }
    }

    boolean isExact() {
        return text.indexOf('*') < 0;
    }

    /// In one pass: after a mismatch only the last star gives way, never one before it.
    boolean matches(String name) {
        int at = 0;
        int star = -1;
        int resume = 0;
        for (int i = 0; i < name.length(); ) {
            if (at < text.length() && text.charAt(at) == '*') {
                star = at++;
                resume = i;
            } else if (at < text.length() && text.charAt(at) == name.charAt(i)) {
                at++;
                i++;
            } else if (star >= 0) {
                at = star + 1;
                i = ++resume;
            } else {
                return false;
            }
        }
        while (at < text.length() && text.charAt(at) == '*') {
            at++;
        }
        return at == text.length();
    }
}
