package dev.spooled.jobs;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spooled.support.ManualClock;
import dev.spooled.support.TestServer;
import java.net.http.HttpResponse;
import java.sql.SQLException;
import java.time.Duration;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Supplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/// The largest plan keeps 90 days, and each is a partition: calls must not pay for days they do not touch. Two servers,
/// with the days of a new installation and with 98, are called in turns by one caller.
@Tag("scale")
class DaysCostTest {
    private static final int DAYS = Integer.getInteger("days.kept", 98);
    private static final int CALLS = Integer.getInteger("days.calls", 150);
    private static final int ROUNDS = Integer.getInteger("days.rounds", 6);
    private static final double BOUND = Double.parseDouble(System.getProperty("days.factor", "1.3"));
    private static final Pattern ID = Pattern.compile("\"id\":\"([0-9a-f-]{36})\"");

    private enum Call {
        ENQUEUE,
        CLAIM,
        GET,
        COMPLETE,
        FAIL,
        LIST,
        LIST_COMPLETED
    }

    /// A server and how long each call took, in nanoseconds.
    private static final class Side implements AutoCloseable {
        final TestServer server = new TestServer();
        final Map<Call, List<Long>> took = new EnumMap<>(Call.class);

        Side(int days) throws SQLException {
            LocalDate today = LocalDate.ofInstant(ManualClock.NOON, ZoneOffset.UTC);
            try (var connection = server.database.connect();
                    var statement = connection.createStatement()) {
                for (int back = 2; back <= days; back++) {
                    statement.execute("select spooled.ensure_day('" + today.minusDays(back) + "')");
                }
            }
        }

        List<Long> times(Call call) {
            return took.computeIfAbsent(call, any -> new ArrayList<>());
        }

        void round() {
            for (int i = 0; i < CALLS; i++) {
                timed(Call.ENQUEUE, () -> server.post("/jobs", "{\"queue_name\":\"q\",\"payload\":{\"n\":1}}"));
                Matcher id = ID.matcher(timed(
                                Call.CLAIM,
                                () -> server.post(
                                        "/jobs/claim", "{\"queue_name\":\"q\",\"worker_id\":\"w\",\"limit\":1}"))
                        .body());
                assertThat(id.find()).isTrue();
                timed(Call.GET, () -> server.get("/jobs/" + id.group(1)));
                timed(
                        Call.COMPLETE,
                        () -> server.post("/jobs/" + id.group(1) + "/complete", "{\"worker_id\":\"w\",\"result\":{}}"));
                server.post("/jobs", "{\"queue_name\":\"failing\",\"payload\":{\"n\":1},\"max_retries\":0}");
                Matcher failing = ID.matcher(
                        server.post("/jobs/claim", "{\"queue_name\":\"failing\",\"worker_id\":\"w\",\"limit\":1}")
                                .body());
                assertThat(failing.find()).isTrue();
                timed(
                        Call.FAIL,
                        () -> server.post(
                                "/jobs/" + failing.group(1) + "/fail", "{\"worker_id\":\"w\",\"error\":\"no\"}"));
                timed(Call.LIST, () -> server.get("/jobs?limit=20"));
                timed(Call.LIST_COMPLETED, () -> server.get("/jobs?status=completed&queue_name=q&limit=20"));
            }
        }

        private HttpResponse<String> timed(Call call, Supplier<HttpResponse<String>> asked) {
            long began = System.nanoTime();
            HttpResponse<String> answer = asked.get();
            times(call).add(System.nanoTime() - began);
            assertThat(answer.statusCode()).as(answer.body()).isBetween(200, 201);
            return answer;
        }

        double median(Call call) {
            List<Long> sorted = times(call).stream().sorted().toList();
            return sorted.get(sorted.size() / 2) / 1e6;
        }

        @Override
        public void close() {
            server.close();
        }
    }

    @Test
    void moreDaysCostNothing() throws SQLException {
        try (var few = new Side(1);
                var many = new Side(DAYS)) {
            few.round();
            many.round();
            few.took.clear();
            many.took.clear();
            for (int i = 0; i < ROUNDS; i++) {
                (i % 2 == 0 ? few : many).round();
                (i % 2 == 0 ? many : few).round();
            }
            var dear = new ArrayList<String>();
            for (Call call : Call.values()) {
                double ratio = many.median(call) / few.median(call);
                String line = String.format(
                        Locale.ROOT,
                        "%-14s p50 %5.2f -> %5.2f ms (%.2f times)",
                        call.name().toLowerCase(Locale.ROOT),
                        few.median(call),
                        many.median(call),
                        ratio);
                System.out.println("days: " + line);
                if (ratio > BOUND) {
                    dear.add(line);
                }
            }
            assertThat(dear).isEmpty();
        }
    }

    /// Jobs of five days ago are claimed in hundreds beside jobs of today.
    @Test
    void anOldBacklogIsClaimedAsQuickly() throws SQLException {
        try (var side = new Side(DAYS)) {
            fill(side.server, "warm");
            claimAll(side.server, "warm");
            fill(side.server, "old");
            side.server.clock.advance(Duration.ofDays(5));
            fill(side.server, "new");
            double fresh = claimAll(side.server, "new");
            double old = claimAll(side.server, "old");
            System.out.printf(
                    Locale.ROOT, "days: claim of 100 new jobs p50 %.2f ms, of 100 old ones %.2f ms%n", fresh, old);
            assertThat(old).isLessThan(2 * fresh);
        }
    }

    private static void fill(TestServer server, String queue) {
        String job = "{\"payload\":{}}";
        for (int i = 0; i < 20; i++) {
            String jobs = String.join(",", Collections.nCopies(100, job));
            assertThat(server.post("/jobs/bulk", "{\"queue_name\":\"" + queue + "\",\"jobs\":[" + jobs + "]}")
                            .statusCode())
                    .isEqualTo(200);
        }
    }

    /// Returns the median of a claim in milliseconds.
    private static double claimAll(TestServer server, String queue) {
        var took = new ArrayList<Long>();
        for (int i = 0; i < 20; i++) {
            long began = System.nanoTime();
            String claimed = server.post(
                            "/jobs/claim", "{\"queue_name\":\"" + queue + "\",\"worker_id\":\"w\",\"limit\":100}")
                    .body();
            took.add(System.nanoTime() - began);
            assertThat(claimed).contains("lease_id");
        }
        return took.stream().sorted().toList().get(took.size() / 2) / 1e6;
    }
}
