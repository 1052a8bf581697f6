package dev.spooled;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spooled.support.Contract;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/// docs/endpoints.md names the tests behind every operation of the API: none is missing, none is named twice, and each
/// test is there.
class EndpointsDocTest {
    private static final Path PAGE = Path.of("..", "docs", "endpoints.md");
    private static final Pattern CALL = Pattern.compile("`((?:GET|POST|PUT|PATCH|DELETE) /[^`]*)`");
    private static final Pattern TEST = Pattern.compile("\\b[A-Z]\\w*Test\\b");

    private static List<String[]> rows() throws IOException {
        try (Stream<String> lines = Files.lines(PAGE)) {
            return lines.map(line -> line.split("\\|"))
                    .filter(cells -> cells.length > 4 && CALL.matcher(cells[2]).find())
                    .toList();
        }
    }

    private static String call(String cell) {
        var found = CALL.matcher(cell);
        return found.find() ? found.group(1) : "";
    }

    @Test
    void everyOperationHasOneRow() throws IOException {
        var listed = new ArrayList<String>();
        rows().forEach(cells -> listed.add(call(cells[2])));
        assertThat(listed).containsExactlyInAnyOrderElementsOf(Contract.read().operations());
    }

    @Test
    void everyRowNamesTestsThatAreThere() throws IOException {
        Set<String> tests;
        try (Stream<Path> files = Files.walk(Path.of("src", "test", "java"))) {
            tests = files.map(file -> file.getFileName().toString().replace(".java", ""))
                    .filter(name -> name.endsWith("Test"))
                    .collect(Collectors.toSet());
        }
        for (String[] cells : rows()) {
            List<String> named =
                    TEST.matcher(cells[4]).results().map(found -> found.group()).toList();
            assertThat(named).as(Arrays.toString(cells)).isNotEmpty();
            assertThat(tests).as(Arrays.toString(cells)).containsAll(named);
        }
    }
}
