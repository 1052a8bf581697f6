package dev.spooled.support;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.lang.ref.Cleaner;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ScratchTest {
    private static final int FILES = 2_000;
    private static final int SWEEPERS = 8;

    @TempDir
    Path disk;

    @Test
    void anyNumberSweepWhatAKilledRunLeft() throws Exception {
        Path left = disk.resolve("spooled-test-postgres-left");
        Files.createFile(disk.resolve("spooled-test-postgres-left.lock"));
        fill(left);

        try (var sweepers = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Callable<Path>> sweeps = new ArrayList<>();
            for (int i = 0; i < SWEEPERS; i++) {
                sweeps.add(this::sweep);
            }
            for (Future<Path> sweep : sweepers.invokeAll(sweeps)) {
                sweep.get();
            }
        }

        assertThat(disk).isEmptyDirectory();
    }

    @Test
    void aFolderInUseStays() throws IOException {
        Path mine = Scratch.takeFolder(disk);
        fill(mine);

        collectGarbage();
        sweep();

        assertThat(mine).isNotEmptyDirectory();
        Scratch.giveBack(mine);
        assertThat(disk).isEmptyDirectory();
    }

    /// Returns when what nobody holds has been collected and closed.
    private static void collectGarbage() {
        var closed = new AtomicInteger();
        var cleaner = Cleaner.create();
        for (int i = 0; i < 3; i++) {
            cleaner.register(new Object(), closed::incrementAndGet);
            int seen = i + 1;
            Await.until(
                    () -> {
                        System.gc();
                        return closed.get();
                    },
                    n -> n == seen);
        }
    }

    private Path sweep() throws IOException {
        Scratch.sweep(disk);
        return disk;
    }

    private static void fill(Path folder) throws IOException {
        Files.createDirectory(folder);
        for (int i = 0; i < FILES; i++) {
            Files.createFile(folder.resolve("file-" + i));
        }
    }
}
