package dev.spooled.conformance.fleet;

import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/// The wall clock of one node, which can be set wrong while it runs and stays wrong over its restarts. It is a library
/// of a few lines of C (`stepped.c`), preloaded into the node; the monotonic clock, PostgreSQL and this program are not
/// touched.
final class SteppedClock {
    private final Path library;
    private final Path step;

    private SteppedClock(Path library, Path step) {
        this.library = library;
        this.step = step;
    }

    /// The library, compiled into a folder; empty on other systems than Linux and where there is no C compiler.
    static Optional<Path> compile(Path folder) throws IOException {
        if (!System.getProperty("os.name").equals("Linux")) {
            return Optional.empty();
        }
        Path source = folder.resolve("stepped.c");
        Path library = folder.resolve("stepped.so");
        try (InputStream text =
                Objects.requireNonNull(SteppedClock.class.getResourceAsStream("stepped.c"), "stepped.c")) {
            Files.copy(text, source);
        }
        var compiler = new ProcessBuilder(
                        List.of("cc", "-O2", "-shared", "-fPIC", "-o", library.toString(), source.toString(), "-ldl"))
                .redirectErrorStream(true)
                .redirectOutput(new File(folder.resolve("stepped.log").toString()));
        try {
            Process running = compiler.start();
            return running.waitFor(60, TimeUnit.SECONDS) && running.exitValue() == 0
                    ? Optional.of(library)
                    : Optional.empty();
        } catch (IOException e) {
            return Optional.empty();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return Optional.empty();
        }
    }

    /// A clock that is right so far; `step` is its file.
    static SteppedClock of(Path library, Path step) throws IOException {
        var clock = new SteppedClock(library, step);
        clock.step(Duration.ZERO);
        return clock;
    }

    Map<String, String> environment() {
        return Map.of("LD_PRELOAD", library.toString(), "STEPPED_CLOCK", step.toString());
    }

    /// From now on it is wrong by this much. The file is written in place, as the node has it mapped.
    void step(Duration wrong) throws IOException {
        var bytes =
                ByteBuffer.allocate(Long.BYTES).order(ByteOrder.nativeOrder()).putLong(wrong.toNanos());
        try (var file = Files.newByteChannel(step, StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
            file.write(bytes.flip());
        }
    }
}
