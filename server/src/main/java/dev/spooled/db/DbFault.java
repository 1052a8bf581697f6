package dev.spooled.db;

import java.sql.SQLException;

/// A statement that PostgreSQL or the connection refused, classed once for every caller.
public final class DbFault extends RuntimeException {
    /// What a caller may do about it.
    public enum Kind {
        /// Deadlock, serialization, lock timeout: the same call may go through now.
        RETRY,
        /// The database is away, full, read-only or out of connections: later.
        UNAVAILABLE,
        /// A unique key is taken.
        DUPLICATE,
        /// Ours or the data's.
        BUG
    }

    private final Kind kind;
    private final boolean asked;

    public DbFault(String statement, SQLException cause) {
        super(statement + ": " + cause.getMessage(), cause);
        this.kind = kindOf(cause);
        this.asked = true;
    }

    private DbFault(String why) {
        super(why);
        this.kind = Kind.UNAVAILABLE;
        this.asked = false;
    }

    /// Of a database that is known not to answer, and so was not asked.
    static DbFault unasked() {
        return new DbFault("the database does not answer");
    }

    /// Whether this is news: that the database does not answer has been logged once, when it was noticed.
    public boolean isNews() {
        return asked;
    }

    public Kind kind() {
        return kind;
    }

    /// By SQLSTATE (PostgreSQL manual, appendix A).
    public static Kind kindOf(SQLException e) {
        String state = e.getSQLState();
        if (state == null) {
            return e instanceof java.sql.SQLTransientException ? Kind.UNAVAILABLE : Kind.BUG;
        }
        return switch (state) {
            case "40001", "40P01", "55P03" -> Kind.RETRY;
            case "23505" -> Kind.DUPLICATE;
            case "25006" -> Kind.UNAVAILABLE;
            // An organization that is in another cell by now, or on its way there.
            case "SPQ02" -> Kind.UNAVAILABLE;
            default ->
                state.startsWith("08") || state.startsWith("53") || state.startsWith("57") || state.startsWith("58")
                        ? Kind.UNAVAILABLE
                        : Kind.BUG;
        };
    }
}
