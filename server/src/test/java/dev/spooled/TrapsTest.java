package dev.spooled;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/// The list of wire traps, Part 4 of grpc-realtime.md, is executable as a whole: each number has its test.
class TrapsTest {
    private static final int TRAPS = 12;
    private static final Pattern TRAP = Pattern.compile("@Test\\s+void trap(\\d+)[A-Z]");

    @Test
    void everyNumberHasItsTest() throws IOException {
        var numbers = new ArrayList<Integer>();
        try (Stream<Path> files = Files.walk(Path.of("src", "test", "java"))) {
            for (Path file :
                    files.filter(it -> it.toString().endsWith("TrapsTest.java")).toList()) {
                TRAP.matcher(Files.readString(file))
                        .results()
                        .forEach(found -> numbers.add(Integer.valueOf(found.group(1))));
            }
        }
        assertThat(numbers)
                .containsExactlyInAnyOrderElementsOf(
                        IntStream.rangeClosed(1, TRAPS).boxed().toList());
    }
}
