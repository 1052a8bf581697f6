package dev.spooled.conformance.fleet;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/// The clock of one process, which can be stepped while it runs: libfaketime stands before the system's, and reads how
/// far it is off from a file. Only the time of day is stepped, as an administrator or a bad time server would;
/// what measures spans goes on.
///
/// @see <a href="https://github.com/wolfcw/libfaketime">libfaketime</a>, in Debian the package `libfaketime`
final class SteppedClock {
    private static final List<Path> LIBRARIES = List.of(
            Path.of("/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1"),
            Path.of("/usr/lib/aarch64-linux-gnu/faketime/libfaketimeMT.so.1"),
            Path.of("/usr/lib64/faketime/libfaketimeMT.so.1"));

    private final Path file;
    private final Path library;

    SteppedClock(Path file) throws IOException {
        this.file = file;
        this.library = LIBRARIES.stream()
                .filter(Files::exists)
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("stepping clocks needs libfaketime to be installed"));
        set(0);
    }

    Map<String, String> environment() {
        return Map.of(
                "LD_PRELOAD", library.toString(),
                "FAKETIME_TIMESTAMP_FILE", file.toString(),
                "FAKETIME_CACHE_DURATION", "1",
                "FAKETIME_DONT_FAKE_MONOTONIC", "1",
                "FAKETIME_DONT_RESET", "1");
    }

    /// How far the clock is ahead from now on. It is read within a second, and never half written.
    void set(int seconds) throws IOException {
        Path next = file.resolveSibling(file.getFileName() + ".next");
        Files.writeString(next, "%+d%n".formatted(seconds));
        Files.move(
                next,
                file,
                java.nio.file.StandardCopyOption.ATOMIC_MOVE,
                java.nio.file.StandardCopyOption.REPLACE_EXISTING);
    }
}
