package dev.spooled.engine;

import java.util.List;
import org.jspecify.annotations.Nullable;

/// A workflow as an operation hands it to the lane: checked, without circles. `metadata` is compact JSON text.
/// Steps name their parents by position in `steps`.
public record NewWorkflow(
        int org,
        String name,
        @Nullable String description,
        @Nullable String metadata,
        List<Step> steps) {

    /// A job of a workflow. `anyParent` lets it start as soon as one parent has completed rather than all;
    /// `signal` makes it wait for `Command.Signal` besides.
    public record Step(String key, NewJob job, List<Integer> parents, boolean anyParent, boolean signal) {
        boolean waits() {
            return signal || !parents.isEmpty();
        }

        short needs() {
            return (short) (anyParent ? Math.min(1, parents.size()) : parents.size());
        }
    }

    /// Roughly what it weighs in memory and on the wire to PostgreSQL.
    int bytes() {
        int sum = 512 + (metadata == null ? 0 : metadata.length());
        for (Step step : steps) {
            sum += step.job().bytes() + 40 * step.parents().size();
        }
        return sum;
    }
}
