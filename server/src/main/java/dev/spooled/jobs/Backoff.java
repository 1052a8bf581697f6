package dev.spooled.jobs;

import dev.spooled.json.Json;
import dev.spooled.json.JsonObject;
import dev.spooled.refusal.Refused;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// How long a failed job waits before its next attempt, where somebody wants it otherwise than the contract: the
/// member `backoff` of a job or a queue. Checked here, stored as JSON, carried out by the database function
/// `backoff_seconds`.
public final class Backoff {
    private static final String NAME = "backoff";
    private static final int MAX_SECONDS = 7 * 86_400;
    private static final int PRESET_CAP_SECONDS = 3_600;
    private static final int MAX_DELAYS = 20;

    private Backoff() {}

    /// The policy a request carries as JSON text, or null.
    public static @Nullable String of(JsonObject request) {
        JsonObject policy = request.memberOrNull(NAME);
        if (policy == null) {
            return null;
        }
        boolean jitter = Boolean.TRUE.equals(policy.flagOrNull("jitter"));
        byte[] json = switch (policy.text("kind")) {
            case "exponential" -> exponential(policy, jitter);
            case "fixed" -> fixed(policy, jitter);
            case "list" -> list(policy, jitter);
            default -> throw Refused.invalid("backoff.kind", "backoff.kind must be exponential, fixed or list");
        };
        return new String(json, StandardCharsets.UTF_8);
    }

    private static byte[] exponential(JsonObject policy, boolean jitter) {
        int base = seconds("base_seconds", policy.integerOrNull("base_seconds"), 1);
        Integer asked = policy.integerOrNull("cap_seconds");
        int cap = seconds("cap_seconds", asked == null ? Math.max(base, PRESET_CAP_SECONDS) : asked, base);
        return Json.write(to -> to.text("kind", "exponential")
                .number("base_seconds", base)
                .number("cap_seconds", cap)
                .flag("jitter", jitter));
    }

    private static byte[] fixed(JsonObject policy, boolean jitter) {
        int base = seconds("base_seconds", policy.integerOrNull("base_seconds"), 0);
        return Json.write(
                to -> to.text("kind", "fixed").number("base_seconds", base).flag("jitter", jitter));
    }

    private static byte[] list(JsonObject policy, boolean jitter) {
        List<Integer> delays = policy.integersOrNull("delays_seconds");
        if (delays == null || delays.isEmpty() || delays.size() > MAX_DELAYS) {
            throw Refused.invalid("backoff.delays_seconds", "backoff.delays_seconds must hold 1 to 20 numbers");
        }
        delays.forEach(delay -> seconds("delays_seconds", delay, 0));
        return Json.write(to ->
                to.text("kind", "list").raw("delays_seconds", delays.toString()).flag("jitter", jitter));
    }

    private static int seconds(String name, @Nullable Integer value, int least) {
        if (value == null) {
            throw Refused.invalid("backoff." + name, "backoff." + name + " is required");
        }
        Ranges.check("backoff." + name, value, least, MAX_SECONDS);
        return value;
    }
}
