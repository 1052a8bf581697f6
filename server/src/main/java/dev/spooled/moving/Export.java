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

/// Writes all that belongs to one organization as lines of JSON, as of one instant, while the server goes on.
/// The first line says what it is; each further one is `{"table":..,"row":{..}}`; the last counts them, so
/// that a file that was cut off is not taken for a whole one.
public final class Export {
    static final int VERSION = 1;
    private static final int FETCHED = 1_000;

    private final DbAddress from;

    public Export(DbAddress from) {
        this.from = from;
    }

    /// Returns the number of rows.
    public long write(String slug, Writer out) throws IOException {
        try (Connection connection =
                DriverManager.getConnection(from.jdbcUrl(), from.properties(Role.ENGINE, "-c statement_timeout=0"))) {
            connection.setAutoCommit(false);
            connection.setReadOnly(true);
            connection.setTransactionIsolation(Connection.TRANSACTION_REPEATABLE_READ);
            int org = writeHead(connection, slug, out);
            long rows = 0;
            for (Belongings belongings : Belongings.all()) {
                rows += writeRows(connection, belongings, org, out);
            }
            out.write("{\"rows\":" + rows + "}\n");
            out.flush();
            return rows;
        } catch (SQLException e) {
            throw new CannotStart("the export failed: " + e.getMessage(), e);
        }
    }

    private static int writeHead(Connection connection, String slug, Writer out) throws SQLException, IOException {
        try (PreparedStatement statement = connection.prepareStatement(
                "select o.id, o.cell, to_jsonb(o)::text as row from organization o where o.slug = ?")) {
            statement.setString(1, slug);
            try (ResultSet row = statement.executeQuery()) {
                if (!row.next()) {
                    throw new CannotStart("no organization has the slug '" + slug + "'");
                }
                if (row.getInt("cell") != 0) {
                    throw new CannotStart("organization '" + slug + "' lives in cell " + row.getInt("cell")
                            + ": move it to cell 0 first (spooled cell move)");
                }
                out.write("{\"spooled_export\":" + VERSION + ",\"organization\":" + row.getString("row") + "}\n");
                return row.getInt("id");
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
