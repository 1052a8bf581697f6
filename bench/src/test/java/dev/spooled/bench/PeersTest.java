package dev.spooled.bench;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// The whole comparison, too short to tell anything about speed: every system works here, and every account balances.
@Tag("peers")
class PeersTest {
    private static final List<String> ROWS = List.of(
            "spooled/single-exact",
            "spooled/single-asserted",
            "spooled/batched-exact",
            "spooled/batched-asserted",
            "spooled/grpc-exact",
            "spooled/grpc-asserted",
            "graphile-worker/single",
            "graphile-worker/batched",
            "graphile-worker/history",
            "pg-boss/single",
            "pg-boss/batched",
            "db-scheduler/single",
            "db-scheduler/batched",
            "jobrunr/single",
            "jobrunr/batched");

    @TempDir
    private Path folder = Path.of("");

    @Test
    void everySystemWorksAndItsJobsAreAccountedFor() throws IOException {
        var out = new StringWriter();
        int code = Main.commandLine()
                .setOut(new PrintWriter(out))
                .setErr(new PrintWriter(out))
                .execute(
                        "peers",
                        "--warmup=3",
                        "--ramp=1",
                        "--seconds=2",
                        "--rounds=1",
                        "--machine=test",
                        "--results=" + folder);
        assertThat(code).as(out.toString()).isZero();
        assertThat(out.toString()).contains(ROWS);
        assertThat(kept().get("rows")).hasSize(ROWS.size()).allSatisfy(row -> {
            assertThat(ROWS).contains(row.get("name").asString());
            assertThat(row.get("turns")).hasSize(1).allSatisfy(turn -> {
                assertThat(turn.get("jobs").asLong()).isPositive();
                assertThat(turn.get("delivery").get("count").asLong()).isPositive();
                assertThat(turn.get("enqueued").asLong())
                        .isEqualTo(turn.get("handled").asLong());
            });
        });
    }

    private JsonNode kept() throws IOException {
        try (var files = Files.walk(folder)) {
            var json = files.filter(file -> file.toString().endsWith("-peers.json"))
                    .findFirst()
                    .orElseThrow();
            return JsonMapper.shared().readTree(Files.readString(json));
        }
    }
}
