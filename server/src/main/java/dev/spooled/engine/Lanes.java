package dev.spooled.engine;

import java.util.List;

/// Leads from an organization to the lane of the cell it lives in. A `Lane` is that of everybody who asks it.
public interface Lanes {
    /// Refused as `Unavailable` while the organization's cell is away or the organization on the move.
    Lane of(int org);

    /// As `Lane.run`, for a command of the organization.
    default <R> R run(int org, Command<R> command) {
        return of(org).run(command);
    }

    default <R> List<R> runAll(int org, List<? extends Command<R>> commands) {
        return of(org).runAll(commands);
    }
}
