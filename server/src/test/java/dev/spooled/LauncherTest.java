package dev.spooled;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The start script with a JDK that only says what it was asked for.
class LauncherTest {
    private static final Pattern CACHE = Pattern.compile("-XX:AOTCache=(\\S+)");

    @TempDir
    private Path home;

    private Path app;

    @BeforeEach
    void layOut() throws IOException {
        app = Files.createDirectories(home.resolve("server/target/app"));
        Files.copy(Path.of("..", "spooled"), home.resolve("spooled"), StandardCopyOption.COPY_ATTRIBUTES);
        Files.writeString(home.resolve("pom.xml"), "");
        Files.setLastModifiedTime(
                home.resolve("pom.xml"), FileTime.from(Instant.now().minusSeconds(60)));
        Path bin = Files.createDirectories(home.resolve("jdk/bin"));
        Files.writeString(
                home.resolve("jdk/release"), "JAVA_VERSION=\"25.0.1\"\nJAVA_RUNTIME_VERSION=\"25.0.1+8-LTS\"\n");
        program(bin.resolve("javac"), "exit 0");
        program(
                bin.resolve("java"),
                "for a in \"$@\"; do case $a in -XX:AOTCacheOutput=*) : >\"${a#*=}\"; exit 0;; esac; done; echo \"$@\"");
    }

    private static void program(Path file, String text) throws IOException {
        Files.writeString(file, "#!/usr/bin/env bash\n" + text + "\n");
        assertThat(file.toFile().setExecutable(true)).isTrue();
    }

    /// The cache that the JVM is started with.
    private String cache() throws IOException, InterruptedException {
        var builder = new ProcessBuilder(home.resolve("spooled").toString(), "serve")
                .redirectError(ProcessBuilder.Redirect.DISCARD);
        builder.environment().put("SPOOLED_JAVA_HOME", home.resolve("jdk").toString());
        Process process = builder.start();
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor(20, TimeUnit.SECONDS)).isTrue();
        var found = CACHE.matcher(said);
        assertThat(found.find()).as(said).isTrue();
        return found.group(1);
    }

    private List<String> caches() throws IOException {
        try (Stream<Path> files = Files.list(app)) {
            return files.map(Path::toString)
                    .filter(name -> name.endsWith(".aot"))
                    .toList();
        }
    }

    /// The JVM does not look whether a cache is of the jar it runs: it would run the classes of another build.
    @Test
    void aCacheIsOfOneBuild() throws Exception {
        Path jar = app.resolve("spooled-server.jar");
        Files.writeString(jar, "one");
        String first = cache();
        assertThat(cache()).isEqualTo(first);
        Files.writeString(jar, "two");
        String second = cache();
        assertThat(second).isNotEqualTo(first);
        assertThat(caches()).containsExactly(second);
    }
}
