package dev.spooled.orgs;

import dev.spooled.json.SearchedJson;
import dev.spooled.refusal.Refused;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// An organization to be made. `settings` and `customLimits` are compact JSON text; a null `planTier` takes the
/// server's default.
public record NewOrganization(
        String name,
        String slug,
        @Nullable String billingEmail,
        @Nullable String planTier,
        @Nullable String settings,
        @Nullable String customLimits) {
    private static final Set<String> TIERS = Set.of("free", "starter", "pro", "enterprise");

    public NewOrganization {
        int length = name.strip().codePointCount(0, name.strip().length());
        if (length < 3 || length > 100) {
            throw Refused.invalid("name", "name must have 3 to 100 characters");
        }
        Slug.check(slug);
        if (billingEmail != null && !EmailAddress.isValid(billingEmail)) {
            throw Refused.invalid("billing_email", "billing_email must be an e-mail address");
        }
        if (planTier != null && !TIERS.contains(planTier)) {
            throw Refused.invalid("plan_tier", "plan_tier must be free, starter, pro or enterprise");
        }
        checkJson("settings", settings);
        checkJson("custom_limits", customLimits);
        Plans.checkCustom(customLimits);
    }

    /// Holds a changed organization to the same rules as a new one.
    static void check(Organization changed) {
        var unused = new NewOrganization(
                changed.name(),
                changed.slug(),
                changed.billingEmail(),
                changed.planTier(),
                changed.settings(),
                changed.customLimits());
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
