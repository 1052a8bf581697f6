package dev.spooled.orgs;

import dev.spooled.json.SearchedJson;
import dev.spooled.refusal.Refused;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// An organization to be made. `settings` and `customLimits` are compact JSON text; a null `planTier` takes the
/// server's
/// default.
public record NewOrganization(
        String name,
        String slug,
        @Nullable String billingEmail,
        @Nullable String planTier,
        @Nullable String settings,
        @Nullable String customLimits) {
    private static final Pattern SLUG = Pattern.compile("[a-z][a-z0-9]*(-[a-z0-9]+)*");
    private static final Set<String> TIERS = Set.of("free", "starter", "pro", "enterprise");
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

    public NewOrganization {
        int length = name.strip().codePointCount(0, name.strip().length());
        if (length < 3 || length > 100) {
            throw Refused.invalid("name", "name must have 3 to 100 characters");
        }
        if (slug.length() < 3 || slug.length() > 50 || !SLUG.matcher(slug).matches()) {
            throw Refused.invalid(
                    "slug", "slug must be 3 to 50 lower-case letters, digits and single dashes, a letter first");
        }
        if (RESERVED.contains(slug)) {
            throw Refused.invalid("slug", "The slug " + slug + " is reserved");
        }
        if (billingEmail != null && !EmailAddress.isValid(billingEmail)) {
            throw Refused.invalid("billing_email", "billing_email must be an e-mail address");
        }
        if (planTier != null && !TIERS.contains(planTier)) {
            throw Refused.invalid("plan_tier", "plan_tier must be free, starter, pro or enterprise");
        }
        checkJson("settings", settings);
        checkJson("custom_limits", customLimits);
    }

    public static NewOrganization named(String name, String slug) {
        return new NewOrganization(name, slug, null, null, null, null);
    }

    private static void checkJson(String field, @Nullable String json) {
        if (json != null) {
            SearchedJson.check(field, json);
        }
    }
}
