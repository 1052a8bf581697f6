package dev.spooled.orgs;

import dev.spooled.refusal.Refused;
import java.util.regex.Pattern;

/// The one rule for names of queues, on every door.
public final class QueueName {
    private static final Pattern RULE = Pattern.compile("[\\p{L}\\p{N}_][\\p{L}\\p{N}_.\\-]{0,99}");

    private QueueName() {}

    public static boolean isValid(String name) {
        return RULE.matcher(name).matches();
    }

    /// The name itself, or `Invalid` for the field it came in.
    public static String checked(String field, String name) {
        if (!isValid(name)) {
            throw Refused.invalid(
                    field, field + " must be 1 to 100 letters, digits or - _ . and not begin with - or .");
        }
        return name;
    }
}
