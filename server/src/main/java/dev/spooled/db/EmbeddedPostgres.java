package dev.spooled.db;

import dev.spooled.config.CannotStart;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// PostgreSQL as a part of this server: unpacked, made, started, kept running and stopped with nobody's help.
/// A kill of the server, of PostgreSQL or of both at any instant is put right by the next start.
///
/// One platform thread starts PostgreSQL and lives as long as it: Linux ties "stop when my parent is gone" to
/// the starting thread, not to the process. The same thread starts it again when it ends unasked.
public final class EmbeddedPostgres implements AutoCloseable {
    static final String USER = "spooled";
    private static final String DATABASE = "spooled";
    private static final int PORTS_TRIED = 5;
    private static final int STARTS_TRIED = 50;
    private static final long PAUSE_MILLIS = 200;
    private static final Logger LOG = LoggerFactory.getLogger(EmbeddedPostgres.class);

    private final DataDirectory directory;
    private final PostgresBinaries binaries;
    private final Launch launch;
    private final PostgresOptions options;
    private final Consumer<String> progress;
    private final String password;
    private final Thread keeper =
            Thread.ofPlatform().name("postgres").daemon(true).unstarted(this::keep);
    private final CountDownLatch started = new CountDownLatch(1);
    private final CountDownLatch stopping = new CountDownLatch(1);
    private volatile int port;
    private volatile @Nullable Postmaster postmaster;
    private volatile @Nullable RuntimeException failure;

    private EmbeddedPostgres(DataDirectory directory, PostgresOptions options, Consumer<String> progress)
            throws IOException, InterruptedException {
        this.directory = directory;
        this.options = options;
        this.progress = progress;
        Path cache = options.binaries() == null ? directory.path() : options.binaries();
        OsUser user = OsUser.forCluster(directory.cluster());
        binaries = PostgresBinaries.unpackedIn(cache, progress);
        launch = Launch.as(user, List.of(directory.path(), binaries.folder()));
        new Cluster(directory, binaries, user, launch).prepare(progress);
        password = directory.password(user);
        port = PortFile.remembered(directory.portFile());
    }

    /// Starts PostgreSQL in `dataDirectory`, which is made when missing. `progress` hears what takes a while.
    public static EmbeddedPostgres start(Path dataDirectory, Consumer<String> progress) {
        return start(dataDirectory, PostgresOptions.NONE, progress);
    }

    public static EmbeddedPostgres start(Path dataDirectory, PostgresOptions options, Consumer<String> progress) {
        DataDirectory directory = DataDirectory.hold(dataDirectory);
        try {
            var postgres = new EmbeddedPostgres(directory, options, progress);
            postgres.awaitStart();
            return postgres;
        } catch (IOException e) {
            directory.close();
            throw new CannotStart(
                    "PostgreSQL could not be started in " + directory.path() + ": " + DataDirectory.reason(e), e);
        } catch (InterruptedException e) {
            directory.close();
            Thread.currentThread().interrupt();
            throw new CannotStart("the start of PostgreSQL was interrupted", e);
        } catch (RuntimeException e) {
            directory.close();
            throw e;
        }
    }

    /// The process whose server keeps its jobs in `dataDirectory`, while it runs.
    public static Optional<ProcessHandle> holder(Path dataDirectory) throws IOException {
        return DataDirectory.holder(dataDirectory);
    }

    /// The database of the server that runs in `dataDirectory`, if one does.
    public static Optional<DbAddress> running(Path dataDirectory) throws IOException {
        return DataDirectory.holder(dataDirectory).isEmpty()
                ? Optional.empty()
                : Optional.of(new DbAddress(
                        "jdbc:postgresql://127.0.0.1:"
                                + Files.readString(dataDirectory.resolve(DataDirectory.PORT))
                                        .strip()
                                + "/" + DATABASE,
                        USER,
                        Files.readString(dataDirectory.resolve(DataDirectory.PASSWORD))
                                .strip()));
    }

    /// The server's own database.
    public DbAddress address() {
        return address(DATABASE);
    }

    public DbAddress address(String database) {
        return new DbAddress("jdbc:postgresql://127.0.0.1:" + port + "/" + database, USER, password);
    }

    /// Stops PostgreSQL after ending its sessions; waits for it, within a bound.
    @Override
    public void close() {
        stopping.countDown();
        Postmaster running = postmaster;
        try {
            if (running != null) {
                running.stop();
            }
            keeper.join(TimeUnit.SECONDS.toMillis(30));
        } catch (IOException e) {
            LOG.warn("PostgreSQL could not be stopped: {}", e.getMessage());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            directory.close();
        }
    }

