package dev.spooled.ingestion;

import dev.spooled.ingestion.Rejected.Reason;
import dev.spooled.refusal.Refused;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;

/// GitHub: `X-Hub-Signature-256` over the body, which may be JSON or a form with a field `payload`. Nothing it signs
/// tells the time, so a delivery sent again is known by its id.
///
/// https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries
final class GitHub implements Adapter {
    private static final String SCHEME = "sha256=";
    private static final String FORM_FIELD = "payload=";

    @Override
    public String word() {
        return "github";
    }

    @Override
    public void verify(Delivery delivery, List<String> secrets, Instant now) throws Rejected {
        String header =
                delivery.header("X-Hub-Signature-256").orElseThrow(() -> new Rejected(Reason.SIGNATURE_MISSING));
        byte[] presented = Signatures.hex(header.startsWith(SCHEME) ? header.substring(SCHEME.length()) : "?")
                .orElseThrow(() -> new Rejected(Reason.SIGNATURE_WRONG));
        if (!Signatures.match(secrets, presented, delivery.body())) {
            throw new Rejected(Reason.SIGNATURE_WRONG);
        }
    }

    @Override
    public Event read(Delivery delivery) {
        String type = delivery.header("X-GitHub-Event")
                .orElseThrow(() -> Refused.invalid("X-GitHub-Event", "The header X-GitHub-Event is required"));
        return new Event(
                type,
                QueueNames.of("github", type),
                Payload.of(json(delivery.body())),
                delivery.header("X-GitHub-Delivery").orElse(null));
    }

    private static byte[] json(byte[] body) {
        String text = new String(body, 0, Math.min(body.length, FORM_FIELD.length()), StandardCharsets.UTF_8);
        if (!text.equals(FORM_FIELD)) {
            return body;
        }
        String form = new String(body, FORM_FIELD.length(), body.length - FORM_FIELD.length(), StandardCharsets.UTF_8);
        int end = form.indexOf('&');
        try {
            return URLDecoder.decode(end < 0 ? form : form.substring(0, end), StandardCharsets.UTF_8)
                    .getBytes(StandardCharsets.UTF_8);
        } catch (IllegalArgumentException e) {
            throw Refused.invalid("payload", "The form field payload is not URL-encoded");
        }
    }
}
