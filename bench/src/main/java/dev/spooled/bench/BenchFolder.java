package dev.spooled.bench;

import java.nio.file.Files;
import java.nio.file.Path;

/// Where this module lies, seen from where the command was given: the repository, or the module itself.
final class BenchFolder {
    private BenchFolder() {}

    static Path at(String first, String... more) {
        var inRepository = Path.of("bench");
        var here = Path.of("");
        var module = Files.isDirectory(inRepository.resolve("peers")) ? inRepository : here;
        return module.resolve(Path.of(first, more));
    }
}