    /// The process id of the running PostgreSQL, for tests that kill it.
    long processId() {
        Postmaster running = postmaster;
        if (running == null) {
            throw new IllegalStateException("PostgreSQL does not run");
        }
        return running.running().orElseThrow().process().pid();
    }

    private void awaitStart() throws InterruptedException {
        keeper.start();
        started.await();
        RuntimeException why = failure;
        if (why != null) {
            throw why;
        }
        try {
            createDatabase();
        } catch (SQLException e) {
            close();
            throw new CannotStart("the embedded PostgreSQL does not answer: " + e.getMessage(), e);
        }
    }

    private void createDatabase() throws SQLException {
        DbAddress first = address("postgres");
        try (Connection connection = DriverManager.getConnection(first.jdbcUrl(), first.user(), first.password());
                Statement statement = connection.createStatement()) {
            try (ResultSet found =
                    statement.executeQuery("select 1 from pg_database where datname = '" + DATABASE + "'")) {
                if (found.next()) {
                    return;
                }
            }
            statement.execute("create database " + DATABASE);
        }
    }

    /// The keeper's life: start, wait for the end, and start again unless the end was asked for.
    private void keep() {
        try {
            postmaster = startUntilReady();
            started.countDown();
            while (true) {
                keepRunning();
                if (stopping.await(0, TimeUnit.MILLISECONDS)) {
                    return;
                }
            }
        } catch (IOException e) {
            failure = new CannotStart("PostgreSQL could not be started: " + DataDirectory.reason(e), e);
        } catch (RuntimeException e) {
            failure = e;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            started.countDown();
        }
    }

    private void keepRunning() throws InterruptedException {
        Postmaster running = postmaster;
        if (running != null) {
            int code = running.waitForEnd();
            if (stopping.getCount() == 0) {
                return;
            }
            LOG.error("PostgreSQL ended unasked (exit code {}) and is started again", code);
        }
        try {
            postmaster = startUntilReady();
            LOG.info("PostgreSQL runs again");
        } catch (IOException | CannotStart e) {
            postmaster = null;
            LOG.error("PostgreSQL does not start again: {}", e.getMessage());
            stopping.await(PAUSE_MILLIS * 10, TimeUnit.MILLISECONDS);
        }
    }

    /// Tries again where another start may go better: a port that was taken meanwhile, children of a killed
    /// PostgreSQL that have not yet noticed.
    private Postmaster startUntilReady() throws IOException, InterruptedException {
        int ports = 0;
        for (int attempt = 1; ; attempt++) {
            Postmaster fresh = Postmaster.spawn(launch, program(), directory.cluster(), directory.log());
            postmaster = fresh;
            if (fresh.awaitReady(progress)) {
                PortFile.remember(directory.portFile(), port);
                return fresh;
            }
            String fault = launch.advice(fresh.fault());
            if (stopping.getCount() == 0 || attempt == STARTS_TRIED) {
                throw new CannotStart("PostgreSQL does not start: " + fault + " (see " + directory.log() + ")");
            }
            if (fault.contains("create any TCP/IP sockets") && ++ports < PORTS_TRIED && started.getCount() > 0) {
                port = PortFile.free();
            } else if (fault.contains("pre-existing shared memory block")) {
                stopping.await(PAUSE_MILLIS, TimeUnit.MILLISECONDS);
            } else {
                throw new CannotStart("PostgreSQL does not start: " + fault + " (see " + directory.log() + ")");
            }
        }
    }

    private List<String> program() {
        List<String> words = new ArrayList<>(
                List.of(binaries.program("postgres"), "-D", directory.cluster().toString()));
        PostgresSettings.with(port, options.settings()).forEach((name, value) -> {
            words.add("-c");
            words.add(name + "=" + value);
        });
        return words;
    }

    /// The port of the last start, so that tools pointed at it keep working; another one when it is taken.
    private static final class PortFile {
        static int remembered(Path file) throws IOException {
            if (Files.exists(file)) {
                String text = Files.readString(file).strip();
                if (text.matches("[1-9]\\d{0,4}") && isFree(Integer.parseInt(text))) {
                    return Integer.parseInt(text);
                }
            }
            return free();
        }

        static void remember(Path file, int port) throws IOException {
            Files.writeString(file, Integer.toString(port));
        }

        static int free() throws IOException {
            try (var socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
                return socket.getLocalPort();
            }
        }

        private static boolean isFree(int port) {
            try (var socket = new ServerSocket()) {
                socket.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
                return true;
            } catch (IOException | IllegalArgumentException e) {
                return false;
            }
        }
    }
}
