package dev.spooled.db;

import dev.spooled.config.CannotStart;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.util.Base64;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// The folder a server keeps everything in, held by a lock file for as long as it runs: one server per
/// folder. The lock is the operating system's, so it goes with the process however that ends.
final class DataDirectory implements AutoCloseable {
    static final String PASSWORD = "postgres.password";
    static final String PORT = "postgres.port";
    private static final String LOCK = "server.lock";

    private final Path path;
    private final FileChannel lock;

    private DataDirectory(Path path, FileChannel lock) {
        this.path = path;
        this.lock = lock;
    }

    static DataDirectory hold(Path wanted) {
        Path path = made(wanted);
        try {
            FileChannel lock =
                    FileChannel.open(path.resolve(LOCK), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
            if (tryLock(lock) == null) {
                lock.close();
                throw new CannotStart("another server uses the data directory " + path
                        + ": stop it, or give this one its own by SPOOLED_DATA_DIR");
            }
            lock.truncate(0);
            lock.write(
                    ByteBuffer.wrap(Long.toString(ProcessHandle.current().pid()).getBytes(StandardCharsets.US_ASCII)));
            return new DataDirectory(path, lock);
        } catch (IOException e) {
            throw new CannotStart("the data directory " + path + " cannot be written: " + reason(e), e);
        }
    }

    /// The process that holds the folder, if one does.
    static Optional<ProcessHandle> holder(Path path) throws IOException {
        Path file = path.resolve(LOCK);
        if (!Files.exists(file)) {
            return Optional.empty();
        }
        try (FileChannel lock = FileChannel.open(file, StandardOpenOption.WRITE)) {
            if (tryLock(lock) != null) {
                return Optional.empty();
            }
        }
        String process = Files.readString(file).strip();
        return process.isEmpty() ? Optional.empty() : ProcessHandle.of(Long.parseLong(process));
    }

    /// PostgreSQL's own data directory.
    Path cluster() {
        return path.resolve("postgres");
    }

    Path log() {
        return path.resolve("postgres.log");
    }

    Path passwordFile() {
        return path.resolve(PASSWORD);
    }

    Path portFile() {
        return path.resolve(PORT);
    }

    Path path() {
        return path;
    }

    /// The password of the embedded PostgreSQL, made at the first start; readable by its user only.
    String password(OsUser user) throws IOException {
        Path file = passwordFile();
        if (!Files.exists(file)) {
            if (Files.exists(cluster())) {
                throw new CannotStart("the password of the embedded PostgreSQL is missing: put back " + file);
            }
            byte[] random = new byte[24];
            new SecureRandom().nextBytes(random);
            Path part = path.resolve("postgres.password.part");
            Files.deleteIfExists(part);
            Files.createFile(part, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
            Files.writeString(part, Base64.getUrlEncoder().withoutPadding().encodeToString(random));
            user.own(part);
            Files.move(part, file, java.nio.file.StandardCopyOption.ATOMIC_MOVE);
        }
        return Files.readString(file).strip();
    }

    static void requireRoom(Path folder, long bytes) throws IOException {
        long free = Files.getFileStore(folder).getUsableSpace();
        if (free < bytes) {
            throw new CannotStart("the disk under " + folder + " is full: " + (free >> 20) + " MiB are free, "
                    + (bytes >> 20) + " MiB are needed");
        }
    }

    @Override
    public void close() {
        try {
            lock.close();
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    /// As root the folder lets others walk through (0711) to what they know the name of, since PostgreSQL
    /// runs as another user; a folder that exists keeps its mode.
    private static Path made(Path wanted) {
        try {
            Path path = wanted.toAbsolutePath().normalize();
            if (!Files.exists(path)) {
                Files.createDirectories(path.resolveSibling(""));
                String mode = OsUser.isRoot() ? "rwx--x--x" : "rwx------";
                Files.createDirectory(path);
                Files.setPosixFilePermissions(path, PosixFilePermissions.fromString(mode));
            }
            return path.toRealPath();
        } catch (FileAlreadyExistsException e) {
            throw new CannotStart("the data directory " + wanted + " is a file, or lies under one", e);
        } catch (IOException e) {
            throw new CannotStart("the data directory " + wanted + " cannot be made: " + reason(e), e);
        }
    }

    private static @Nullable FileLock tryLock(FileChannel channel) throws IOException {
        try {
            return channel.tryLock();
        } catch (OverlappingFileLockException e) {
            return null;
        }
    }

    static String reason(IOException e) {
        return e instanceof java.nio.file.AccessDeniedException denied
                ? "permission denied for " + denied.getFile()
                : String.valueOf(e.getMessage());
    }
}
