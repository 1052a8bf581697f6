package dev.spooled.schedules;

import dev.spooled.json.JsonObject;
import dev.spooled.json.SearchedJson;
import dev.spooled.orgs.QueueName;
import dev.spooled.refusal.Bounds;
import dev.spooled.refusal.Refusal;
import dev.spooled.refusal.Refused;
import dev.spooled.schedules.Schedule.CatchUp;
import dev.spooled.schedules.Schedule.Plan;
import java.util.Arrays;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/// Reads what a request says of a schedule, each field in its range. What it leaves out is as `before` had it, or the
/// default of a new schedule.
final class PlanRequest {
    private static final int MAX_JITTER = 3_600;

    private final JsonObject body;
    private final @Nullable Plan before;

    private PlanRequest(JsonObject body, @Nullable Plan before) {
        this.body = body;
        this.before = before;
    }

    static Plan create(JsonObject body) {
        return new PlanRequest(body, null).plan();
    }

    static Plan update(JsonObject body, Plan before) {
        return new PlanRequest(body, before).plan();
    }

    private Plan plan() {
        String name = text("name", before == null ? null : before.name());
        Bounds.checkLength("name", name, 1, 255);
        String description = optional("description", before == null ? null : before.description());
        Bounds.checkLength("description", description, 0, 1_000);
        String queue = QueueName.checked("queue_name", text("queue_name", before == null ? null : before.queueName()));
        String zone = optional("timezone", before == null ? "UTC" : before.timezone());
        return new Plan(
                name,
                description,
                text("cron_expression", before == null ? null : before.cron()),
                zone == null ? "UTC" : zone,
                queue,
                payload(),
                number("priority", before == null ? 0 : before.priority(), -100, 100),
                number("max_retries", before == null ? 3 : before.maxRetries(), 0, 100),
                number("timeout_seconds", before == null ? 300 : before.timeoutSeconds(), 1, 86_400),
                searched("tags", before == null ? null : before.tags()),
                searched("metadata", before == null ? null : before.metadata()),
                catchUp(),
                skipsOverlap(),
                number("jitter_seconds", before == null ? 0 : before.jitterSeconds(), 0, MAX_JITTER));
    }

    private String payload() {
        String payload = body.objectOrNull("payload_template");
        if (payload == null && before != null) {
            return before.payload();
        }
        if (payload == null) {
            throw new Refused(new Refusal.InvalidJson("The member payload_template is required"));
        }
        return payload;
    }

    private String text(String field, @Nullable String kept) {
        return kept != null && !body.has(field) ? kept : body.text(field);
    }

    private @Nullable String optional(String field, @Nullable String kept) {
        return body.has(field) || body.isNull(field) ? body.textOrNull(field) : kept;
    }

    private int number(String field, int kept, int min, int max) {
        Integer given = body.integerOrNull(field);
        Bounds.check(field, given, min, max);
        return given == null ? kept : given;
    }

    private @Nullable String searched(String field, @Nullable String kept) {
        if (!body.has(field)) {
            return body.isNull(field) ? null : kept;
        }
        String json = body.raw(field);
        SearchedJson.check(field, json);
        return json;
    }

    private CatchUp catchUp() {
        String word = body.textOrNull("catch_up");
        if (word == null) {
            return before == null ? CatchUp.LATEST : before.catchUp();
        }
        return Arrays.stream(CatchUp.values())
                .filter(policy -> policy.name().toLowerCase(Locale.ROOT).equals(word))
                .findFirst()
                .orElseThrow(() -> Refused.invalid("catch_up", "catch_up must be latest, all or none, not " + word));
    }

    private boolean skipsOverlap() {
        String word = body.textOrNull("overlap");
        if (word == null) {
            return before != null && before.skipsOverlap();
        }
        if (!word.equals("allow") && !word.equals("skip")) {
            throw Refused.invalid("overlap", "overlap must be allow or skip, not " + word);
        }
        return word.equals("skip");
    }
}
