package dev.spooled.engine;

import dev.spooled.db.Row;
import dev.spooled.refusal.Refusal;
import java.sql.SQLException;
import org.jspecify.annotations.Nullable;

/// What an organization may still make, as its row of `usage` says while the lane holds it; dealt out to the tickets of
/// a batch in the order they came.
final class Room {
    private final String plan;
    private final @Nullable String upgradeTo;
    private final @Nullable Integer maxToday;
    private final @Nullable Integer maxActive;
    private final @Nullable Integer maxWorkflows;
    private long today;
    private long active;
    private long workflows;

    Room(Row row) throws SQLException {
        plan = row.text("plan");
        upgradeTo = row.textOrNull("upgrade_to");
        maxToday = row.integerOrNull("max_today");
        maxActive = row.integerOrNull("max_active");
        maxWorkflows = row.integerOrNull("max_workflows");
        today = row.integer("today");
        active = row.integer("active");
        workflows = row.bigint("workflows");
    }

    /// Takes so many new jobs and workflows, or says why not.
    @Nullable
    Refusal take(int jobs, int flows) {
        Refusal why = refusal(jobs, flows);
        if (why == null) {
            today += jobs;
            active += jobs;
            workflows += flows;
        }
        return why;
    }

    private @Nullable Refusal refusal(int jobs, int flows) {
        if (flows > 0 && maxWorkflows != null && maxWorkflows == 0) {
            return Refusal.FeatureDisabled.of("workflows", plan, upgradeTo);
        }
        if (flows > 0 && isBeyond(maxWorkflows, workflows, flows)) {
            return reached("workflows", workflows, maxWorkflows);
        }
        if (isBeyond(maxToday, today, jobs)) {
            return reached("jobs_per_day", today, maxToday);
        }
        return isBeyond(maxActive, active, jobs) ? reached("active_jobs", active, maxActive) : null;
    }

    private static boolean isBeyond(@Nullable Integer max, long used, int more) {
        return max != null && used + more > max;
    }

    private Refusal reached(String resource, long used, @Nullable Integer max) {
        return Refusal.LimitReached.of(resource, used, max == null ? 0 : max, plan, upgradeTo);
    }
}
