package dev.spooled.schedules;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spooled.support.TestServer;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Schedules over HTTP.
class SchedulesHttpTest {
    private static TestServer server;

    @BeforeAll
    static void open() {
        server = new TestServer();
    }

    @AfterAll
    static void close() {
        server.close();
    }

    private static String body(String cron, String queue, String more) {
        return "{\"name\":\"Daily\",\"cron_expression\":\"" + cron + "\",\"queue_name\":\"" + queue
                + "\",\"payload_template\":{\"type\":\"report\"}" + more + "}";
    }

    private static String create(String cron, String queue, String more) {
        HttpResponse<String> made = server.post("/schedules", body(cron, queue, more));
        assertThat(made.statusCode()).as(made.body()).isEqualTo(201);
        return text(made.body(), "id");
    }

    private static String text(String json, String name) {
        var found = Pattern.compile("\"" + name + "\":\"([^\"]*)\"").matcher(json);
        assertThat(found.find()).as(name + " in " + json).isTrue();
        return found.group(1);
    }

    private static String get(String path) {
        HttpResponse<String> answer = server.get(path);
        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
        return answer.body();
    }

    @Test
    void aScheduleIsMadeReadChangedAndDeleted() {
        String id = create(
                "0 0 9 * * *", "reports", ",\"timezone\":\"America/New_York\",\"tags\":{\"a\":\"b\"},\"priority\":7");
        assertThat(get("/schedules/" + id))
                .contains("\"cron_expression\":\"0 0 9 * * *\"", "\"next_run_at\":\"2026-11-25T14:00:00")
                .contains("\"is_active\":true", "\"run_count\":0", "\"last_run_at\":null", "\"priority\":7")
                .contains("\"max_retries\":3", "\"timeout_seconds\":300", "\"catch_up\":\"latest\"");
        HttpResponse<String> changed =
                server.put("/schedules/" + id, "{\"queue_name\":\"other\",\"timezone\":\"UTC\",\"description\":\"d\"}");
        assertThat(changed.statusCode()).as(changed.body()).isEqualTo(200);
        assertThat(changed.body())
                .contains("\"queue_name\":\"other\"", "\"description\":\"d\"", "\"name\":\"Daily\"", "\"priority\":7")
                .contains("\"next_run_at\":\"2026-11-26T09:00:00", "\"tags\":{\"a\": \"b\"}");
        assertThat(server.delete("/schedules/" + id).statusCode()).isEqualTo(204);
        assertThat(server.get("/schedules/" + id).statusCode()).isEqualTo(404);
        assertThat(server.delete("/schedules/" + id).statusCode()).isEqualTo(404);
    }

    @Test
    void expressionsOfFiveFieldsAreKeptAsSent() {
        String id = create("*/15 * * * *", "five", "");
        assertThat(get("/schedules/" + id)).contains("\"cron_expression\":\"*/15 * * * *\"");
    }

    @Test
    void pauseKeepsTheNextRunAndResumeReckonsItAnew() {
        String id = create("0 */5 * * * *", "pausing", "");
        String next = text(get("/schedules/" + id), "next_run_at");
        assertThat(server.post("/schedules/" + id + "/pause", "").body())
                .contains("\"is_active\":false", "\"next_run_at\":\"" + next);
        server.clock.advance(Duration.ofMinutes(30));
        assertThat(get("/schedules/" + id)).contains("\"next_run_at\":\"" + next);
        HttpResponse<String> resumed = server.post("/schedules/" + id + "/resume", "{}");
        assertThat(resumed.statusCode()).isEqualTo(200);
        assertThat(resumed.body()).contains("\"is_active\":true");
        assertThat(text(resumed.body(), "next_run_at")).isGreaterThan(next);
        assertThat(server.put("/schedules/" + id, "{\"is_active\":false}").body())
                .contains("\"is_active\":false");
        assertThat(get("/schedules?is_active=false")).contains(id);
        assertThat(get("/schedules?is_active=true")).doesNotContain(id);
    }

