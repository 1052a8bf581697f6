package dev.spooled.orgs;

import dev.spooled.json.JsonWriter;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Usage as the wire has it: each cap with what is used of it, and a warning for those that come to an end.
public final class UsageWire {
    private static final double FULL = 100;
    private static final double NEAR_ON_FREE = 50;
    private static final double NEAR = 80;

    private UsageWire() {}

    public static void write(JsonWriter to, PlanLimits limits, Usage.Figures figures) {
        to.text("plan", limits.tier())
                .text("plan_display_name", limits.displayName())
                .object("limits", limits::write)
                .object("usage", inner -> {
                    for (Resource resource : Resource.values()) {
                        inner.object(resource.usage(), one -> writeItem(one, limits, figures, resource));
                    }
                })
                .array(
                        "warnings",
                        warnings(limits, figures),
                        (one, it) -> one.text("resource", it.resource.usage())
                                .text("message", it.message())
                                .text("severity", it.severity()));
    }

    private static void writeItem(JsonWriter to, PlanLimits limits, Usage.Figures figures, Resource resource) {
        Integer limit = limits.cap(resource);
        to.number("current", figures.of(resource))
                .numberOrNull("limit", limit)
                .realOrNull("percentage", percentage(limits, figures, resource))
                .flag("is_disabled", resource == Resource.WORKFLOWS && limit != null && limit == 0);
    }

    private record Warning(Resource resource, double percentage) {
        String severity() {
            return percentage >= FULL ? "critical" : "warning";
        }

        String message() {
            return percentage >= FULL
                    ? resource.usage() + " limit reached"
                    : resource.usage() + " at " + (int) percentage + " % of the limit";
        }
    }

    private static List<Warning> warnings(PlanLimits limits, Usage.Figures figures) {
        double near = limits.tier().equals("free") ? NEAR_ON_FREE : NEAR;
        var found = new ArrayList<Warning>();
        for (Resource resource : Resource.values()) {
            Double percentage = percentage(limits, figures, resource);
            if (percentage != null && percentage >= near) {
                found.add(new Warning(resource, percentage));
            }
        }
        return found;
    }

    /// Null where nothing or everything is too much.
    private static @Nullable Double percentage(PlanLimits limits, Usage.Figures figures, Resource resource) {
        Integer limit = limits.cap(resource);
        return limit == null || limit == 0 ? null : Math.round(figures.of(resource) * 1_000.0 / limit) / 10.0;
    }
}
