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
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.function.Consumer;

/// Copies everything from one PostgreSQL into another, empty one: ids, internal numbers, keys and history
/// stay as they are. All of it is one transaction over there, which ends only when everything was counted
/// and compared: a move that fails leaves nothing behind and may be tried again.
///
/// What is big goes `ahead` while the old server goes on, and again what has changed meanwhile, until little
/// is left; for `finish`, which copies the rest, nobody may write to the old database any more.
public final class Move implements AutoCloseable {
    /// Less than this is not worth going ahead.
    static final long BIG_BYTES = 1 << 20;

    /// Going ahead once more would not shorten what is left.
    private static final long LITTLE_ROWS = 20_000;

    private static final int ROUNDS = 5;

    /// What a session has written is counted for good when it ends, before that now and then.
    private static final String OTHERS = "select count(*) from pg_stat_activity where datname = current_database()"
            + " and backend_type = 'client backend' and pid <> pg_backend_pid()";

    private final Connection target;
    private final long bigBytes;
    private final Consumer<String> progress;
    private final Map<String, Copied> copied = new HashMap<>();

    private Move(Connection target, long bigBytes, Consumer<String> progress) {
        this.target = target;
        this.bigBytes = bigBytes;
        this.progress = progress;
    }

    /// What was moved.
    public record Account(long rows, int tables) {}

    /// Sees that the new database will do and brings it to the newest schema. `progress` hears one line per
    /// table that has rows, and per part that went ahead.
    public static Move into(DbAddress to, Consumer<String> progress) {
        return into(to, BIG_BYTES, progress);
    }

    static Move into(DbAddress to, long bigBytes, Consumer<String> progress) {
        PostgresCheck.check(to);
        new Migrator(to).migrate();
        try {
            var move = new Move(owner(to), bigBytes, progress);
            try {
                move.open();
                return move;
            } catch (SQLException | RuntimeException e) {
                move.close();
                throw e;
            }
        } catch (SQLException e) {
            throw failed(e);
        }
    }

    private void open() throws SQLException {
        Schema schema = Schema.of(target);
        try (Statement there = target.createStatement()) {
            guarded(there, false);
            if (number(there, "select count(*) from organization") > 0) {
                throw new CannotStart("the database to move to holds organizations already: give it an empty one");
            }
            there.execute("truncate "
                    + String.join(
                            ", ", schema.tables().stream().map(Table::name).toList()));
        }
    }

    /// While the old server goes on.
    public void ahead(DbAddress from) {
        try (Connection source = reader(from)) {
            for (int round = 0; round < ROUNDS; round++) {
                if (copyAhead(source) < LITTLE_ROWS) {
                    return;
                }
            }
        } catch (SQLException e) {
            throw failed(e);
        }
    }

    /// Each part as of an instant of its own: a transaction that is open for long makes the old server slower.
    private long copyAhead(Connection source) throws SQLException {
        List<Part> parts = parts(source);
        long changed = 0;
        for (Part part : parts) {
            if (part.mayGoAhead() && part.bytes() >= bigBytes) {
                Copied before = before(part);
                Copied now = bring(source, part, before, false);
                changed += Math.abs(now.rows() - before.rows());
                if (!now.equals(before)) {
                    progress.accept("ahead, " + part.name() + ": " + now.rows() + " rows");
                }
                source.commit();
            }
        }
        return changed;
    }

    /// When nobody writes to the old database any more. The new one is complete when this returns.
    public Account finish(DbAddress from) {
        try (Connection source = reader(from)) {
            Account account = copyRest(source);
            target.commit();
            return account;
        } catch (SQLException e) {
            throw failed(e);
        }
    }

