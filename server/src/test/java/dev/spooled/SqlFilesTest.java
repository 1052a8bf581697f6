package dev.spooled;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spooled.db.DbAddress.Role;
import dev.spooled.db.Sql;
import dev.spooled.db.Statements;
import dev.spooled.support.TestDb;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Every named statement of every .sql file is prepared on the migrated schema: a wrong column fails here by name. And
/// each is used by the Java beside it.
class SqlFilesTest {
    private static final Path SOURCES = Path.of("src/main/java");

    private static TestDb database;
    private static Connection connection;

    @BeforeAll
    static void open() throws SQLException {
        database = TestDb.create();
        connection = DriverManager.getConnection(
                database.address().jdbcUrl(), database.address().properties(Role.ENGINE, ""));
    }

    @AfterAll
    static void close() throws SQLException {
        connection.close();
        database.close();
    }

    record Named(Path file, Sql sql) {
        @Override
        public String toString() {
            return file.getFileName() + " " + sql.name();
        }
    }

    static Stream<Named> statements() throws IOException {
        try (Stream<Path> files = Files.walk(SOURCES)) {
            List<Path> found =
                    files.filter(file -> file.toString().endsWith(".sql")).toList();
            return found.stream().flatMap(SqlFilesTest::statementsOf);
        }
    }

    private static Stream<Named> statementsOf(Path file) {
        String resource = "/" + SOURCES.relativize(file).toString().replace('\\', '/');
        return Statements.beside(App.class, resource).all().stream().map(sql -> new Named(file, sql));
    }

    @ParameterizedTest
    @MethodSource("statements")
    void isPrepared(Named named) throws SQLException {
        try (PreparedStatement statement =
                connection.prepareStatement(named.sql().text())) {
            assertThat(statement.getParameterMetaData().getParameterCount())
                    .isEqualTo(named.sql().parameters().size());
        }
    }

    @ParameterizedTest
    @MethodSource("statements")
    void isUsedByTheJavaBesideIt(Named named) throws IOException {
        var use = Pattern.compile("\"" + Pattern.quote(named.sql().name()) + "\"");
        try (Stream<Path> beside = Files.list(named.file().getParent())) {
            assertThat(beside.filter(file -> file.toString().endsWith(".java")))
                    .anyMatch(file -> use.matcher(read(file)).find());
        }
    }

    private static String read(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }
}
