package dev.spooled.cells;

import dev.spooled.db.Db;
import dev.spooled.refusal.Refused;
import java.util.Optional;

/// What a change in the directory means for the cell that the organization lives in.
public interface Residents {
    /// Where there is one cell, it holds the directory itself.
    Residents ONE_CELL = new Residents() {
        @Override
        public void check(int cell) {
            if (cell != 0) {
                throw Refused.invalid("cell", "cell must be one of the server's: 0");
            }
        }

        @Override
        public Optional<Db> changed(int org, int cell) {
            return Optional.empty();
        }
    };

    /// Refuses a cell that the server does not know, or that is away.
    void check(int cell);

    /// Tells a further cell of a committed change. Answers its database; empty for cell 0, which has the change, and
    /// for one that is away, which hears of it when it is back.
    Optional<Db> changed(int org, int cell);
}
