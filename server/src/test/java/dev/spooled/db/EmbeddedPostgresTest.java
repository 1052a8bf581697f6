package dev.spooled.db;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.spooled.config.CannotStart;
import dev.spooled.support.TestDb;
import java.io.BufferedReader;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Whatever an earlier life has left behind, a start either goes well by itself and keeps the data, or says in one line
/// what is in its way. The folder is one that only its owner may enter, as `mktemp -d` makes them.
@Timeout(120)
class EmbeddedPostgresTest {
    private static final Duration AGAIN_WITHIN = Duration.ofSeconds(30);

    @TempDir
    static Path closed;

    private static Path data;

    @BeforeAll
    static void makeDataOnce() throws SQLException {
        data = closed.resolve("data");
        try (var postgres = start()) {
            run(postgres.address(), "create table kept (n int)");
            run(postgres.address(), "insert into kept values (42)");
        }
    }

    @AfterEach
    void dataIsKept() throws SQLException {
        try (var postgres = start()) {
            assertThat(number(postgres.address(), "select n from kept")).isEqualTo(42);
        }
    }

    @Test
    void theParentIsClosedToOthers() throws IOException {
        assertThat(Files.getPosixFilePermissions(closed)).hasSize(3);
        assertThat(Files.getPosixFilePermissions(cluster())).hasSize(3);
        assertThat(Files.getPosixFilePermissions(data.resolve("postgres.password")))
                .hasSize(2);
    }

    @Test
    void aSecondServerOnTheSameDataIsRefused() {
        try (var first = start()) {
            refused("another server uses the data directory " + data);
            assertThat(first.processId()).isPositive();
        }
    }

    /// By those who work on the data of a running server.
    @Test
    void oneThatRunsIsFoundByItsFolder() throws Exception {
        assertThat(EmbeddedPostgres.running(data)).isEmpty();
        try (var postgres = start()) {
            assertThat(EmbeddedPostgres.running(data)).contains(postgres.address());
        }
    }

    @Test
    void thePortIsKeptUntilSomebodyElseHasIt() throws IOException {
        String first;
        try (var postgres = start()) {
            first = postgres.address().jdbcUrl();
        }
        try (var postgres = start()) {
            assertThat(postgres.address().jdbcUrl()).isEqualTo(first);
        }
        int port = Integer.parseInt(Files.readString(data.resolve("postgres.port")));
        try (var taken = new ServerSocket(port, 1, InetAddress.getLoopbackAddress());
                var postgres = start()) {
            assertThat(taken.isBound()).isTrue();
            assertThat(postgres.address().jdbcUrl()).isNotEqualTo(first);
        }
    }

    @Test
    void aKilledPostgresIsStartedAgain() throws Exception {
        try (var postgres = start()) {
            new OsProcess(postgres.processId()).signal("KILL");
            awaitAnswer(postgres.address());
            assertThat(number(postgres.address(), "select n from kept")).isEqualTo(42);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"server", "server and postgres", "postgres while the server stands still, then server"})
    void killsLoseNothing(String killed) throws Exception {
        Process server = new ProcessBuilder(
                        ProcessHandle.current().info().command().orElseThrow(),
                        "-cp",
                        System.getProperty("java.class.path"),
                        KilledServer.class.getName(),
                        data.toString())
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        try (BufferedReader said = server.inputReader(StandardCharsets.UTF_8)) {
            var postgres = new OsProcess(Long.parseLong(line(said)));
            var address = new DbAddress(line(said), EmbeddedPostgres.USER, line(said));
            run(address, "delete from kept");
            run(address, "insert into kept values (42)");
            if (killed.startsWith("postgres")) {
                new OsProcess(server.pid()).signal("STOP");
            }
            if (killed.contains("postgres")) {
                postgres.signal("KILL");
            }
        } finally {
            server.destroyForcibly().waitFor();
        }
    }

    @Test
    void anOrphanIsStoppedGentlyAndReplaced() throws Exception {
        Postmaster orphan = orphan();
        try (var postgres = start()) {
            assertThat(orphan.waitForEnd()).isZero();
            assertThat(number(postgres.address(), "select n from kept")).isEqualTo(42);
        }
    }

    @Test
    void aPidFileOfAnEndedProcessIsNoObstacle() throws Exception {
        Process ended = new ProcessBuilder("true").start();
        ended.waitFor();
        leavePidFile(ended.pid(), cluster());
    }

    @Test
    void aPidFileOfAnUnrelatedProcessIsNoObstacle() throws Exception {
        leavePidFile(ProcessHandle.current().pid(), cluster());
        start().close();
    }

    @Test
    void aPidFileOfAZombieIsNoObstacle() throws Exception {
        assumeTrue(Files.isDirectory(Path.of("/proc")), "needs /proc");
        // The child ends after the shell, which would have collected it, has become a sleep, which does not.
        Process parent = new ProcessBuilder("sh", "-c", "sleep 0.3 & echo $!; exec sleep 600").start();
        try (BufferedReader said = parent.inputReader(StandardCharsets.UTF_8)) {
            var zombie = new OsProcess(Long.parseLong(line(said)));
            long end = System.nanoTime() + AGAIN_WITHIN.toNanos();
            while (!zombie.isZombie() && System.nanoTime() - end < 0) {
                Thread.onSpinWait();
            }
            assertThat(zombie.isZombie()).isTrue();
            leavePidFile(zombie.pid(), cluster());
            start().close();
        } finally {
            parent.destroyForcibly().waitFor();
        }
    }

