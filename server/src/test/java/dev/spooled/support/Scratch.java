package dev.spooled.support;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.List;
import java.util.Queue;
import java.util.UUID;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// Where the database of a test run lies: in memory, where Linux has a roomy disk of it. Hundreds of
/// databases of six hundred files each are made in a run, which a disk takes ten times as long for.
/// The folder is the process's own, by a lock on the file beside it, which ends with the process
/// however that ends; what killed processes left is removed by the next.
final class Scratch {
    private static final Path MEMORY = Path.of("/dev/shm");
    private static final String NAME = "spooled-test-postgres-";
    private static final String LOCK = ".lock";
    private static final long ROOM = 4L << 30;

    /// Kept for as long as the process lives: a channel that nobody holds is closed by the collector, and its lock
    /// gone.
    private static final Queue<FileLock> HELD = new ConcurrentLinkedQueue<>();

    private Scratch() {}

    /// Null where there is no such disk, or little room on it.
    static @Nullable Path folder() {
        try {
            if (!Files.isDirectory(MEMORY) || !Files.isWritable(MEMORY)) {
                return null;
            }
            sweep(MEMORY);
            return Files.getFileStore(MEMORY).getUsableSpace() >= ROOM ? takeFolder(MEMORY) : null;
        } catch (IOException | UncheckedIOException e) {
            return null;
        }
    }

    /// The lock is held, and its file open, until the process ends.
    static Path takeFolder(Path disk) throws IOException {
        while (true) {
            Path folder = disk.resolve(NAME + UUID.randomUUID());
            Path file = lockOf(folder);
            FileChannel channel = FileChannel.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
            HELD.add(channel.lock());
            if (Files.exists(file)) { // else one that sweeps came between
                return folder;
            }
            channel.close();
        }
    }

    /// Removes the folders that no process holds. Of several that sweep at once, one has each.
    static void sweep(Path disk) throws IOException {
        for (Path file : locks(disk)) {
            try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE);
                    FileLock lock = channel.tryLock()) {
                if (lock != null) {
                    String name = file.getFileName().toString();
                    remove(disk.resolve(name.substring(0, name.length() - LOCK.length())));
                    Files.deleteIfExists(file);
                }
            } catch (IOException | OverlappingFileLockException e) {
                // Another sweeps it.
            }
        }
    }

    private static List<Path> locks(Path disk) throws IOException {
        try (Stream<Path> all = Files.list(disk)) {
            return all.filter(file -> isLock(file.getFileName().toString())).toList();
        }
    }

    private static boolean isLock(String name) {
        return name.startsWith(NAME) && name.endsWith(LOCK);
    }

    private static Path lockOf(Path folder) {
        return folder.resolveSibling(folder.getFileName() + LOCK);
    }

    /// What is gone already is no fault: a PostgreSQL that is stopping removes files of its own.
    static void remove(Path folder) throws IOException {
        if (!Files.exists(folder)) {
            return;
        }
        Files.walkFileTree(folder, new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
                Files.deleteIfExists(file);
                return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult visitFileFailed(Path file, IOException e) {
                return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult postVisitDirectory(Path dir, @Nullable IOException e) throws IOException {
                Files.deleteIfExists(dir);
                return FileVisitResult.CONTINUE;
            }
        });
    }

    /// At the end of the process that took it.
    static void giveBack(Path folder) {
        try {
            remove(folder);
            Files.deleteIfExists(lockOf(folder));
        } catch (IOException e) {
            // The next run's sweep removes it.
        }
    }
}
