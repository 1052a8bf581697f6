package dev.spooled.support;

import dev.spooled.config.CannotStart;
import dev.spooled.db.Db;
import dev.spooled.db.DbAddress;
import dev.spooled.db.EmbeddedPostgres;
import dev.spooled.db.Migrator;
import dev.spooled.db.PostgresOptions;
import dev.spooled.engine.EngineChores;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/// A migrated database of a test's own, copied from a template in a PostgreSQL that the whole test run shares. It
/// starts when first asked for and stops with the JVM. Closing drops the database.
///
/// It lies in memory where it can: a test that kills PostgreSQL starts one of its own. The slow suites,
/// which measure and fill disks, get one on the disk.
public final class TestDb implements AutoCloseable {
    /// Programs are unpacked here once for every PostgreSQL the tests start.
    public static final Path BINARIES = Path.of("target/test-postgres-binaries").toAbsolutePath();

    private static final @Nullable Path MEMORY =
            System.getProperty("included.groups", "").isEmpty() ? Scratch.folder() : null;

    /// On a disk a copy file by file waits for two checkpoints that sync them all.
    private static final String STRATEGY = MEMORY == null ? "wal_log" : "file_copy";

    private static final int RUNS_AT_ONCE = 8;
    private static final int CONNECTIONS = 8;
    private static final String TEMPLATE = "test_template";
    private static final String WITH_DAYS = "test_with_days";
    private static final AtomicInteger CREATED = new AtomicInteger();

    private final String name;
    private final Db db;

    private TestDb(String name) {
        this.name = name;
        this.db = new Db(address(), CONNECTIONS);
    }

    public static TestDb create() {
        return new TestDb(copyOf(TEMPLATE));
    }

    /// With the partitions of the days around [ManualClock#NOON], as a server makes them.
    public static TestDb withDays() {
        return new TestDb(copyOf(WITH_DAYS));
    }

    /// An empty database, not yet migrated; the caller need not drop it.
    public static DbAddress createEmpty() {
        return Shared.POSTGRES.address(copyOf("template1"));
    }

    /// The login of the shared PostgreSQL's superuser in the database `postgres`.
    public static DbAddress admin() {
        return Shared.POSTGRES.address("postgres");
    }

    public DbAddress address() {
        return Shared.POSTGRES.address(name);
    }

    /// A connection past every role and rule.
    public Connection connect() {
        try {
            DbAddress address = address();
            return DriverManager.getConnection(address.jdbcUrl(), address.user(), address.password());
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
    }

    public Db db() {
        return db;
    }

    @Override
    public void close() {
        db.close();
        Shared.execute("drop database if exists " + name + " with (force)");
    }

    private static String copyOf(String template) {
        String name = "test_" + CREATED.incrementAndGet();
        Shared.copy(template, name);
        return name;
    }

    /// Made by the first use; the class's own lock keeps it to one.
    private static final class Shared {
        private static final PostgresOptions OPTIONS =
                new PostgresOptions(BINARIES, Map.of("shared_buffers", "128MB", "max_wal_size", "1GB"));

        static final EmbeddedPostgres POSTGRES = start();

        static {
            dropEarlierRuns();
            execute("create database " + TEMPLATE);
            new Migrator(POSTGRES.address(TEMPLATE)).migrate();
            copy(TEMPLATE, WITH_DAYS);
            makeDays(POSTGRES.address(WITH_DAYS));
        }

        private static void makeDays(DbAddress address) {
            var clock = new ManualClock(ManualClock.NOON);
            try (var db = new Db(address, 1)) {
                new EngineChores(TestLane.of(address, clock), db, clock, 0)
                        .keepPartitions()
                        .runOnce();
            }
        }

        static void copy(String template, String name) {
            execute("create database " + name + " template " + template + " strategy " + STRATEGY);
        }

        private static EmbeddedPostgres start() {
            Path memory = MEMORY;
            if (memory == null) {
                return startOnDisk();
            }
            var postgres = EmbeddedPostgres.start(memory, OPTIONS, line -> {});
            atTheEnd(() -> {
                postgres.close();
                Scratch.giveBack(memory);
            });
            return postgres;
        }

        private static void atTheEnd(Runnable stop) {
            Runtime.getRuntime()
                    .addShutdownHook(
                            Thread.ofPlatform().name("test-postgres-stop").unstarted(stop));
        }

        /// Test runs beside each other (an IDE and a console) get a PostgreSQL each.
        private static EmbeddedPostgres startOnDisk() {
            for (int run = 1; ; run++) {
                try {
                    Path folder = Path.of("target/test-postgres-" + run);
                    var postgres = EmbeddedPostgres.start(folder, OPTIONS, line -> {});
                    atTheEnd(postgres::close);
                    return postgres;
                } catch (CannotStart e) {
                    if (run == RUNS_AT_ONCE || !String.valueOf(e.getMessage()).startsWith("another server")) {
                        throw e;
                    }
                }
            }
        }

        private static void dropEarlierRuns() {
            names("select datname from pg_database where datname like 'test\\_%'")
                    .forEach(name -> execute("drop database " + name + " with (force)"));
            names("select rolname from pg_roles where rolname like 'login\\_%'")
                    .forEach(name -> execute("drop role " + name));
        }

        private static List<String> names(String query) {
            try (Connection connection = connect();
                    Statement statement = connection.createStatement();
                    ResultSet result = statement.executeQuery(query)) {
                List<String> names = new ArrayList<>();
                while (result.next()) {
                    names.add(result.getString(1));
                }
                return names;
            } catch (SQLException e) {
                throw new IllegalStateException(query, e);
            }
        }

        static void execute(String sql) {
            try (Connection connection = connect();
                    Statement statement = connection.createStatement()) {
                statement.execute(sql);
            } catch (SQLException e) {
                throw new IllegalStateException(sql, e);
            }
        }

        private static Connection connect() throws SQLException {
            DbAddress address = POSTGRES.address("postgres");
            return DriverManager.getConnection(address.jdbcUrl(), address.user(), address.password());
        }
    }
}
