package dev.spooled.moving;

import dev.spooled.config.CannotStart;
import dev.spooled.db.DbAddress;
import dev.spooled.db.DbAddress.Role;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/// The rows of one organization from one cell into another, as of one instant there and in one transaction here.
/// Everything keeps its number and its id; only the cell is another. Counted and compared by checksum before it ends.
public final class CellCopy {
    private static final int BATCH_ROWS = 500;
    private static final int BATCH_CHARS = 4 << 20;

    /// A worker's name that somebody has in the new cell stays theirs: the worker is told when it registers again.
    private static final String MAY_DIFFER = "worker";

    private final Connection from;
    private final Connection to;
    private final int cell;
    private final int org;

    private CellCopy(Connection from, Connection to, int cell, int org) {
        this.from = from;
        this.to = to;
        this.cell = cell;
        this.org = org;
    }

    /// Into cell `number` at `to`. Returns the number of rows; `progress` hears before and after the commit.
    public static long run(DbAddress from, DbAddress to, int number, int org, Consumer<String> progress) {
        try (Connection source = connection(from);
                Connection target = connection(to)) {
            source.setReadOnly(true);
            source.setTransactionIsolation(Connection.TRANSACTION_REPEATABLE_READ);
            long rows = new CellCopy(source, target, number, org).copyAll();
            progress.accept("copied " + rows + " rows, which are the same on both sides");
            target.commit();
            progress.accept("committed");
            return rows;
        } catch (SQLException e) {
            throw new CannotStart("the copying was cut off, run the move again: " + e.getMessage(), e);
        }
    }

    private static Connection connection(DbAddress address) throws SQLException {
        Connection connection = DriverManager.getConnection(
                address.jdbcUrl(), address.properties(Role.ENGINE, "-c statement_timeout=0"));
        connection.setAutoCommit(false);
        return connection;
    }

    private long copyAll() throws SQLException {
        long rows = 0;
        for (Belongings part : Belongings.ofCell()) {
            List<String> columns = columns(part.table());
            rows += copy(part, columns);
            if (!part.table().equals(MAY_DIFFER)
                    && !checksum(from, part, columns).equals(checksum(to, part, columns))) {
                throw new CannotStart("the copy of " + part.table() + " is not what was copied: nothing was moved");
            }
        }
        derive();
        return rows;
    }

    private long copy(Belongings part, List<String> columns) throws SQLException {
        long rows = 0;
        var batch = new ArrayList<String>();
        int chars = 0;
        try (PreparedStatement read = from.prepareStatement("select to_jsonb(x)::text from (" + part.query() + ") x");
                PreparedStatement write = to.prepareStatement(insert(part.table(), columns))) {
            read.setFetchSize(BATCH_ROWS);
            bind(read, part);
            try (ResultSet row = read.executeQuery()) {
                while (row.next()) {
                    batch.add(row.getString(1));
                    chars += batch.getLast().length();
                    rows++;
                    if (batch.size() == BATCH_ROWS || chars > BATCH_CHARS) {
                        flush(part, write, batch);
                        chars = 0;
                    }
                }
            }
            flush(part, write, batch);
        }
        return rows;
    }

    private void flush(Belongings part, PreparedStatement write, List<String> batch) throws SQLException {
        if (batch.isEmpty()) {
            return;
        }
        String rows = "[" + String.join(",", batch) + "]";
        batch.clear();
        if (part.table().equals("job")) {
            ensureDays(rows);
        }
        write.setString(1, rows);
        write.executeUpdate();
    }

    private void ensureDays(String rows) throws SQLException {
        try (PreparedStatement days = to.prepareStatement("select ensure_day(day) from (select distinct"
                + " (uuid7_time((r ->> 'id')::uuid) at time zone 'UTC')::date as day"
                + " from jsonb_array_elements(?::jsonb) r) d")) {
            days.setString(1, rows);
            days.execute();
        }
    }

    private String insert(String table, List<String> columns) {
        String already = table.equals(MAY_DIFFER) ? " on conflict do nothing" : "";
        return "insert into " + table + " (cell, " + String.join(", ", columns) + ") select " + cell + ", r."
                + String.join(", r.", columns) + " from jsonb_populate_recordset(null::" + table + ", ?::jsonb) r"
                + already;
    }

    /// All but the cell.
    private List<String> columns(String table) throws SQLException {
        var columns = new ArrayList<String>();
        try (PreparedStatement statement = to.prepareStatement("select quote_ident(attname) from pg_attribute"
                + " where attrelid = ?::regclass and attnum > 0 and not attisdropped and attgenerated = ''"
                + " and attname <> 'cell' order by attname")) {
            statement.setString(1, table);
            try (ResultSet row = statement.executeQuery()) {
                while (row.next()) {
                    columns.add(row.getString(1));
                }
            }
        }
        return columns;
    }

    /// The same for the same rows in any order, whatever their cell.
    private String checksum(Connection side, Belongings part, List<String> columns) throws SQLException {
        try (PreparedStatement statement =
                side.prepareStatement("select count(*) || ' ' || coalesce(bit_xor(hashtextextended(row(x."
                        + String.join(", x.", columns) + ")::text, 0)), 0) from (" + part.query() + ") x")) {
            bind(statement, part);
            try (ResultSet row = statement.executeQuery()) {
                row.next();
                return row.getString(1);
            }
        }
    }

    private void bind(PreparedStatement statement, Belongings part) throws SQLException {
        for (int i = 1; i <= part.places(); i++) {
            statement.setInt(i, org);
        }
    }

    /// What a cell makes of jobs by itself, as far as it is past them already; the chore that lists waits meanwhile.
    private void derive() throws SQLException {
        for (String sql : List.of(
                "select listed from list_mark where cell = %1$d for update",
                "insert into job_by_queue (cell, queue, id, org) select cell, queue, id, org from job"
                        + " where cell = %1$d and org = %2$d and id <= (select listed from list_mark where cell = %1$d)"
                        + " on conflict do nothing",
                "insert into ended (cell, id, status) select distinct d.cell, d.id, d.status from dependency p"
                        + " join waiting w on w.cell = p.cell and w.id = p.child"
                        + " join done d on d.cell = p.cell and d.id = p.parent"
                        + " where p.cell = %1$d and p.org = %2$d on conflict do nothing")) {
            try (PreparedStatement statement = to.prepareStatement(sql.formatted(cell, org))) {
                statement.execute();
            }
        }
    }
}
