package dev.spooled.moving;

import dev.spooled.config.CannotStart;
import dev.spooled.db.DbAddress;
import dev.spooled.db.DbAddress.Role;
import dev.spooled.db.Migrator;
import dev.spooled.db.PostgresCheck;
import dev.spooled.moving.Schema.Table;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.LocalDate;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.List;
import java.util.Properties;
import java.util.function.Consumer;
import org.postgresql.PGConnection;
import org.postgresql.copy.CopyIn;
import org.postgresql.copy.CopyManager;
import org.postgresql.copy.CopyOut;

/// Copies everything from one PostgreSQL into another, empty one: ids, internal numbers, keys and history
/// stay as they are. All of it is one transaction over there, which ends only when both sides were counted
/// and have the same checksums: a move that fails leaves nothing behind and may be tried again. Nobody may
/// write to the old database meanwhile.
public final class Move {
    private final DbAddress from;
    private final DbAddress to;
    private final Consumer<String> progress;

    /// `progress` hears one line per table that has rows.
    public Move(DbAddress from, DbAddress to, Consumer<String> progress) {
        this.from = from;
        this.to = to;
        this.progress = progress;
    }

    /// What was moved.
    public record Account(long rows, int tables) {}

    /// Sees that the new database will do and brings it to the newest schema. The old server may go on
    /// meanwhile.
    public void prepare() {
        PostgresCheck.check(to);
        new Migrator(to).migrate();
        try (Connection target = owner(to);
                Statement statement = target.createStatement()) {
            becomesReadable(statement, Schema.of(target));
            if (number(statement, "select count(*) from organization") > 0) {
                throw new CannotStart("the database to move to holds organizations already: give it an empty one");
            }
            target.rollback();
        } catch (SQLException e) {
            throw failed(e);
        }
    }

    public Account run() {
        try (Connection source = reader(from);
                Connection target = owner(to)) {
            Account account = copyAll(source, target);
            target.commit();
            source.rollback();
            return account;
        } catch (SQLException e) {
            throw failed(e);
        }
    }

    private Account copyAll(Connection source, Connection target) throws SQLException {
        Schema schema = Schema.of(source);
        try (Statement there = target.createStatement();
                Statement here = source.createStatement()) {
            if (!schema.equals(Schema.of(target))) {
                throw new CannotStart("the two databases have different schemas: start the server once with this"
                        + " version, so that the old one is migrated, and move again");
            }
            becomesReadable(there, schema);
            there.execute("truncate "
                    + String.join(
                            ", ", schema.tables().stream().map(Table::name).toList()));
            for (LocalDate day : days(here)) {
                there.execute("select ensure_day('" + day + "')");
            }
            long rows = 0;
            for (Table table : schema.tables()) {
                rows += copy(source, target, here, there, table);
            }
            becomesGuarded(there, schema);
            return new Account(rows, schema.tables().size());
        }
    }

    private long copy(Connection source, Connection target, Statement here, Statement there, Table table)
            throws SQLException {
        long rows = stream(
                "copy (select " + table.columns() + " from " + table.name() + ") to stdout (format binary)",
                copies(source),
                "copy " + table.name() + " (" + table.columns() + ") from stdin (format binary)",
                copies(target));
        String before = checksum(here, table);
        if (!before.equals(checksum(there, table))) {
            throw new CannotStart("the copy of " + table.name() + " is not what was copied: nothing was moved");
        }
        if (!table.identity().isEmpty()) {
            carryOn(here, there, table);
        }
        if (rows > 0) {
            progress.accept(table.name() + ": " + rows + " rows");
        }
        return rows;
    }

    private static long stream(String outOf, CopyManager source, String into, CopyManager target) throws SQLException {
        CopyOut out = source.copyOut(outOf);
        CopyIn in = target.copyIn(into);
        try {
            for (byte[] part = out.readFromCopy(); part != null; part = out.readFromCopy()) {
                in.writeToCopy(part, 0, part.length);
            }
            return in.endCopy();
        } finally {
            if (in.isActive()) {
                in.cancelCopy();
            }
        }
    }

    /// The same for the same rows in any order, whatever their partitions.
    private static String checksum(Statement statement, Table table) throws SQLException {
        return text(
                statement,
                "select count(*) || ' ' || coalesce(bit_xor(hashtextextended(row(" + table.columns()
                        + ")::text, 0)), 0) from " + table.name());
    }

    /// Numbers given from here on go on after those given before.
    private static void carryOn(Statement here, Statement there, Table table) throws SQLException {
        String sequence = "pg_get_serial_sequence('spooled." + table.name() + "', '" + table.identity() + "')";
        String name = text(here, "select " + sequence);
        String last = text(here, "select last_value || ', ' || is_called from " + name);
        there.execute("select setval(" + sequence + ", " + last + ")");
    }

    private static List<LocalDate> days(Statement statement) throws SQLException {
        var days = new ArrayList<LocalDate>();
        try (ResultSet row = statement.executeQuery("select substring(c.relname from '^job_([0-9]{8})$') as day"
                + " from pg_inherits i join pg_class c on c.oid = i.inhrelid where i.inhparent = 'job'::regclass")) {
            while (row.next()) {
                String day = row.getString("day");
                if (day != null) {
                    days.add(LocalDate.parse(day, DateTimeFormatter.BASIC_ISO_DATE));
                }
            }
        }
        return days;
    }

    /// The owner passes row security only where it is not forced; in this transaction, that is.
    private static void becomesReadable(Statement statement, Schema schema) throws SQLException {
        for (Table table : schema.tables()) {
            statement.execute("alter table " + table.name() + " no force row level security");
        }
    }

    private static void becomesGuarded(Statement statement, Schema schema) throws SQLException {
        for (Table table : schema.tables()) {
            statement.execute("do $$ begin if (select relrowsecurity from pg_class where oid = '" + table.name()
                    + "'::regclass) then alter table " + table.name() + " force row level security; end if; end $$");
        }
    }

    /// The old database, all of it, as of one instant.
    private static Connection reader(DbAddress address) throws SQLException {
        var properties = new Properties();
        properties.setProperty("user", address.user());
        properties.setProperty("password", address.password());
        properties.setProperty("options", "-c search_path=spooled,pg_catalog -c TimeZone=UTC -c row_security=off");
        Connection connection = DriverManager.getConnection(address.jdbcUrl(), properties);
        connection.setAutoCommit(false);
        connection.setReadOnly(true);
        connection.setTransactionIsolation(Connection.TRANSACTION_REPEATABLE_READ);
        return connection;
    }

    private static Connection owner(DbAddress address) throws SQLException {
        Connection connection = DriverManager.getConnection(address.jdbcUrl(), address.properties(Role.OWNER, ""));
        connection.setAutoCommit(false);
        return connection;
    }

    private static CopyManager copies(Connection connection) throws SQLException {
        return connection.unwrap(PGConnection.class).getCopyAPI();
    }

    private static long number(Statement statement, String query) throws SQLException {
        return Long.parseLong(text(statement, query));
    }

    private static String text(Statement statement, String query) throws SQLException {
        try (ResultSet row = statement.executeQuery(query)) {
            row.next();
            return row.getString(1);
        }
    }

    private static CannotStart failed(SQLException e) {
        return new CannotStart("the move failed and left nothing behind: " + e.getMessage(), e);
    }
}
