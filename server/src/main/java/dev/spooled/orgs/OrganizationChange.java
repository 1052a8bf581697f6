package dev.spooled.orgs;

import dev.spooled.json.JsonObject;
import org.jspecify.annotations.Nullable;

/// What to change about an organization. Null keeps what it has; for a `Change` that is null, null clears. `extra` is
/// JSON merged into the settings. Only the operator may give what stands after `strictLeases`.
public record OrganizationChange(
        @Nullable String name,
        Change<String> billingEmail,
        @Nullable String settings,
        @Nullable String extra,
        @Nullable Boolean strictLeases,
        @Nullable String planTier,
        Change<String> customLimits,
        @Nullable Boolean active,
        Stripe stripe) {

    /// How the organization pays elsewhere.
    public record Stripe(Change<String> customer, Change<String> subscription, Change<String> status) {
        static final Stripe NONE = new Stripe(Change.none(), Change.none(), Change.none());
    }

    /// What an organization may change about itself. Two members of one client have no place of their own and are kept
    /// among the settings.
    static OrganizationChange byItself(JsonObject body) {
        String billingEmail = body.textOrNull("billing_email");
        return new OrganizationChange(
                body.textOrNull("name"),
                billingEmail == null ? Change.none() : new Change<>(true, billingEmail),
                body.objectOrNull("settings"),
                extra(body),
                body.flagOrNull("strict_leases"),
                null,
                Change.none(),
                null,
                Stripe.NONE);
    }

    public static OrganizationChange byOperator(JsonObject body) {
        return new OrganizationChange(
                body.textOrNull("name"),
                Change.of(body, "billing_email", body::textOrNull),
                body.objectOrNull("settings"),
                null,
                body.flagOrNull("strict_leases"),
                body.textOrNull("plan_tier"),
                Change.of(body, "custom_limits", body::objectOrNull),
                body.flagOrNull("is_active"),
                new Stripe(
                        Change.of(body, "stripe_customer_id", body::textOrNull),
                        Change.of(body, "stripe_subscription_id", body::textOrNull),
                        Change.of(body, "stripe_subscription_status", body::textOrNull)));
    }

    private static @Nullable String extra(JsonObject body) {
        String description = body.textOrNull("description");
        String logo = body.textOrNull("logo_url");
        if (description == null && logo == null) {
            return null;
        }
        return new String(
                dev.spooled.json.Json.write(to -> {
                    if (description != null) {
                        to.text("description", description);
                    }
                    if (logo != null) {
                        to.text("logo_url", logo);
                    }
                }),
                java.nio.charset.StandardCharsets.UTF_8);
    }
}
