package dev.spooled.bench;

import dev.spooled.db.DbAddress;
import java.io.IOException;
import java.sql.SQLException;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/// A job queue used in one way: a row of the table of `bench peers`.
///
/// @param settings how it is set up, in words
/// @param history whether finished jobs are kept
/// @param unfinished counts the jobs that are not finished
/// @param finished counts the finished jobs it keeps, where it keeps them
/// @param warmth how much of the warm-up it takes: all of it for code that this JVM sees first, less for what others
///     have warmed
record Contender(
        String system,
        String way,
        String version,
        String settings,
        boolean history,
        String unfinished,
        @Nullable String finished,
        Warmth warmth,
        Source source) {
    enum Warmth {
        ALL(1),
        HALF(2),
        SOME(5);

        private final int part;

        Warmth(int part) {
            this.part = part;
        }

        Duration of(Duration whole) {
            return whole.dividedBy(part);
        }
    }

    /// Opens it on a database that may have had turns before.
    interface Source {
        Running open(DbAddress address) throws IOException, SQLException;
    }

    String name() {
        return system + "/" + way;
    }
}
