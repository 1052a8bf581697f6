package dev.spooled.webhooks;

import dev.spooled.json.JsonObject;
import dev.spooled.outbound.Targets;
import dev.spooled.refusal.Bounds;
import dev.spooled.refusal.Refused;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// What a request says of a webhook, each field in its range. What it leaves out is as `before` had it, or the
/// default. The secret has three states: not mentioned, taken away (null), given.
record NewWebhook(
        String name,
        String url,
        List<String> events,
        Format format,
        boolean enabled,
        boolean secretGiven,
        @Nullable String secret) {
    private static final int EVENTS_MAX = 100;

    static NewWebhook of(JsonObject body, Targets targets, @Nullable Webhook before) {
        String name = before != null && !body.has("name") ? before.name() : body.text("name");
        Bounds.checkLength("name", name, 1, 255);
        String url = before != null && !body.has("url") ? before.url() : body.text("url");
        Bounds.checkLength("url", url, 1, 2_048);
        String host = String.valueOf(targets.checked("url", url).getHost());
        Boolean enabled = body.flagOrNull("enabled");
        String secret = body.textOrNull("secret");
        Bounds.checkLength("secret", secret, 0, 255);
        return new NewWebhook(
                name,
                url,
                events(body, before),
                format(body, host, before),
                enabled == null ? before == null || before.enabled() : enabled,
                body.has("secret") || body.isNull("secret"),
                secret == null || secret.isEmpty() ? null : secret);
    }

    @Override
    public String toString() {
        return "webhook " + name + " to " + url;
    }

    private static List<String> events(JsonObject body, @Nullable Webhook before) {
        List<String> words = body.textsOrNull("events");
        if (words == null) {
            if (before != null) {
                return before.events();
            }
            throw new Refused(new dev.spooled.refusal.Refusal.InvalidJson("The member events is required"));
        }
        if (words.size() > EVENTS_MAX) {
            throw Refused.invalid("events", "events may name at most " + EVENTS_MAX + " events");
        }
        return Event.checked(words);
    }

    private static Format format(JsonObject body, String host, @Nullable Webhook before) {
        String word = body.textOrNull("format");
        if (word != null) {
            return Format.of(word);
        }
        return before == null || !host.equals(java.net.URI.create(before.url()).getHost())
                ? Format.byHost(host)
                : before.format();
    }
}