    @Test
    void aTriggeredRunFollowsItsJob() {
        String id = create("0 0 0 1 1 *", "trigger", "");
        String next = text(get("/schedules/" + id), "next_run_at");
        server.post("/schedules/" + id + "/pause", "");
        HttpResponse<String> triggered = server.post("/schedules/" + id + "/trigger", "");
        assertThat(triggered.statusCode()).as(triggered.body()).isEqualTo(200);
        String job = text(triggered.body(), "job_id");
        assertThat(triggered.body()).contains("\"triggered_at\":", "\"scheduled_at\":");
        assertThat(get("/schedules/" + id)).contains("\"run_count\":1", "\"next_run_at\":\"" + next);
        assertThat(get("/schedules/" + id + "/history"))
                .contains("\"job_id\":\"" + job, "\"status\":\"pending\"", "\"manual\":true");
        String claimed = server.post("/jobs/claim", "{\"queue_name\":\"trigger\",\"worker_id\":\"w\"}")
                .body();
        assertThat(claimed).contains(job, "\"payload\":{\"type\":\"report\"}");
        assertThat(get("/schedules/" + id + "/history")).contains("\"status\":\"running\"");
        server.post("/jobs/" + job + "/fail", "{\"worker_id\":\"w\",\"error\":\"broken\",\"no_retry\":true}");
        assertThat(get("/schedules/" + id + "/history"))
                .contains("\"status\":\"failed\"", "\"error_message\":\"broken\"", "\"error\":\"broken\"");
        assertThat(get("/schedules/" + id + "/history?limit=1")).contains(job);
    }

