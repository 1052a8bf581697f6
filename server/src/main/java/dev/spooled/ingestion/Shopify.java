package dev.spooled.ingestion;

import dev.spooled.ingestion.Rejected.Reason;
import dev.spooled.refusal.Refused;
import java.time.Duration;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.List;

/// Shopify: `X-Shopify-Hmac-Sha256`, in base64, over the body. Its time is not signed, so the window only keeps honest
/// repetitions out; the id of the event does the rest. Shopify repeats a delivery for 4 hours.
///
/// https://shopify.dev/docs/apps/build/webhooks/subscribe/https
final class Shopify implements Adapter {
    private static final Duration OLDEST = Duration.ofDays(2);
    private static final Duration AHEAD = Duration.ofMinutes(5);

    @Override
    public String word() {
        return "shopify";
    }

    @Override
    public void verify(Delivery delivery, List<String> secrets, Instant now) throws Rejected {
        String header =
                delivery.header("X-Shopify-Hmac-Sha256").orElseThrow(() -> new Rejected(Reason.SIGNATURE_MISSING));
        byte[] presented = Signatures.base64(header).orElseThrow(() -> new Rejected(Reason.SIGNATURE_WRONG));
        if (!Signatures.match(secrets, presented, delivery.body())) {
            throw new Rejected(Reason.SIGNATURE_WRONG);
        }
        String triggered = delivery.header("X-Shopify-Triggered-At").orElse(null);
        if (triggered != null) {
            checkTime(triggered, now);
        }
    }

    private static void checkTime(String triggered, Instant now) throws Rejected {
        Instant at;
        try {
            at = Instant.parse(triggered);
        } catch (DateTimeParseException e) {
            throw new Rejected(Reason.SIGNATURE_WRONG);
        }
        if (at.isBefore(now.minus(OLDEST))) {
            throw new Rejected(Reason.TOO_OLD);
        }
        if (at.isAfter(now.plus(AHEAD))) {
            throw new Rejected(Reason.FROM_THE_FUTURE);
        }
    }

    @Override
    public Event read(Delivery delivery) {
        String topic = delivery.header("X-Shopify-Topic")
                .orElseThrow(() -> Refused.invalid("X-Shopify-Topic", "The header X-Shopify-Topic is required"));
        return new Event(
                topic,
                QueueNames.of("shopify", topic),
                Payload.of(delivery.body()),
                delivery.header("X-Shopify-Event-Id")
                        .or(() -> delivery.header("X-Shopify-Webhook-Id"))
                        .orElse(null));
    }
}
