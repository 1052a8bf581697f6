package dev.spooled.bench;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;

/// What the disk alone can do: writes of one WAL page, each followed by fdatasync, over a file that already has its
/// size. No durable queue answers faster than this.
final class FsyncProbe {
    private static final int PAGE = 8 * 1024;
    private static final int PAGES = 2_048;

    private FsyncProbe() {}

    static Percentiles run(Path folder, Duration time) throws IOException {
        var file = Files.createTempFile(folder, ".fsync-", ".probe");
        try (var channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
            var page = ByteBuffer.allocateDirect(PAGE);
            for (int i = 0; i < PAGES; i++) {
                write(channel, page, i);
            }
            channel.force(true);
            return loop(channel, page, time);
        } finally {
            Files.delete(file);
        }
    }

    private static Percentiles loop(FileChannel channel, ByteBuffer page, Duration time) throws IOException {
        var watch = new Stopwatch();
        long end = System.nanoTime() + time.toNanos();
        for (int i = 0; System.nanoTime() - end < 0; i = (i + 1) % PAGES) {
            long start = System.nanoTime();
            write(channel, page, i);
            channel.force(false);
            watch.since(start);
        }
        return watch.cut();
    }

    private static void write(FileChannel channel, ByteBuffer page, int index) throws IOException {
        page.clear();
        long at = (long) index * PAGE;
        while (page.hasRemaining()) {
            at += channel.write(page, at);
        }
    }
}
