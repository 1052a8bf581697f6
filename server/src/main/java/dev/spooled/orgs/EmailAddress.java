package dev.spooled.orgs;

import dev.spooled.refusal.Refused;
import java.util.Locale;
import java.util.regex.Pattern;

/// The one rule for e-mail addresses, and the one form they are compared in.
public final class EmailAddress {
    private static final Pattern RULE =
            Pattern.compile("[^\\s@<>\"\\p{Cntrl}]{1,64}@[^\\s@<>\"\\p{Cntrl}]{1,189}\\.[^\\s@<>\".\\p{Cntrl}]{2,}");
    private static final int MAX_LENGTH = 254;

    private EmailAddress() {}

    public static boolean isValid(String text) {
        return text.length() <= MAX_LENGTH && RULE.matcher(text).matches();
    }

    /// The address in small letters, or `Invalid` for the field it came in.
    public static String checked(String field, String text) {
        String address = text.strip().toLowerCase(Locale.ROOT);
        if (!isValid(address)) {
            throw Refused.invalid(field, field + " must be an e-mail address");
        }
        return address;
    }

    /// Enough to recognize one's own address by.
    public static String masked(String address) {
        int at = address.indexOf('@');
        return address.substring(0, 1) + "***" + address.substring(at);
    }
}
