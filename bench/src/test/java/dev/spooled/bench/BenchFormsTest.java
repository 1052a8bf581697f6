package dev.spooled.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The small forms the driver reads and writes.
class BenchFormsTest {
    @TempDir
    private Path folder = Path.of("");

    @Test
    void picksMembersByName() {
        var json = """
                {"jobs":[{"id":"a","payload":{"sent":-12},"lease_id":"x"}, {"id" : "b", "payload":{"sent": 7}, "lease_id":"y"}]}""";
        assertThat(JsonScan.strings(json, "id")).containsExactly("a", "b");
        assertThat(JsonScan.strings(json, "lease_id")).containsExactly("x", "y");
        assertThat(JsonScan.numbers(json, "sent")).containsExactly(-12L, 7L);
        assertThat(JsonScan.strings("{\"id\":", "id")).isEmpty();
    }

    @Test
    void payloadsHaveOneSize() {
        assertThat(Payload.sentNow()).hasSize(Payload.BYTES);
    }

    @Test
    void readsTheProcessTable() {
        var stat = ProcessStat.parse("71 (postgres: a) b) S 70 71 71 0 -1 4194560 9 8 0 0 11 5 30 20 20 0 1 0 1 2 3");
        assertThat(stat).isEqualTo(new ProcessStat(71, "postgres: a) b", 70, 16, 50));
    }

    @Test
    void keepsResultsUnderDateAndMachine() throws IOException {
        var out = new StringWriter();
        int code = Main.commandLine()
                .setOut(new PrintWriter(out))
                .execute("fsync", "--seconds", "1", "--machine", "test-2", "--results", folder.toString());
        assertThat(code).isZero();
        assertThat(out.toString()).contains("write 8 KB and sync");
        try (var files = Files.walk(folder)) {
            assertThat(files.filter(Files::isRegularFile).map(Path::toString))
                    .hasSize(2)
                    .allMatch(name -> name.matches(".*/\\d{4}-\\d\\d-\\d\\d-test-2/\\d{6}-fsync\\.(json|txt)"));
        }
    }

    @Test
    void tellsWhichPeersThereAre() {
        var err = new StringWriter();
        int code = Main.commandLine().setErr(new PrintWriter(err)).execute("peers", "--only", "nobody");
        assertThat(code).isNotZero();
        assertThat(err.toString()).contains("graphile-worker/batched", "jobrunr/single");
    }

    @Test
    void aMachineLabelNamesNoFolder() {
        assertThatThrownBy(() -> new ResultFolder(folder, "../up")).hasMessageContaining("machine label");
    }
}