    @Test
    void aPreviewSaysWhatComes() {
        HttpResponse<String> answer = server.post(
                "/schedules/preview",
                "{\"cron_expression\":\"0 9 * * 1-5\",\"timezone\":\"Europe/Berlin\",\"count\":2}");
        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
        assertThat(answer.body())
                .contains("\"description\":\"at 09:00:00 on weekday 1-5 (Europe/Berlin)\"")
                .contains("\"2026-11-26T08:00:00", "\"2026-11-27T08:00:00");
        assertThat(server.post("/schedules/preview", "{\"cron_expression\":\"nonsense!\"}")
                        .statusCode())
                .isEqualTo(400);
        assertThat(server.post("/schedules/preview", "{\"cron_expression\":\"0 9 * * *\",\"count\":101}")
                        .statusCode())
                .isEqualTo(400);
        assertThat(server.post("/schedules/preview", "{\"cron_expression\":\"0 0 0 30 2 *\"}")
                        .body())
                .contains("\"next_runs\":[]");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "{}|400",
                "{\"name\":\"n\",\"cron_expression\":\"0 0 9 * * *\",\"queue_name\":\"q\"}|400",
                "{\"name\":\"n\",\"cron_expression\":\"0 0 9 * * *\",\"queue_name\":\"q\",\"payload_template\":7}|400",
                "{\"name\":\"\",\"cron_expression\":\"0 0 9 * * *\",\"queue_name\":\"q\",\"payload_template\":{}}|400",
                "{\"name\":\"n\",\"cron_expression\":\"0 0 9 * *  x\",\"queue_name\":\"q\",\"payload_template\":{}}|400",
                "{\"name\":\"n\",\"cron_expression\":\"0 0 0 30 2 *\",\"queue_name\":\"q\",\"payload_template\":{}}|400",
                "{\"name\":\"n\",\"cron_expression\":\"0 0 9 * * *\",\"queue_name\":\"\",\"payload_template\":{}}|400",
                "{\"name\":\"n\",\"cron_expression\":\"0 0 9 * * *\",\"queue_name\":\"q\",\"payload_template\":{},\"timezone\":\"Mars/Base\"}|400",
                "{\"name\":\"n\",\"cron_expression\":\"0 0 9 * * *\",\"queue_name\":\"q\",\"payload_template\":{},\"priority\":101}|400",
                "{\"name\":\"n\",\"cron_expression\":\"0 0 9 * * *\",\"queue_name\":\"q\",\"payload_template\":{},\"catch_up\":\"x\"}|400",
                "{\"name\":\"n\",\"cron_expression\":\"0 0 9 * * *\",\"queue_name\":\"q\",\"payload_template\":{},\"overlap\":\"x\"}|400",
                "{\"name\":\"n\",\"cron_expression\":\"0 0 9 * * *\",\"queue_name\":\"q\",\"payload_template\":{},\"jitter_seconds\":3601}|400",
                "{\"name\":\"n\",\"cron_expression\":\"0 0 9 * * *\",\"queue_name\":\"q\",\"payload_template\":{},\"timezone\":\"+05:30\"}|201",
                "{\"name\":\"n\",\"cron_expression\":\"0 0 9 * * *\",\"queue_name\":\"q\",\"payload_template\":[],\"timezone\":\"Etc/GMT+5\"}|201",
            })
    void fieldsHaveTheirRanges(String json, int status) {
        HttpResponse<String> answer = server.post("/schedules", json);
        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(status);
    }

    @Test
    void aWrongChangeChangesNothing() {
        String id = create("0 0 9 * * *", "keeps", "");
        String before = get("/schedules/" + id);
        for (String change : List.of("{\"cron_expression\":\"x\"}", "{\"timezone\":\"x\"}", "{\"max_retries\":-1}")) {
            assertThat(server.put("/schedules/" + id, change).statusCode()).isEqualTo(400);
        }
        assertThat(get("/schedules/" + id)).isEqualTo(before);
        assertThat(server.put("/schedules/" + UUID.randomUUID(), "{}").statusCode())
                .isEqualTo(404);
    }

    @Test
    void strangersSeeNothing() {
        String id = create("0 0 9 * * *", "private", "");
        String stranger = server.otherOrganization();
        assertThat(server.get(stranger, "/schedules").body()).isEqualTo("[]");
        for (String path : List.of("", "/history")) {
            assertThat(server.get(stranger, "/schedules/" + id + path).statusCode())
                    .isEqualTo(404);
            assertThat(server.get("/schedules/none" + path).statusCode()).isEqualTo(404);
        }
        for (String path : List.of("/pause", "/resume", "/trigger")) {
            assertThat(server.post(stranger, "/schedules/" + id + path, "").statusCode())
                    .isEqualTo(404);
        }
        assertThat(server.call(stranger, "PUT", "/schedules/" + id, "{}").statusCode())
                .isEqualTo(404);
        assertThat(server.call(stranger, "DELETE", "/schedules/" + id, "").statusCode())
                .isEqualTo(404);
        assertThat(get("/schedules/" + id)).contains("\"is_active\":true");
    }

    @Test
    void aRestrictedKeyHasItsQueuesOnly() {
        var made = server.send(server.to("/api/v1/admin/organizations/" + server.organization + "/api-keys")
                .header("X-Admin-Key", TestServer.ADMIN_KEY)
                .POST(BodyPublishers.ofString("{\"name\":\"scoped\",\"queues\":[\"own\"]}")));
        String key = text(made.body(), "key");
        String own = create("0 0 9 * * *", "own", "");
        String foreign = create("0 0 9 * * *", "foreign", "");
        assertThat(server.get(key, "/schedules").body()).contains(own).doesNotContain(foreign);
        assertThat(server.get(key, "/schedules/" + foreign).statusCode()).isEqualTo(403);
        assertThat(server.post(key, "/schedules/" + foreign + "/trigger", "").statusCode())
                .isEqualTo(403);
        assertThat(server.post(key, "/schedules", body("0 0 9 * * *", "foreign", ""))
                        .statusCode())
                .isEqualTo(403);
        assertThat(server.call(key, "PUT", "/schedules/" + own, "{\"queue_name\":\"foreign\"}")
                        .statusCode())
                .isEqualTo(403);
        assertThat(server.post(key, "/schedules/" + own + "/trigger", "").statusCode())
                .isEqualTo(200);
        assertThat(get("/schedules?queue_name=foreign")).contains(foreign).doesNotContain(own);
        assertThat(server.get("/schedules?is_active=maybe").statusCode()).isEqualTo(400);
    }
}
