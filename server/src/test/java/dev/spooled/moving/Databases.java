package dev.spooled.moving;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spooled.db.DbAddress;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;

/// Two databases side by side, seen as their superuser.
final class Databases {
    private static final String TABLES = "select string_agg(relname, ' ' order by relname) from pg_class"
            + " where not relispartition and relnamespace = 'spooled'::regnamespace and relkind in ('r', 'p')"
            + " and relname not like 'flyway%'";

    private Databases() {}

    /// Every row of every table.
    static void assertSame(DbAddress source, DbAddress target) throws SQLException {
        for (String table : text(source, TABLES).split(" ")) {
            assertThat(rows(target, table)).as(table).isEqualTo(rows(source, table));
        }
    }

    static List<String> rows(DbAddress address, String table) throws SQLException {
        var rows = new ArrayList<String>();
        try (Connection connection = connect(address);
                Statement statement = connection.createStatement();
                ResultSet row =
                        statement.executeQuery("select to_jsonb(t)::text from spooled." + table + " t order by 1")) {
            while (row.next()) {
                rows.add(row.getString(1));
            }
        }
        return rows;
    }

    /// The first field of the last of `query`, which may be several statements.
    static String text(DbAddress address, String query) throws SQLException {
        try (Connection connection = connect(address);
                Statement statement = connection.createStatement()) {
            boolean rows = statement.execute(query);
            while (!rows) {
                rows = statement.getMoreResults();
            }
            try (ResultSet row = statement.getResultSet()) {
                row.next();
                return row.getString(1);
            }
        }
    }

    static void run(DbAddress address, String... statements) throws SQLException {
        try (Connection connection = connect(address);
                Statement statement = connection.createStatement()) {
            for (String one : statements) {
                statement.execute(one);
            }
        }
    }

    static Connection connect(DbAddress address) throws SQLException {
        return DriverManager.getConnection(address.jdbcUrl(), address.user(), address.password());
    }
}
