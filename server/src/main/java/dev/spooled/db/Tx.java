package dev.spooled.db;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// A transaction in progress: runs named statements. Got from `Db`, which commits or rolls back.
public final class Tx {
    private final Connection connection;

    Tx(Connection connection) {
        this.connection = connection;
    }

    public <T> List<T> list(Sql sql, Args args, Row.Reader<T> reader) {
        try (PreparedStatement statement = prepare(sql, args);
                ResultSet result = statement.executeQuery()) {
            var found = new ArrayList<T>();
            var row = new Row(result);
            while (result.next()) {
                found.add(reader.read(row));
            }
            return found;
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
        try (PreparedStatement statement = prepare(sql, args)) {
            return statement.executeUpdate();
        } catch (SQLException e) {
            throw new DbFault(sql.name(), e);
        }
    }

    private PreparedStatement prepare(Sql sql, Args args) throws SQLException {
        PreparedStatement statement = connection.prepareStatement(sql.text());
        args.bind(sql, statement, 1);
        return statement;
    }
}
