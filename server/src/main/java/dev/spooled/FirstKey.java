package dev.spooled;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.util.Optional;
import java.util.Set;

/// The key of the organization `default`, kept readable by the owner only in the data directory, so that a newcomer who
/// closed the terminal has not lost it.
final class FirstKey {
    private static final Set<PosixFilePermission> OWNER_ONLY =
            Set.of(PosixFilePermission.OWNER_READ, PosixFilePermission.OWNER_WRITE);

    private final Path file;

    FirstKey(Path dataDirectory) {
        this.file = dataDirectory.resolve("default.key").toAbsolutePath().normalize();
    }

    Path file() {
        return file;
    }

    void keep(String key) {
        try {
            Files.createDirectories(file.getParent());
            Files.deleteIfExists(file);
            Files.createFile(file);
            if (Files.getFileStore(file).supportsFileAttributeView("posix")) {
                Files.setPosixFilePermissions(file, OWNER_ONLY);
            }
            Files.writeString(file, key + "\n");
        } catch (IOException e) {
            throw new UncheckedIOException("the first key could not be kept in " + file, e);
        }
    }

    Optional<String> kept() {
        try {
            return Files.exists(file) ? Optional.of(Files.readString(file).strip()) : Optional.empty();
        } catch (IOException e) {
            return Optional.empty();
        }
    }
}