    private Account copyRest(Connection source) throws SQLException {
        try (Statement here = source.createStatement();
                Statement there = target.createStatement()) {
            boolean alone = number(here, OTHERS) == 0;
            source.commit();
            Map<String, Long> rows = new HashMap<>();
            for (Part part : parts(source)) {
                Copied before = alone ? before(part) : before(part).unsure();
                Copied now = bring(source, part, before, true);
                rows.merge(part.table().name(), now.rows(), Long::sum);
            }
            List<Table> tables = Schema.of(target).tables();
            for (Table table : tables) {
                if (!table.identity().isEmpty()) {
                    carryOn(here, there, table);
                }
                if (rows.getOrDefault(table.name(), 0L) > 0) {
                    progress.accept(table.name() + ": " + rows.get(table.name()) + " rows");
                }
            }
            guarded(there, true);
            return new Account(rows.values().stream().mapToLong(one -> one).sum(), tables.size());
        }
    }

    /// What PostgreSQL should know of so many rows to find its way; autovacuum never looks at tables of days as
    /// a whole. The new database can be used meanwhile.
    public void takeFigures() {
        try (Statement there = target.createStatement()) {
            there.execute("analyze");
            target.commit();
        } catch (SQLException e) {
            progress.accept("the new database could not be analyzed, it will do that by itself: " + e.getMessage());
        }
    }

    /// Parts that went ahead and are no more: days that were dropped, or replaced by what is kept of them.
    private void forgetOthers(Statement there, List<Part> parts) throws SQLException {
        for (var one : Map.copyOf(copied).entrySet()) {
            boolean isThere = parts.stream()
                    .anyMatch(part -> part.name().equals(one.getKey())
                            && part.relation().equals(one.getValue().relation()));
            if (!isThere) {
                there.execute("truncate " + one.getKey());
                copied.remove(one.getKey());
            }
        }
    }

    private Copied before(Part part) {
        return copied.getOrDefault(part.name(), Copied.NOTHING);
    }

    private Copied bring(Connection source, Part part, Copied before, boolean quiet) throws SQLException {
        Copied now = new PartCopy(source, target).bring(part, before, quiet);
        copied.put(part.name(), now);
        return now;
    }

    /// What there is to copy now, with a place for each day over there.
    private List<Part> parts(Connection source) throws SQLException {
        Schema schema = Schema.of(source);
        if (!schema.equals(Schema.of(target))) {
            throw new CannotStart("the two databases have different schemas: start the server once with this"
                    + " version, so that the old one is migrated, and move again");
        }
        List<Part> parts = Part.of(source, schema);
        try (Statement there = target.createStatement()) {
            forgetOthers(there, parts);
            for (Part part : parts) {
                if (part.day().isPresent()) {
                    there.execute("select ensure_day('" + part.day().get() + "')");
                }
            }
            guarded(there, false);
        }
        source.commit();
        return parts;
    }

    /// Numbers given from here on go on after those given before.
    private static void carryOn(Statement here, Statement there, Table table) throws SQLException {
        String sequence = "pg_get_serial_sequence('spooled." + table.name() + "', '" + table.identity() + "')";
        String name = text(here, "select " + sequence);
        String last = text(here, "select last_value || ', ' || is_called from " + name);
        there.execute("select setval(" + sequence + ", " + last + ")");
    }

    /// The owner passes row security only where it is not forced; in this transaction, that is.
    private static void guarded(Statement there, boolean guarded) throws SQLException {
        there.execute("do $$ declare t regclass; begin for t in select oid from pg_class where relrowsecurity"
                + " and relforcerowsecurity <> " + guarded + " and relnamespace = 'spooled'::regnamespace loop"
                + " execute format('alter table %s " + (guarded ? "" : "no ")
                + "force row level security', t); end loop; end $$");
    }

    /// The old database, all of it, as of one instant per transaction.
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
        Connection connection = DriverManager.getConnection(
                address.jdbcUrl(),
                address.properties(Role.OWNER, "-c statement_timeout=0 -c idle_in_transaction_session_timeout=0"));
        connection.setAutoCommit(false);
        return connection;
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

    /// What was not finished is undone.
    @Override
    public void close() {
        try {
            target.close();
        } catch (SQLException e) {
            progress.accept("the new database was left in a hurry: " + e.getMessage());
        }
    }
}
