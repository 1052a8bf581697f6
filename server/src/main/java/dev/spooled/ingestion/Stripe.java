package dev.spooled.ingestion;

import dev.spooled.ingestion.Rejected.Reason;
import dev.spooled.json.Json;
import dev.spooled.json.JsonObject;
import dev.spooled.refusal.Refused;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;

/// Stripe: `Stripe-Signature: t=<unix seconds>,v1=<hex>` over time, dot and body. While a secret is changed there are
/// several `v1`, of which one must be right.
///
/// https://docs.stripe.com/webhooks#verify-manually
final class Stripe implements Adapter {
    private static final Duration OLDEST = Duration.ofSeconds(300);
    private static final Duration AHEAD = Duration.ofSeconds(60);

    /// Of `v1` parts: Stripe sends as many as a webhook has secrets.
    private static final int MOST_SIGNATURES = 10;

    private record Signed(String time, List<byte[]> signatures) {}

    @Override
    public String word() {
        return "stripe";
    }

    @Override
    public void verify(Delivery delivery, List<String> secrets, Instant now) throws Rejected {
        Signed signed =
                signed(delivery.header("Stripe-Signature").orElseThrow(() -> new Rejected(Reason.SIGNATURE_MISSING)));
        byte[] before = (signed.time() + ".").getBytes(StandardCharsets.UTF_8);
        boolean matches = false;
        for (byte[] presented : signed.signatures()) {
            matches |= Signatures.match(secrets, presented, before, delivery.body());
        }
        if (!matches) {
            throw new Rejected(Reason.SIGNATURE_WRONG);
        }
        checkTime(signed.time(), now);
    }

    private static Signed signed(String header) {
        String time = "";
        var signatures = new ArrayList<byte[]>();
        for (String part : header.split(",", 2 * MOST_SIGNATURES)) {
            String[] pair = part.strip().split("=", 2);
            if (pair.length == 2 && pair[0].equals("t")) {
                time = pair[1];
            } else if (pair.length == 2 && pair[0].equals("v1") && signatures.size() < MOST_SIGNATURES) {
                Signatures.hex(pair[1]).ifPresent(signatures::add);
            }
        }
        return new Signed(time, signatures);
    }

    private static void checkTime(String time, Instant now) throws Rejected {
        Instant sent;
        try {
            sent = Instant.ofEpochSecond(Long.parseLong(time));
        } catch (NumberFormatException | java.time.DateTimeException e) {
            throw new Rejected(Reason.SIGNATURE_WRONG);
        }
        if (sent.isBefore(now.minus(OLDEST))) {
            throw new Rejected(Reason.TOO_OLD);
        }
        if (sent.isAfter(now.plus(AHEAD))) {
            throw new Rejected(Reason.FROM_THE_FUTURE);
        }
    }

    /// The payload is the object the event is about.
    @Override
    public Event read(Delivery delivery) {
        JsonObject event = Json.object(delivery.body());
        String type = event.text("type");
        JsonObject data = event.memberOrNull("data");
        String object = data == null ? null : data.rawOrNull("object");
        if (object == null) {
            throw Refused.invalid("data", "data.object is required");
        }
        return new Event(type, QueueNames.of("stripe", type), object, event.textOrNull("id"));
    }
}
