package dev.spooled.engine;

import dev.spooled.db.Args;
import dev.spooled.db.Row;
import dev.spooled.db.Sql;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;
import java.util.regex.Pattern;

/// Several statements sent and answered in one network round trip: pgjdbc sends a text of many statements as one
/// pipeline with a single Sync. Readers get the rows of their own statement, in the order the statements were added.
final class RoundTrip {
    /// What to do with each row of a statement's result.
    interface RowTaker {
        void take(Row row) throws SQLException;
    }

    private static final RowTaker NOTHING = row -> {};
    private static final Pattern CELL_OF_A_ROW = Pattern.compile("= any \\(array\\[\\w+\\.cell]\\)");

    record Part(Sql sql, Args args, RowTaker taker) {}

    private final List<Part> parts = new ArrayList<>();
    private final UnaryOperator<String> wording;

    RoundTrip() {
        this(UnaryOperator.identity());
    }

    private RoundTrip(UnaryOperator<String> wording) {
        this.wording = wording;
    }

    /// One whose statements name the cell wherever they have it of a row, for a database that is distributed by cells
    /// and
    /// has to see which one is meant. Elsewhere it is of a row for the sake of the plan (engine.sql).
    static RoundTrip naming(int cell) {
        return new RoundTrip(text -> named(text, Integer.toString(cell)));
    }

    static String named(String text, String cell) {
        return CELL_OF_A_ROW.matcher(text).replaceAll("= " + cell);
    }

    RoundTrip add(Sql sql, Args args) {
        return add(sql, args, NOTHING);
    }

    RoundTrip add(Sql sql, Args args, RowTaker taker) {
        parts.add(new Part(sql, args, taker));
        return this;
    }

    List<Part> parts() {
        return List.copyOf(parts);
    }

    void run(Connection connection) throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement(text())) {
            int at = 1;
            for (Part part : parts) {
                at = part.args().bind(part.sql(), statement, at);
            }
            boolean rows = statement.execute();
            for (int i = 0; i < parts.size(); i++) {
                if (rows) {
                    read(statement, parts.get(i).taker());
                }
                rows = statement.getMoreResults();
            }
        }
    }

    private static void read(PreparedStatement statement, RowTaker taker) throws SQLException {
        try (ResultSet result = statement.getResultSet()) {
            var row = new Row(result);
            while (result.next()) {
                taker.take(row);
            }
        }
    }

    private String text() {
        var text = new StringBuilder();
        for (Part part : parts) {
            text.append(part.sql().text()).append(";\n");
        }
        return wording.apply(text.toString());
    }
}
