package dev.spooled.webhooks;

import dev.spooled.json.JsonWriter;
import java.util.UUID;

/// Webhooks and deliveries as the wire has them. Deliveries carry the names that different clients know.
final class WebhookWire {
    private WebhookWire() {}

    static void writeWebhook(JsonWriter to, UUID organization, Webhook webhook) {
        to.id("id", webhook.id())
                .id("organization_id", organization)
                .text("name", webhook.name())
                .text("url", webhook.url())
                .texts("events", webhook.events())
                .text("format", webhook.format().word())
                .flag("enabled", webhook.enabled())
                .flag("has_secret", webhook.hasSecret())
                .number("failure_count", webhook.state().failures())
                .time("last_triggered_at", webhook.state().lastTriggered())
                .text("last_status", webhook.state().lastStatus())
                .time("created_at", webhook.created())
                .time("updated_at", webhook.updated());
    }

    static void writeDelivery(JsonWriter to, Delivery delivery) {
        to.id("id", delivery.id())
                .id("webhook_id", delivery.webhook())
                .text("event", delivery.event())
                .raw("payload", delivery.body())
                .text("status", delivery.status())
                .numberOrNull("status_code", delivery.last().statusCode())
                .text("response_body", delivery.last().responseBody())
                .numberOrNull("response_time_ms", delivery.last().millis())
                .text("error", delivery.last().error())
                .number("attempts", delivery.attempts())
                .time("created_at", delivery.created())
                .time("delivered_at", delivery.delivered())
                .time("next_attempt_at", delivery.nextAttempt());
    }
}
