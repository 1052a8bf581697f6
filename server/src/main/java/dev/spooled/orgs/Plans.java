package dev.spooled.orgs;

import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// The plans of this server: those of the plan table, or none, when everything is allowed to everybody and a tier is a
/// name only.
public final class Plans {
    private static final int MIB = 1024 * 1024;
    private static final List<PlanLimits> TABLE = List.of(
            plan("free", "Free", caps(1_000, 10, 2, 1, 2, 1, 0, 1), MIB / 16, 5, 10, 3, 1),
            plan("starter", "Starter", caps(10_000, 500, 10, 5, 5, 10, 5, 5), MIB / 4, 25, 50, 14, 7),
            plan("pro", "Pro", caps(100_000, 5_000, 50, 25, 25, 50, 25, 20), MIB, 100, 200, 30, 30),
            plan("enterprise", "Enterprise", Map.of(), 5 * MIB, 500, 1_000, 90, 90));

    private final boolean unlimited;

    public Plans(boolean unlimited) {
        this.unlimited = unlimited;
    }

    /// Refuses limits that no plan can have.
    static void checkCustom(@Nullable String custom) {
        var unused = TABLE.getFirst().with(custom);
    }

    public List<PlanLimits> all() {
        return TABLE.stream().map(plan -> unlimited ? opened(plan) : plan).toList();
    }

    /// What an organization of that tier may do; `custom` is JSON.
    public PlanLimits of(String tier, @Nullable String custom) {
        PlanLimits plan =
                TABLE.stream().filter(it -> it.tier().equals(tier)).findFirst().orElse(TABLE.getFirst());
        return (unlimited ? opened(plan) : plan).with(custom);
    }

    /// The next larger plan, null after the largest.
    public @Nullable String after(String tier) {
        for (int i = 0; i + 1 < TABLE.size(); i++) {
            if (TABLE.get(i).tier().equals(tier)) {
                return TABLE.get(i + 1).tier();
            }
        }
        return null;
    }

    private static PlanLimits opened(PlanLimits plan) {
        return plan(plan.tier(), plan.displayName(), Map.of(), 5 * MIB, 1_000_000, 2_000_000, 90, 90);
    }

    private static PlanLimits plan(
            String tier,
            String name,
            Map<Resource, Integer> caps,
            int payload,
            int rate,
            int burst,
            int jobDays,
            int historyDays) {
        return new PlanLimits(tier, name, caps, payload, rate, burst, jobDays, historyDays, ConnectionLimits.NONE);
    }

    /// In the order of `Resource`.
    private static Map<Resource, Integer> caps(int... values) {
        var caps = new EnumMap<Resource, Integer>(Resource.class);
        for (Resource resource : Resource.values()) {
            caps.put(resource, values[resource.ordinal()]);
        }
        return Map.copyOf(caps);
    }
}
