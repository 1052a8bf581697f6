package dev.spooled.bench;

import dev.spooled.db.DbAddress;
import java.io.IOException;
import java.sql.SQLException;
import org.jspecify.annotations.Nullable;

/// A job queue used in one way: a row of the table of `bench peers`.
///
/// @param settings how it is set up, in words
/// @param history whether finished jobs are kept
/// @param unfinished counts the jobs that are not finished
/// @param finished counts the finished jobs it keeps, where it keeps them
record Contender(
        String system,
        String way,
        String version,
        String settings,
        boolean history,
        String unfinished,
        @Nullable String finished,
        Source source) {
    /// Opens it on a database that may have had turns before.
    interface Source {
        Running open(DbAddress address) throws IOException, SQLException;
    }

    String name() {
        return system + "/" + way;
    }
}
