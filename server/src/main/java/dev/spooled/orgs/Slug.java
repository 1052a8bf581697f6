package dev.spooled.orgs;

import dev.spooled.refusal.Refused;
import java.text.Normalizer;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.ThreadLocalRandom;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// The rule for an organization's short name, and how one is made of a long name.
final class Slug {
    private static final Pattern RULE = Pattern.compile("[a-z][a-z0-9]*(-[a-z0-9]+)*");
    private static final int LEAST = 3;
    private static final int MOST = 50;
    private static final int ROOM_FOR_SUFFIX = 9;
    private static final Set<String> RESERVED = Set.of(
            "admin",
            "api",
            "app",
            "auth",
            "dashboard",
            "docs",
            "help",
            "internal",
            "login",
            "logout",
            "metrics",
            "root",
            "settings",
            "signup",
            "status",
            "support",
            "system",
            "test",
            "www");

    private Slug() {}

    static void check(String slug) {
        String wrong = wrong(slug);
        if (wrong != null) {
            throw Refused.invalid("slug", wrong);
        }
    }

    /// What is wrong with it, or null.
    static @Nullable String wrong(String slug) {
        if (slug.length() < LEAST || slug.length() > MOST || !RULE.matcher(slug).matches()) {
            return "slug must be 3 to 50 lower-case letters, digits and single dashes, a letter first";
        }
        return RESERVED.contains(slug) ? "The slug " + slug + " is reserved" : null;
    }

    /// Slugs for a name, best first, all valid; the last ones are free but for chance.
    static List<String> candidates(String name) {
        String plain = Normalizer.normalize(name, Normalizer.Form.NFKD)
                .replaceAll("\\p{M}", "")
                .toLowerCase(Locale.ROOT)
                .replaceAll("[^a-z0-9]+", "-")
                .replaceAll("^[^a-z]+|-+$", "");
        String base = cut(plain.isEmpty() ? "org" : plain);
        var found = new ArrayList<String>();
        found.add(base);
        for (int i = 2; i < 6; i++) {
            found.add(base + "-" + i);
        }
        for (int i = 0; i < 3; i++) {
            found.add(
                    base + "-" + Integer.toHexString(ThreadLocalRandom.current().nextInt(0x100_0000, 0x1000_0000)));
        }
        return found.stream().filter(slug -> wrong(slug) == null).toList();
    }

    private static String cut(String slug) {
        int most = MOST - ROOM_FOR_SUFFIX;
        return slug.length() <= most ? slug : slug.substring(0, most).replaceAll("-+$", "");
    }
}
