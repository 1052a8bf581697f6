package dev.spooled.db;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// A transaction in progress: runs named statements. Got from `Db`, which commits or rolls back.
public final class Tx {
    static final String SET_ORG = "select set_config('spooled.org', ?, true);\n";

    /// The same, refused when the organization is not here.
    static final String ENTER = "select enter_organization(?);\n";

    private final Connection connection;
    private final String prelude;

    /// What `:cell` stands for, where the caller does not say: a database knows which rows are its own.
    private final int cell;

    /// The organization that the next statement sets on its way, in the same round trip.
    private @Nullable Integer orgToSet;

    Tx(Connection connection, @Nullable Integer org, int cell, String prelude) {
        this.connection = connection;
        this.orgToSet = org;
        this.cell = cell;
        this.prelude = prelude;
    }

    public <T> List<T> list(Sql sql, Args args, Row.Reader<T> reader) {
        boolean first = orgToSet != null;
        try (PreparedStatement statement = prepare(sql, args)) {
            execute(statement, first);
            try (ResultSet result = statement.getResultSet()) {
                var found = new ArrayList<T>();
                var row = new Row(result);
                while (result.next()) {
                    found.add(reader.read(row));
                }
                return found;
            }
        } catch (SQLException e) {
            throw new DbFault(sql.name(), e);
        }
    }

    public <T> Optional<T> first(Sql sql, Args args, Row.Reader<T> reader) {
        List<T> found = list(sql, args, reader);
        return found.isEmpty() ? Optional.empty() : Optional.of(found.getFirst());
    }

    /// Runs an insert, update or delete and returns the number of rows it touched.
    public int run(Sql sql, Args args) {
        boolean first = orgToSet != null;
        try (PreparedStatement statement = prepare(sql, args)) {
            execute(statement, first);
            return statement.getUpdateCount();
        } catch (SQLException e) {
            throw new DbFault(sql.name(), e);
        }
    }

    private PreparedStatement prepare(Sql sql, Args args) throws SQLException {
        Integer org = orgToSet;
        orgToSet = null;
        PreparedStatement statement = connection.prepareStatement(org == null ? sql.text() : prelude + sql.text());
        if (org != null) {
            statement.setString(1, org.toString());
        }
        args.bind(sql, statement, org == null ? 1 : 2, cell);
        return statement;
    }

    /// Steps over the result of setting the organization, if that went along.
    private static void execute(PreparedStatement statement, boolean first) throws SQLException {
        statement.execute();
        if (first) {
            statement.getMoreResults();
        }
    }
}