    @Test
    void aCopyOfARunningDatabaseIsRefused() throws Exception {
        Path copy = closed.resolve("copy");
        Files.createDirectory(copy);
        try (var running = start()) {
            assertThat(running.processId()).isPositive();
            Process copying = new ProcessBuilder("cp", "-a", cluster().toString(), copy.toString()).start();
            copying.waitFor();
            Files.copy(data.resolve("postgres.password"), copy.resolve("postgres.password"));
            assertThatThrownBy(() -> start(copy, Map.of()).close())
                    .isInstanceOf(CannotStart.class)
                    .hasMessageContaining("this is a copy of a running database");
        }
        PostgresBinaries.delete(copy);
    }

    @Test
    void dataOfAnotherMajorVersionIsRefused() throws IOException {
        Path file = cluster().resolve("PG_VERSION");
        String version = Files.readString(file);
        Files.writeString(file, "17\n");
        refused("was written by PostgreSQL 17, this server brings PostgreSQL " + version.strip());
        Files.writeString(file, version);
    }

    @Test
    void dataThatIsNoPostgresIsRefused() throws IOException {
        Path file = cluster().resolve("PG_VERSION");
        Path away = cluster().resolve("PG_VERSION.away");
        Files.move(file, away);
        refused("is not the data of a PostgreSQL");
        Files.move(away, file);
    }

    @Test
    void dataThatBelongsToRootIsRefused() throws IOException {
        assumeTrue(OsUser.isRoot(), "needs root");
        int owner = (int) Files.getAttribute(cluster(), "unix:uid");
        Files.setAttribute(cluster(), "unix:uid", 0);
        refused("belongs to root");
        Files.setAttribute(cluster(), "unix:uid", owner);
    }

    @Test
    void aLostPasswordIsNamed() throws IOException {
        Path file = data.resolve("postgres.password");
        Path away = data.resolve("postgres.password.away");
        Files.move(file, away);
        refused("the password of the embedded PostgreSQL is missing: put back " + file);
        Files.move(away, file);
    }

    @Test
    void aFullDiskIsNamed() {
        assertThatThrownBy(() -> DataDirectory.requireRoom(data, Long.MAX_VALUE))
                .isInstanceOf(CannotStart.class)
                .hasMessageContaining("is full");
    }

    @ParameterizedTest
    @ValueSource(strings = {"fsync", "full_page_writes"})
    void anUnsafePostgresIsRefusedByTheCheck(String setting) {
        try (var postgres = start(data, Map.of(setting, "off"))) {
            assertThatThrownBy(() -> PostgresCheck.check(postgres.address()))
                    .isInstanceOf(CannotStart.class)
                    .hasMessageContaining(setting + " off, which loses jobs at a crash");
        }
    }

    private static EmbeddedPostgres start() {
        return start(data, Map.of());
    }

    private static EmbeddedPostgres start(Path folder, Map<String, String> settings) {
        return EmbeddedPostgres.start(folder, new PostgresOptions(TestDb.BINARIES, settings), line -> {});
    }

    private static void refused(String message) {
        assertThatThrownBy(() -> start().close())
                .isInstanceOf(CannotStart.class)
                .hasMessageContaining(message)
                .hasMessageNotContaining("\n");
    }

    private static Path cluster() {
        return data.resolve("postgres");
    }

    /// A PostgreSQL on the data that no server of ours looks after.
    private static Postmaster orphan() throws Exception {
        PostgresBinaries binaries = PostgresBinaries.unpackedIn(TestDb.BINARIES, line -> {});
        Launch launch = Launch.as(OsUser.forCluster(cluster()), List.of(data, binaries.folder()));
        List<String> program = List.of(
                binaries.program("postgres"), "-D", cluster().toString(), "-c", "unix_socket_directories=", "-p", "0");
        Postmaster orphan = Postmaster.spawn(launch, withFreePort(program), cluster(), data.resolve("postgres.log"));
        assertThat(orphan.awaitReady(line -> {})).isTrue();
        return orphan;
    }

    private static List<String> withFreePort(List<String> program) throws IOException {
        try (var socket = new ServerSocket(0)) {
            String port = Integer.toString(socket.getLocalPort());
            return program.stream().map(word -> word.equals("0") ? port : word).toList();
        }
    }

    private static void leavePidFile(long pid, Path directory) throws IOException {
        Files.writeString(
                cluster().resolve(PostmasterFile.NAME),
                pid + "\n" + directory + "\n1764000000\n5432\n\n127.0.0.1\n     12345         0\nready   \n");
    }

    private static void awaitAnswer(DbAddress address) throws SQLException {
        long end = System.nanoTime() + AGAIN_WITHIN.toNanos();
        while (true) {
            try {
                number(address, "select 1");
                return;
            } catch (SQLException e) {
                if (System.nanoTime() - end > 0) {
                    throw e;
                }
            }
        }
    }

    private static String line(BufferedReader said) throws IOException {
        String line = said.readLine();
        assertThat(line).as("the process says nothing").isNotNull();
        return String.valueOf(line);
    }

    private static void run(DbAddress address, String sql) throws SQLException {
        try (Connection connection = connect(address);
                Statement statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }

    private static int number(DbAddress address, String query) throws SQLException {
        try (Connection connection = connect(address);
                Statement statement = connection.createStatement();
                ResultSet result = statement.executeQuery(query)) {
            result.next();
            return result.getInt(1);
        }
    }

    private static Connection connect(DbAddress address) throws SQLException {
        return DriverManager.getConnection(address.jdbcUrl(), address.user(), address.password());
    }
}
