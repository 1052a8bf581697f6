package dev.spooled;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spooled.support.TestServer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/// The README's example, run as printed: its bash blocks in one shell, against a server.
class ReadmeTest {
    private static final Path ROOT = Path.of("..").toAbsolutePath().normalize();
    private static final Pattern BLOCKS = Pattern.compile("(?ms)^```bash\\n(.*?)^```");

    @Test
    void theExampleWorksAsPrinted() throws Exception {
        try (var server = TestServer.withChores()) {
            String script = BLOCKS.matcher(Files.readString(ROOT.resolve("README.md")))
                    .results()
                    .map(block -> block.group(1))
                    .collect(Collectors.joining("\n", "set -euo pipefail\n", ""));
            var builder = new ProcessBuilder("bash", "-c", script).directory(ROOT.toFile()).redirectErrorStream(true);
            builder.environment().put("SPOOLED_URL", "http://127.0.0.1:" + server.port());
            builder.environment().put("SPOOLED_KEY", server.key);
            Process shell = builder.start();
            String printed = new String(shell.getInputStream().readAllBytes(), java.nio.charset.StandardCharsets.UTF_8);
            assertThat(shell.waitFor()).as(printed).isZero();
            assertThat(printed)
                    .contains("\"created\":true} 201", "\"created\":false} 200", "\"will_retry\":true")
                    .contains("\"status\":\"completed\"", "\"result\":{\"parcel\":\"P-20931\",\"lines\":3}")
                    .contains("\"outcome\":\"failed\"", "warehouse: connection refused", "\"outcome\":\"completed\"");
        }
    }

    @Test
    void opensWithTheTwoCommands() throws Exception {
        String readme = Files.readString(ROOT.resolve("README.md"));
        assertThat(readme.indexOf("./spooled serve\n./spooled test")).isBetween(0, 800);
    }
}
