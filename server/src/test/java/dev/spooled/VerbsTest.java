package dev.spooled;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spooled.config.ConfigReader;
import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The verbs that work on a server's data while it runs, as somebody types them: with its embedded PostgreSQL, which
/// they
/// find by the data directory.
class VerbsTest {
    @TempDir
    static Path data;

    private static App server;

    @BeforeAll
    static void start() {
        server = new App(ConfigReader.read(
                        Map.of(),
                        Map.of(
                                "HOST", "127.0.0.1",
                                "PORT", "0",
                                "GRPC_PORT", "0",
                                "METRICS_PORT", "0",
                                "SPOOLED_DATA_DIR", data.toString())))
                .start();
    }

    @AfterAll
    static void stop() {
        server.close();
    }

    private record Said(int exit, String text) {}

    private static Said spooled(String... words) throws IOException, InterruptedException {
        var command = new ArrayList<>(List.of(
                System.getProperty("java.home") + File.separator + "bin" + File.separator + "java",
                "-Xmx256m",
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "-cp",
                System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")),
                Main.class.getName()));
        command.addAll(List.of(words));
        command.addAll(List.of("--data-dir", data.toString()));
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        String text = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        return new Said(process.waitFor(), text);
    }

    @Test
    void anOrganizationIsExportedAndNotImportedTwice() throws Exception {
        Path file = data.resolveSibling("default.ndjson");
        Said exported = spooled("export", "--organization", "default", "--file", file.toString());
        assertThat(exported.text()).contains("Exported ", " rows.");
        assertThat(exported.exit()).isZero();
        assertThat(Files.readAllLines(file))
                .hasSizeGreaterThan(2)
                .last()
                .asString()
                .startsWith("{\"rows\":");
        Said imported = spooled("import", "--file", file.toString());
        assertThat(imported.text()).contains("organization 'default' is here already");
        assertThat(imported.exit()).isEqualTo(1);
    }

    @Test
    void aMoveToACellThatNobodyNamedIsRefused() throws Exception {
        Said moved = spooled("cell", "move", "--organization", "default", "--to", "1");
        assertThat(moved.text()).contains("cell 1 is not named in SPOOLED_CELLS");
        assertThat(moved.exit()).isEqualTo(1);
        Said nobody = spooled("cell", "move", "--organization", "nobody", "--to", "1");
        assertThat(nobody.text()).contains("there is no organization 'nobody'");
    }
}
