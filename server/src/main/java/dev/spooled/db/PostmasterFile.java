package dev.spooled.db;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/// What a running PostgreSQL writes about itself into `postmaster.pid`: its process, its data directory, its port and,
/// in the last line, whether it takes connections.
record PostmasterFile(OsProcess process, Path directory, boolean ready) {
    static final String NAME = "postmaster.pid";

    /// Empty when there is none or when it is being written.
    static Optional<PostmasterFile> in(Path cluster) {
        try {
            List<String> lines = Files.readAllLines(cluster.resolve(NAME));
            if (lines.size() < 2 || !lines.getFirst().strip().matches("\\d{1,18}")) {
                return Optional.empty();
            }
            var process = new OsProcess(Long.parseLong(lines.getFirst().strip()));
            boolean ready = lines.size() >= 8 && lines.get(7).strip().equals("ready");
            return Optional.of(new PostmasterFile(process, Path.of(lines.get(1)), ready));
        } catch (NoSuchFileException e) {
            return Optional.empty();
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }
}
