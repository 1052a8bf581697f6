package dev.spooled.moving;

import dev.spooled.config.CannotStart;
import dev.spooled.db.DbAddress;
import dev.spooled.db.DbAddress.Role;
import java.io.IOException;
import java.io.Writer;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.Map;

/// Writes all that belongs to one organization as lines of JSON, as of one instant, while the server goes on; of
/// one that lives in a further cell, as of one instant there and one in the directory, taken together. The first
/// line says what it is; each further one is `{"table":..,"row":{..}}`; the last counts them, so that a file that
/// was cut off is not taken for a whole one.
public final class Export {
    static final int VERSION = 1;
    private static final int FETCHED = 1_000;

    private final Map<Integer, DbAddress> cells;

    /// The addresses of the cells by number; that of the directory is 0.
    public Export(Map<Integer, DbAddress> cells) {
        this.cells = Map.copyOf(cells);
    }

    private record Head(int org, int cell, String row) {}

    /// Returns the number of rows.
    public long write(String slug, Writer out) throws IOException {
        try (Connection directory = snapshot(0)) {
            Head head = head(directory, slug);
            if (head.cell() == 0) {
                return write(head, directory, directory, out);
            }
            try (Connection home = snapshot(head.cell())) {
                return write(head, directory, home, out);
            }
        } catch (SQLException e) {
            throw new CannotStart("the export failed: " + e.getMessage(), e);
        }
    }

    private Connection snapshot(int cell) throws SQLException {
        DbAddress address = cells.get(cell);
        if (address == null) {
            throw new CannotStart("the organization lives in cell " + cell + ", which is not named in SPOOLED_CELLS");
        }
        Connection connection = DriverManager.getConnection(
                address.jdbcUrl(), address.properties(Role.ENGINE, "-c statement_timeout=0"));
        connection.setAutoCommit(false);
        connection.setReadOnly(true);
        connection.setTransactionIsolation(Connection.TRANSACTION_REPEATABLE_READ);
        return connection;
    }

    private static long write(Head head, Connection directory, Connection home, Writer out)
            throws SQLException, IOException {
        out.write("{\"spooled_export\":" + VERSION + ",\"organization\":" + head.row() + "}\n");
        long rows = 0;
        for (Belongings belongings : Belongings.all()) {
            rows += writeRows(belongings.isOfDirectory() ? directory : home, belongings, head.org(), out);
        }
        out.write("{\"rows\":" + rows + "}\n");
        out.flush();
        return rows;
    }

    private static Head head(Connection connection, String slug) throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement(
                "select o.id, o.cell, to_jsonb(o)::text as row from organization o where o.slug = ?")) {
            statement.setString(1, slug);
            try (ResultSet row = statement.executeQuery()) {
                if (!row.next()) {
                    throw new CannotStart("no organization has the slug '" + slug + "'");
                }
                return new Head(row.getInt("id"), row.getInt("cell"), row.getString("row"));
            }
        }
    }

    private static long writeRows(Connection connection, Belongings belongings, int org, Writer out)
            throws SQLException, IOException {
        long rows = 0;
        try (PreparedStatement statement =
                connection.prepareStatement("select to_jsonb(x)::text from (" + belongings.query() + ") x")) {
            statement.setFetchSize(FETCHED);
            for (int i = 1; i <= belongings.places(); i++) {
                statement.setInt(i, org);
            }
            try (ResultSet row = statement.executeQuery()) {
                while (row.next()) {
                    out.write("{\"table\":\"" + belongings.table() + "\",\"row\":" + row.getString(1) + "}\n");
                    rows++;
                }
            }
        }
        return rows;
    }
}
