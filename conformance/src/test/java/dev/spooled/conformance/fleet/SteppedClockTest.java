package dev.spooled.conformance.fleet;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.BufferedReader;
import java.io.File;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// A JVM whose wall clock is set wrong while it runs, and a program that it starts, which has the right one.
class SteppedClockTest {
    private static final Duration WRONG = Duration.ofSeconds(-80);
    private static final Duration NEAR = Duration.ofSeconds(20);

    @TempDir
    private Path folder;

    /// In the child: says what time it is for each line it is told; then has `date` say it.
    static final class Teller {
        public static void main(String[] args) throws Exception {
            for (int line = System.in.read(); line >= 0; line = System.in.read()) {
                System.out.println(Instant.now().getEpochSecond());
            }
            System.out.flush();
            new ProcessBuilder("date", "+%s").inheritIO().start().waitFor();
        }
    }

    @Test
    void itIsWrongForTheNodeAlone() throws Exception {
        Optional<Path> library = SteppedClock.compile(folder);
        assumeTrue(library.isPresent(), "no Linux or no C compiler");
        SteppedClock clock = SteppedClock.of(library.get(), folder.resolve("clock"));
        var builder = new ProcessBuilder(List.of(
                System.getProperty("java.home") + File.separator + "bin" + File.separator + "java",
                "-cp",
                System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")),
                Teller.class.getName()));
        builder.environment().putAll(clock.environment());
        Process child = builder.redirectError(ProcessBuilder.Redirect.INHERIT).start();
        try (BufferedReader said = child.inputReader()) {
            tick(child);
            assertThat(wrong(said)).isBetween(NEAR.negated(), NEAR);
            clock.step(WRONG);
            tick(child);
            assertThat(wrong(said)).isBetween(WRONG.minus(NEAR), WRONG.plus(NEAR));
            child.getOutputStream().close();
            assertThat(wrong(said)).as("what it starts").isBetween(NEAR.negated(), NEAR);
        } finally {
            child.destroyForcibly();
        }
    }

    private static void tick(Process child) throws Exception {
        child.getOutputStream().write('t');
        child.getOutputStream().flush();
    }

    private static Duration wrong(BufferedReader said) throws Exception {
        long seconds = Long.parseLong(String.valueOf(said.readLine()));
        return Duration.between(Instant.now(), Instant.ofEpochSecond(seconds));
    }
}
