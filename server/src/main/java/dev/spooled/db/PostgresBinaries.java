package dev.spooled.db;

import dev.spooled.config.CannotStart;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.JarURLConnection;
import java.net.URL;
import java.net.URLConnection;
import java.nio.file.FileSystemException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Locale;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.tukaani.xz.XZInputStream;

/// The PostgreSQL programs, unpacked once from the archive on the class path. The folder's name holds the archive's
/// checksum, so a newer server unpacks its own beside the old; it appears by a rename, so never half full.
record PostgresBinaries(Path folder, int majorVersion) {
    private static final long ROOM_NEEDED = 200L << 20;

    static PostgresBinaries unpackedIn(Path cache, Consumer<String> progress) {
        URL archive = archive();
        try {
            Path folder = cache.resolve("postgres-" + checksum(archive));
            if (!Files.isDirectory(folder)) {
                progress.accept("Unpacking PostgreSQL (once)");
                Files.createDirectories(cache);
                DataDirectory.requireRoom(cache, ROOM_NEEDED);
                unpack(archive, folder);
            }
            return new PostgresBinaries(folder, majorVersionOf(folder));
        } catch (IOException e) {
            throw new CannotStart("PostgreSQL could not be unpacked into " + cache + ": " + e.getMessage(), e);
        }
    }

    String program(String name) {
        return folder.resolve("bin").resolve(name).toString();
    }

    private static URL archive() {
        String name = "postgres-" + system() + "-" + processor() + ".txz";
        URL archive = PostgresBinaries.class.getResource("/" + name);
        if (archive == null) {
            throw new CannotStart("this build brings no PostgreSQL for this machine (" + name
                    + "): set DATABASE_URL to a PostgreSQL 15 to 18");
        }
        return archive;
    }

    private static String system() {
        String name = System.getProperty("os.name").toLowerCase(Locale.ROOT);
        return name.startsWith("mac") ? "darwin" : name.startsWith("windows") ? "windows" : "linux";
    }

    private static String processor() {
        return System.getProperty("os.arch").equals("aarch64") ? "arm_64" : "x86_64";
    }

    private static String checksum(URL archive) throws IOException {
        URLConnection connection = archive.openConnection();
        long sum = connection instanceof JarURLConnection jar
                ? jar.getJarEntry().getCrc()
                : connection.getContentLengthLong();
        return String.format(Locale.ROOT, "%08x", sum);
    }

    private static void unpack(URL archive, Path folder) throws IOException {
        Path part = folder.resolveSibling(
                folder.getFileName() + ".part-" + ProcessHandle.current().pid());
        delete(part);
        Files.createDirectories(part);
        try (InputStream packed = archive.openStream();
                InputStream tar = new BufferedInputStream(new XZInputStream(packed), 1 << 16)) {
            new TarReader(tar).unpackInto(part);
        }
        try {
            Files.move(part, folder, StandardCopyOption.ATOMIC_MOVE);
        } catch (FileSystemException e) {
            // Another process was quicker: a folder that is not empty cannot be moved onto.
            if (!Files.isDirectory(folder)) {
                throw e;
            }
            delete(part);
        }
    }

    static void delete(Path folder) throws IOException {
        if (Files.exists(folder)) {
            Files.walkFileTree(folder, new Deletion());
        }
    }

    private static int majorVersionOf(Path folder) throws IOException {
        Path program = folder.resolve("bin/postgres");
        Process asked = new ProcessBuilder(program.toString(), "--version")
                .redirectErrorStream(true)
                .start();
        String answer = new String(asked.getInputStream().readAllBytes(), java.nio.charset.StandardCharsets.UTF_8);
        var version = java.util.regex.Pattern.compile("\\(PostgreSQL\\) (\\d+)").matcher(answer);
        if (!version.find()) {
            throw new CannotStart("the PostgreSQL in " + folder + " does not run here: " + answer.strip());
        }
        return Integer.parseInt(version.group(1));
    }

    /// Deletes what it walks over.
    private static final class Deletion extends SimpleFileVisitor<Path> {
        @Override
        public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
            Files.delete(file);
            return FileVisitResult.CONTINUE;
        }

        @Override
        public FileVisitResult postVisitDirectory(Path folder, @Nullable IOException e) throws IOException {
            Files.delete(folder);
            return FileVisitResult.CONTINUE;
        }
    }
}
