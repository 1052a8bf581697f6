package dev.spooled.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spooled.db.Sql;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/// docs/database.md against the code: the drawing of a job's life, the tables, the tests it names; and the transitions
/// against the statements that make them.
class DatabaseDocTest {
    private static final Path DOC = Path.of("..", "docs", "database.md");
    private static final Set<String> LIVE = Set.of("ready", "scheduled", "waiting", "lease");

    private static String doc() throws IOException {
        return Files.readString(DOC);
    }

    private static Set<String> words(String regex, String in) {
        return Pattern.compile(regex)
                .matcher(in)
                .results()
                .map(found -> found.group(1))
                .collect(Collectors.toCollection(TreeSet::new));
    }

    @Test
    void theDrawingIsTheTableOfTransitions() throws IOException {
        assertThat(doc()).contains("```mermaid\n" + JobTransition.drawing() + "```");
    }

    @Test
    void eachStatementMovesJobsExactlyAsTheTransitionsSay() {
        for (Sql sql : Stream.of(EngineSql.ALL, WorkflowSql.ALL, Fires.ALL)
                .flatMap(file -> file.all().stream())
                .toList()) {
            var left = words("delete from (ready|scheduled|waiting|lease|done)\\b", sql.text());
            var entered = words("insert into (ready|scheduled|waiting|lease|done)\\b", sql.text());
            assertThat(tables(sql.name(), true)).as(sql.name() + " leaves").isEqualTo(left);
            assertThat(tables(sql.name(), false)).as(sql.name() + " enters").isEqualTo(entered);
        }
    }

    private static Set<String> tables(String statement, boolean left) {
        return Arrays.stream(JobTransition.values())
                .filter(transition -> transition.statement.equals(statement))
                .flatMap(transition -> left ? Stream.of(transition.from) : transition.to.stream())
                .map(place -> place.table)
                .filter(table -> !table.isEmpty())
                .collect(Collectors.toCollection(TreeSet::new));
    }

    @Test
    void everyPlaceCanBeLeftUntilTheEnd() {
        var left = Arrays.stream(JobTransition.values())
                .map(transition -> transition.from.table)
                .filter(table -> !table.isEmpty())
                .collect(Collectors.toSet());
        assertThat(left).containsAll(LIVE);
    }

    @Test
    void everyTableIsTold() throws IOException {
        var tables = new TreeSet<String>();
        try (Stream<Path> files = Files.list(Path.of("src/main/resources/db/migration"))) {
            for (Path file : files.toList()) {
                tables.addAll(words("(?m)^create table (\\w+) \\(", Files.readString(file)));
            }
        }
        assertThat(words("`(\\w+)`", doc())).containsAll(tables);
    }

    @Test
    void everyTestItNamesExists() throws IOException {
        Set<String> named = words("`(\\w+Test)`", doc());
        try (Stream<Path> files = Files.walk(Path.of("src/test/java"))) {
            assertThat(files.map(file -> file.getFileName().toString().replace(".java", "")))
                    .containsAll(named);
        }
        assertThat(named).isNotEmpty();
    }
}
