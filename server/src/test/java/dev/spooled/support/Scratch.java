package dev.spooled.support;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// Where the database of a test run lies: in memory, where Linux has a roomy disk of it. Hundreds of
/// databases of six hundred files each are made in a run, which a disk takes ten times as long for.
/// The folder is the process's own; what killed processes left is removed by the next.
final class Scratch {
    private static final Path MEMORY = Path.of("/dev/shm");
    private static final String NAME = "spooled-test-postgres-";
    private static final long ROOM = 4L << 30;

    private Scratch() {}

    /// Null where there is no such disk, or little room on it.
    static @Nullable Path folder() {
        try {
            if (!Files.isDirectory(MEMORY) || !Files.isWritable(MEMORY)) {
                return null;
            }
            left().forEach(Scratch::remove);
            boolean roomy = Files.getFileStore(MEMORY).getUsableSpace() >= ROOM;
            return roomy ? MEMORY.resolve(NAME + ProcessHandle.current().pid()) : null;
        } catch (IOException e) {
            return null;
        }
    }

    private static List<Path> left() throws IOException {
        try (Stream<Path> all = Files.list(MEMORY)) {
            return all.filter(folder -> folder.getFileName().toString().matches(NAME + "\\d+"))
                    .filter(folder -> !isAlive(folder))
                    .toList();
        }
    }

    private static boolean isAlive(Path folder) {
        String pid = folder.getFileName().toString().substring(NAME.length());
        return ProcessHandle.of(Long.parseLong(pid)).isPresent();
    }

    static void remove(Path folder) {
        try {
            Files.walkFileTree(folder, new SimpleFileVisitor<>() {
                @Override
                public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
                    Files.deleteIfExists(file);
                    return FileVisitResult.CONTINUE;
                }

                @Override
                public FileVisitResult postVisitDirectory(Path dir, @Nullable IOException e) throws IOException {
                    Files.deleteIfExists(dir);
                    return FileVisitResult.CONTINUE;
                }
            });
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
