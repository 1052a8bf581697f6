package dev.spooled.db;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;

/// Unpacks a tar archive of folders, files and symbolic links with names up to 255 bytes, which is all the PostgreSQL
/// archive holds. Anything else in it stops the reading.
final class TarReader {
    private static final int BLOCK = 512;

    private final InputStream in;
    private final byte[] header = new byte[BLOCK];

    TarReader(InputStream in) {
        this.in = in;
    }

    void unpackInto(Path folder) throws IOException {
        while (readHeader()) {
            Path target = folder.resolve(name()).normalize();
            if (!target.startsWith(folder)) {
                throw new IOException("the archive names a file outside of itself: " + name());
            }
            unpack(target);
        }
    }

    private void unpack(Path target) throws IOException {
        switch (header[156]) {
            case '5' -> Files.createDirectories(target);
            case '2' -> Files.createSymbolicLink(parentMade(target), Path.of(text(157, 100)));
            case '0', 0 -> copy(parentMade(target));
            default -> throw new IOException("the archive holds an entry of kind " + (char) header[156]);
        }
    }

    private static Path parentMade(Path target) throws IOException {
        Files.createDirectories(target.resolveSibling(""));
        return target;
    }

    private void copy(Path target) throws IOException {
        long size = octal(124, 12);
        try (OutputStream out = Files.newOutputStream(target)) {
            byte[] buffer = new byte[64 * 1024];
            for (long left = size; left > 0; ) {
                int read = in.read(buffer, 0, (int) Math.min(left, buffer.length));
                if (read < 0) {
                    throw new EOFException("the archive ends inside " + target.getFileName());
                }
                out.write(buffer, 0, read);
                left -= read;
            }
        }
        in.skipNBytes(Math.floorMod(-size, (long) BLOCK));
        boolean executable = (octal(100, 8) & 0111) != 0;
        Files.setPosixFilePermissions(target, PosixFilePermissions.fromString(executable ? "rwxr-xr-x" : "rw-r--r--"));
    }

    /// False at the end, which is a block of zeros or simply no more bytes.
    private boolean readHeader() throws IOException {
        int read = in.readNBytes(header, 0, BLOCK);
        return read == BLOCK && header[0] != 0;
    }

    private String name() {
        String prefix = header[262] == ' ' ? "" : text(345, 155);
        return prefix.isEmpty() ? text(0, 100) : prefix + "/" + text(0, 100);
    }

    private String text(int from, int length) {
        int end = from;
        while (end < from + length && header[end] != 0) {
            end++;
        }
        return new String(header, from, end - from, StandardCharsets.UTF_8);
    }

    private long octal(int from, int length) {
        return Long.parseLong(text(from, length).strip(), 8);
    }
}
