package dev.spooled.moving;

import dev.spooled.config.CannotStart;
import dev.spooled.moving.Schema.Table;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Arrays;
import java.util.stream.Collectors;
import org.postgresql.PGConnection;
import org.postgresql.copy.CopyIn;
import org.postgresql.copy.CopyManager;
import org.postgresql.copy.CopyOut;

/// Brings a part over, or up to date: rows that are there no more or were changed go, new ones come, and
/// what came is compared by count and checksum. A row is known by the transaction that wrote it; that one
/// were deleted or changed shows in the number of those that are left.
final class PartCopy {
    /// Hold what comes while it is compared, and the keys of what stays.
    private static final String ROWS = "moving_rows";

    private static final String KEYS = "moving_keys";

    private final Connection source;
    private final Connection target;

    PartCopy(Connection source, Connection target) {
        this.source = source;
        this.target = target;
    }

    /// How many rows are there still, are new and are too young to be copied now; with the checksum of the
    /// new ones.
    private record Found(long settled, long fresh, long later, long checksum) {}

    /// `quiet`: nobody writes any more, so that all can be copied. Else what was written by transactions
    /// beside one that has not ended is left for the next time.
    Copied bring(Part part, Copied before, boolean quiet) throws SQLException {
        if (before.written().equals(part.written())) {
            return before;
        }
        try (Statement here = source.createStatement();
                Statement there = target.createStatement()) {
            String until = quiet ? "" : oldestTransaction(here);
            String fresh =
                    "not (" + before.settled() + ")" + (quiet ? "" : " and age(xmin) > age('" + until + "'::xid)");
            Found found = look(here, part, before, fresh);
            if (found.settled < before.rows()) {
                remove(there, part, before, found.settled);
            }
            if (found.fresh > 0) {
                add(there, part, before, fresh, found);
            }
            String written = found.later == 0 ? part.written() : "";
            return new Copied(part.relation(), written, until, found.settled + found.fresh);
        }
    }

    /// All before it have ended, and what they wrote is seen by this transaction.
    private static String oldestTransaction(Statement here) throws SQLException {
        try (ResultSet row = here.executeQuery("select pg_snapshot_xmin(pg_current_snapshot())::xid::text")) {
            row.next();
            return row.getString(1);
        }
    }

    private static Found look(Statement here, Part part, Copied before, String fresh) throws SQLException {
        try (ResultSet row = here.executeQuery("select count(*) filter (where settled) as settled,"
                + " count(*) filter (where fresh) as fresh, count(*) filter (where not settled and not fresh) as later,"
                + " coalesce(bit_xor(checksum) filter (where fresh), 0) as checksum from (select " + before.settled()
                + " as settled, " + fresh + " as fresh, case when " + fresh + " then " + checksum(part.table())
                + " end as checksum from " + part.name() + ") one")) {
            row.next();
            return new Found(
                    row.getLong("settled"), row.getLong("fresh"), row.getLong("later"), row.getLong("checksum"));
        }
    }

    /// Joined by exclusive or it is the same for the same rows in any order.
    private static String checksum(Table table) {
        return "hashtextextended(row(" + table.columns() + ")::text, 0)";
    }

    private void remove(Statement there, Part part, Copied before, long left) throws SQLException {
        String key = part.table().key();
        String same = Arrays.stream(key.split(", "))
                .map(column -> "k." + column + " = t." + column)
                .collect(Collectors.joining(" and "));
        there.execute("create unlogged table " + KEYS + " as select " + key + " from "
                + part.table().name() + " with no data");
        stream("select " + key + " from " + part.name() + " where " + before.settled(), KEYS + " (" + key + ")");
        long gone = there.executeLargeUpdate(
                "delete from " + part.place() + " t where not exists (select from " + KEYS + " k where " + same + ")");
        there.execute("drop table " + KEYS);
        if (before.rows() - gone != left) {
            throw differs(part);
        }
    }

    private void add(Statement there, Part part, Copied before, String fresh, Found found) throws SQLException {
        Table table = part.table();
        String columns = table.columns();
        String query = "select " + columns + " from " + part.name() + " where " + fresh;
        String came;
        if (before.rows() == 0 && (part.isWhole() || part.day().isPresent())) {
            stream(query, part.place() + " (" + columns + ")");
            came = "select * from " + part.place();
        } else {
            there.execute("create unlogged table " + ROWS + " (like " + table.name() + ")");
            stream(query, ROWS + " (" + columns + ")");
            came = "insert into " + part.place() + " (" + columns + ") overriding system value select " + columns
                    + " from " + ROWS + " returning *";
        }
        if (!isSame(there, table, came, found)) {
            throw differs(part);
        }
        there.execute("drop table if exists " + ROWS);
    }

    private static boolean isSame(Statement there, Table table, String came, Found found) throws SQLException {
        try (ResultSet row = there.executeQuery("with came as (" + came + ") select count(*) as rows,"
                + " coalesce(bit_xor(" + checksum(table) + "), 0) as checksum from came")) {
            row.next();
            return row.getLong("rows") == found.fresh && row.getLong("checksum") == found.checksum;
        }
    }

    private static CannotStart differs(Part part) {
        return new CannotStart("the copy of " + part.name() + " is not what was copied: nothing was moved");
    }

    private void stream(String query, String into) throws SQLException {
        CopyOut out = copies(source).copyOut("copy (" + query + ") to stdout (format binary)");
        CopyIn in = copies(target).copyIn("copy " + into + " from stdin (format binary)");
        try {
            for (byte[] part = out.readFromCopy(); part != null; part = out.readFromCopy()) {
                in.writeToCopy(part, 0, part.length);
            }
            in.endCopy();
        } finally {
            if (in.isActive()) {
                in.cancelCopy();
            }
        }
    }

    private static CopyManager copies(Connection connection) throws SQLException {
        return connection.unwrap(PGConnection.class).getCopyAPI();
    }
}
