package dev.spooled.orgs;

import dev.spooled.access.MintedKey;
import dev.spooled.json.JsonWriter;
import dev.spooled.refusal.Refused;
import java.util.UUID;

/// Organizations and their first keys as on the wire, for every door that shows them.
public final class OrganizationWire {
    private OrganizationWire() {}

    public static void write(JsonWriter to, Organization org) {
        writeSummary(to, org);
        to.text("plan", org.planTier())
                .text("billing_email", org.billingEmail())
                .raw("settings", org.settings())
                .raw("custom_limits", org.customLimits())
                .flag("strict_leases", org.strictLeases())
                .text("stripe_customer_id", org.stripe().customer())
                .text("stripe_subscription_id", org.stripe().subscription())
                .text("stripe_subscription_status", org.stripe().status())
                .time("stripe_current_period_end", org.stripe().periodEnd())
                .flagOrNull("stripe_cancel_at_period_end", org.stripe().cancelAtPeriodEnd())
                .time("updated_at", org.updatedAt());
    }

    public static void writeSummary(JsonWriter to, Organization org) {
        to.id("id", org.id())
                .text("name", org.name())
                .text("slug", org.slug())
                .text("plan_tier", org.planTier())
                .time("created_at", org.createdAt());
    }

    public static void writeCreated(JsonWriter to, Organizations.Created made) {
        to.object("organization", inner -> write(inner, made.organization()));
        to.object("api_key", inner -> writeKey(inner, made.key()));
    }

    public static JsonWriter writeKey(JsonWriter to, MintedKey key) {
        return to.id("id", key.id())
                .text("key", key.key())
                .text("name", key.name())
                .time("created_at", key.createdAt());
    }

    /// What is no id is nobody's id: 404, never 400, and in the same words.
    public static UUID id(String text) {
        try {
            return UUID.fromString(text);
        } catch (IllegalArgumentException e) {
            throw Refused.notFound("There is no organization " + text);
        }
    }
}
