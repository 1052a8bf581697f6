package dev.spooled.dashboard;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spooled.support.TestServer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;

/// The dashboard's figures, of a little life of jobs.
final class DashboardHttpTest {
    private static final TestServer SERVER = new TestServer();

    @AfterAll
    static void close() {
        SERVER.close();
    }

    private final String key = SERVER.otherOrganization();

    private static String text(String json, String name) {
        Matcher found = Pattern.compile("\"" + name + "\":\"([^\"]*)\"").matcher(json);
        assertThat(found.find()).as(name + " in " + json).isTrue();
        return found.group(1);
    }

    private void enqueue(String queue, String more) {
        assertThat(SERVER.post(key, "/jobs", "{\"queue_name\":\"" + queue + "\",\"payload\":{}" + more + "}")
                        .statusCode())
                .isEqualTo(201);
    }

    @Test
    void anEmptyOneHasZeros() {
        assertThat(SERVER.get(key, "/dashboard").body())
                .contains("\"jobs\":{\"total\":0,\"pending\":0,\"processing\":0,\"completed_24h\":0,\"failed_24h\":0")
                .contains("\"avg_wait_time_ms\":null", "\"queues\":[]", "\"workers\":{\"total\":0")
                .contains("\"database_status\":\"healthy\"", "\"version\":\"test\"");
    }

    @Test
    void jobsAreCountedWhereTheyAre() {
        for (int i = 0; i < 3; i++) {
            enqueue("a", ",\"max_retries\":0");
        }
        enqueue("b", ",\"scheduled_at\":\"2027-01-01T00:00:00Z\"");
        String first = SERVER.post(key, "/jobs/claim", "{\"queue_name\":\"a\",\"worker_id\":\"w\"}")
                .body();
        SERVER.post(key, "/jobs/" + text(first, "id") + "/complete", "{\"worker_id\":\"w\"}");
        String second = SERVER.post(key, "/jobs/claim", "{\"queue_name\":\"a\",\"worker_id\":\"w\"}")
                .body();
        SERVER.post(key, "/jobs/" + text(second, "id") + "/fail", "{\"worker_id\":\"w\",\"error\":\"e\"}");
        SERVER.post(key, "/workers/register", "{\"queue_name\":\"a\",\"hostname\":\"h\"}");
        SERVER.chores.all().forEach(chore -> {
            while (chore.runOnce()) {}
        });
        String figures = SERVER.get(key, "/dashboard").body();
        assertThat(figures)
                .contains("\"total\":4,\"pending\":2,\"processing\":0,\"completed_24h\":1,\"failed_24h\":1")
                .contains("\"deadletter\":1", "\"workers\":{\"total\":1,\"healthy\":1,\"unhealthy\":0}")
                .contains("{\"name\":\"a\",\"pending\":1,\"processing\":0,\"paused\":false}")
                .contains("{\"name\":\"b\",\"pending\":1", "\"jobs_created_1h\":4,\"jobs_completed_1h\":1");
        String narrow = text(
                SERVER.post(key, "/api-keys", "{\"name\":\"n\",\"queues\":[\"b\"]}")
                        .body(),
                "key");
        assertThat(SERVER.get(narrow, "/dashboard").body())
                .contains("\"total\":1,\"pending\":1,\"processing\":0,\"completed_24h\":0,\"failed_24h\":0")
                .contains("\"jobs_created_1h\":1,\"jobs_completed_1h\":0", "\"workers\":{\"total\":0")
                .doesNotContain("\"name\":\"a\"");
        assertThat(SERVER.get(SERVER.otherOrganization(), "/dashboard").body()).contains("\"total\":0");
    }

    /// Rows 5 and 6 of the wire contract.
    @Test
    void theSameFiguresAreMetrics() {
        enqueue("m", "");
        enqueue("m", ",\"max_retries\":0");
        SERVER.post(key, "/jobs/claim", "{\"queue_name\":\"m\",\"worker_id\":\"w\"}");
        SERVER.post(
                key,
                "/workers/register",
                "{\"queue_name\":\"m\",\"hostname\":\"h\",\"worker_id\":\"m-" + key.hashCode() + "\"}");
        SERVER.post(key, "/queues/idle/pause", "{}");
        assertThat(SERVER.get(key, "/metrics").body())
                .contains("\"jobs\":{\"total_created\":2,\"total_completed\":0,\"total_failed\":0,")
                .contains("\"workers\":{\"total_registered\":1,\"total_active\":0,\"total_idle\":1}")
                .contains("\"total_queues\":2,\"total_paused\":1,\"total_pending\":1,\"total_processing\":1}")
                .contains("\"system\":{\"uptime_seconds\":", "\"error_rate\":0");
        assertThat(SERVER.get(key, "/metrics/prometheus").body()).contains("spooled_api_requests_total");
    }
}
