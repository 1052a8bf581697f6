package dev.spooled;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spooled.config.ConfigReader;
import dev.spooled.db.DbAddress;
import dev.spooled.support.Contract;
import dev.spooled.support.TestDb;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The README's example, run as printed: its bash blocks in one shell, against a server.
class ReadmeTest {
    private static final Path ROOT = Path.of("..").toAbsolutePath().normalize();
    private static final Pattern BLOCKS = Pattern.compile("(?ms)^```bash\\n(.*?)^```");

    @TempDir
    private Path data;

    @Test
    void theExampleWorksAsPrinted() throws Exception {
        try (var database = TestDb.create();
                var app = app(database)) {
            String script = BLOCKS.matcher(Files.readString(ROOT.resolve("README.md")))
                    .results()
                    .map(block -> block.group(1))
                    .collect(Collectors.joining("\n", "set -euo pipefail\n", ""));
            var builder = new ProcessBuilder("bash", "-c", script)
                    .directory(ROOT.toFile())
                    .redirectErrorStream(true);
            builder.environment().put("SPOOLED_URL", "http://127.0.0.1:" + app.port());
            builder.environment()
                    .put(
                            "SPOOLED_KEY",
                            Files.readString(data.resolve("default.key")).strip());
            Process shell = builder.start();
            String printed = new String(shell.getInputStream().readAllBytes(), java.nio.charset.StandardCharsets.UTF_8);
            assertThat(shell.waitFor()).as(printed).isZero();
            assertThat(printed)
                    .contains("\"created\":true} 201", "\"created\":false} 200", "\"will_retry\":true")
                    .contains("\"status\":\"completed\"", "\"result\":{\"parcel\":\"P-20931\",\"lines\":3}")
                    .contains("\"outcome\":\"failed\"", "warehouse: connection refused", "\"outcome\":\"completed\"");
        }
    }

    /// What the server answers to and what contract/openapi.yaml describes are the same operations.
    @Test
    void everyRouteIsDescribedAndEveryDescriptionHasItsRoute() {
        try (TestDb database = TestDb.create();
                App app = app(database)) {
            assertThat(app.routes().stream()
                            .filter(route -> !route.startsWith("HEAD "))
                            .collect(Collectors.toSet()))
                    .containsExactlyInAnyOrderElementsOf(Contract.read().operations());
        }
    }

    /// The server as people start it, but on free ports and on a database of the tests.
    private App app(TestDb database) {
        DbAddress address = database.address();
        String url = address.jdbcUrl()
                .replace("jdbc:postgresql://", "postgres://" + address.user() + ":" + address.password() + "@");
        return new App(ConfigReader.read(
                        Map.of(),
                        Map.of(
                                "HOST", "127.0.0.1",
                                "PORT", "0",
                                "GRPC_PORT", "0",
                                "METRICS_PORT", "0",
                                "DATABASE_URL", url,
                                "SPOOLED_DATA_DIR", data.toString())))
                .start();
    }

    @Test
    void opensWithTheTwoCommands() throws Exception {
        String readme = Files.readString(ROOT.resolve("README.md"));
        assertThat(readme.indexOf("./spooled serve\n./spooled test")).isBetween(0, 800);
    }
}
