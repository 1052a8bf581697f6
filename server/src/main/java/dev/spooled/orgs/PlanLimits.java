package dev.spooled.orgs;

import dev.spooled.json.Json;
import dev.spooled.json.JsonObject;
import dev.spooled.json.JsonWriter;
import dev.spooled.refusal.Refused;
import java.nio.charset.StandardCharsets;
import java.util.EnumMap;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// What a plan allows. A resource without an entry in `caps` is unlimited, one with 0 is switched off.
public record PlanLimits(
        String tier,
        String displayName,
        Map<Resource, Integer> caps,
        int maxPayloadBytes,
        int requestsPerSecond,
        int burst,
        int jobDays,
        int historyDays,
        ConnectionLimits connections) {

    public @Nullable Integer cap(Resource resource) {
        return caps.get(resource);
    }

    /// These limits with an organization's own in their place; `custom` is JSON. A null takes a cap away.
    public PlanLimits with(@Nullable String custom) {
        if (custom == null) {
            return this;
        }
        JsonObject own = Json.object(custom.getBytes(StandardCharsets.UTF_8));
        var changed = new EnumMap<Resource, Integer>(Resource.class);
        changed.putAll(caps);
        for (Resource resource : Resource.values()) {
            if (own.isNull(resource.cap())) {
                changed.remove(resource);
            } else if (own.has(resource.cap())) {
                changed.put(resource, number(own, resource.cap(), 0, 0));
            }
        }
        return new PlanLimits(
                tier,
                displayName,
                Map.copyOf(changed),
                number(own, "max_payload_size_bytes", maxPayloadBytes, 1),
                number(own, "rate_limit_requests_per_second", requestsPerSecond, 1),
                number(own, "rate_limit_burst", burst, 1),
                number(own, "job_retention_days", jobDays, 1),
                number(own, "history_retention_days", historyDays, 1),
                ConnectionLimits.of(own));
    }

    private static int number(JsonObject own, String name, int current, int least) {
        int number = Objects.requireNonNullElse(own.integerOrNull(name), current);
        if (number < least) {
            throw Refused.invalid("custom_limits", "custom_limits: " + name + " must be at least " + least);
        }
        return number;
    }

    public void write(JsonWriter to) {
        to.text("tier", tier).text("display_name", displayName);
        for (Resource resource : Resource.values()) {
            to.numberOrNull(resource.cap(), cap(resource));
        }
        to.number("max_payload_size_bytes", maxPayloadBytes)
                .number("rate_limit_requests_per_second", requestsPerSecond)
                .number("rate_limit_burst", burst)
                .number("job_retention_days", jobDays)
                .number("history_retention_days", historyDays);
    }
}
