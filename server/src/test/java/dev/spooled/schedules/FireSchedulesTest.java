package dev.spooled.schedules;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spooled.announce.Announcer;
import dev.spooled.db.Args;
import dev.spooled.db.Row;
import dev.spooled.db.Sql;
import dev.spooled.engine.Lane;
import dev.spooled.jobs.ClaimedJobs;
import dev.spooled.jobs.Diagnosis;
import dev.spooled.jobs.JobLimits;
import dev.spooled.jobs.JobReads;
import dev.spooled.jobs.Jobs;
import dev.spooled.metrics.Metrics;
import dev.spooled.orgs.Queues;
import dev.spooled.outbound.Targets;
import dev.spooled.support.TestLane;
import dev.spooled.support.TestServer;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// What is due runs once, whoever fires it, under a clock moved by hand: three nodes on one database.
class FireSchedulesTest {
    private TestServer server;
    private final List<Lane> lanes = new ArrayList<>();
    private final List<FireSchedules> nodes = new ArrayList<>();
    private final ExecutorService threads = Executors.newFixedThreadPool(6);

    @BeforeEach
    void open() {
        server = new TestServer();
        nodes.add(server.fireSchedules);
        nodes.add(node());
        nodes.add(node());
    }

    private FireSchedules node() {
        var db = server.database.db();
        var lane = TestLane.of(server.database.address(), server.clock).start();
        lanes.add(lane);
        var views = new Jobs.Views(
                new JobReads(db, JobReads.Kept.by(server.limits)),
                new ClaimedJobs(db),
                new Diagnosis(db, server.clock));
        var rules =
                new Jobs.Rules(server.clock, new JobLimits(1_000, Targets.ofTheInternet()), server.limits, server.seal);
        var jobs = new Jobs(lane, new Queues(db, server.clock, Queues.Defaults.STANDARD), views, rules, new Metrics());
        return new FireSchedules(db, server.clock, lane, jobs, 0, Announcer.NOBODY);
    }

    @AfterEach
    void close() {
        threads.shutdownNow();
        lanes.forEach(Lane::close);
        server.close();
    }

    private String create(String cron, String more) {
        var made = server.post(
                "/schedules",
                "{\"name\":\"s\",\"cron_expression\":\"" + cron
                        + "\",\"queue_name\":\"ticks\",\"payload_template\":{\"a\":1}" + more + "}");
        assertThat(made.statusCode()).as(made.body()).isEqualTo(201);
        var id = Pattern.compile("\"id\":\"([^\"]*)\"").matcher(made.body());
        assertThat(id.find()).isTrue();
        return id.group(1);
    }

    /// All nodes at once, two threads each.
    private void fireEverywhere() throws Exception {
        List<Callable<Boolean>> passes = new ArrayList<>();
        nodes.forEach(node -> passes.addAll(List.of(node::runOnce, node::runOnce)));
        for (Future<Boolean> pass : threads.invokeAll(passes)) {
            pass.get();
        }
    }

    private <T> List<T> rows(String query, Row.Reader<T> reader) {
        return server.database.db().asEngine(tx -> tx.list(new Sql("test", query, List.of()), Args.NONE, reader));
    }

    private void execute(String statement) {
        server.database.db().asEngine(tx -> tx.run(new Sql("test", statement, List.of()), Args.NONE));
    }

    private List<String> runs() {
        return rows(
                "select extract(epoch from occurrence - '2026-11-25T12:00:00Z')::int || ' ' || status || ' ' || skipped as r"
                        + " from schedule_run order by occurrence",
                row -> row.text("r"));
    }

    private int jobs() {
        return rows("select count(*)::int as n from job", row -> row.integer("n"))
                .getFirst();
    }

    @Test
    void eachSecondRunsOnceOverThreeNodes() throws Exception {
        String id = create("* * * * * *", "");
        List<String> expected = new ArrayList<>();
        for (int second = 1; second <= 60; second++) {
            server.clock.advance(Duration.ofSeconds(1));
            fireEverywhere();
            expected.add(second + " completed 0");
        }
        assertThat(runs()).isEqualTo(expected);
        assertThat(jobs()).isEqualTo(60);
        assertThat(server.get("/schedules/" + id).body()).contains("\"run_count\":60");
    }

    @Test
    void afterAnHourAwayTheLatestRunsOnce() throws Exception {
        create("* * * * * *", "");
        server.clock.advance(Duration.ofSeconds(3_600));
        fireEverywhere();
        fireEverywhere();
        assertThat(runs()).containsExactly("3600 completed 3599");
        assertThat(jobs()).isEqualTo(1);
        server.clock.advance(Duration.ofSeconds(1));
        fireEverywhere();
        assertThat(runs()).containsExactly("3600 completed 3599", "3601 completed 0");
    }

    @Test
    void allMissedOccurrencesRunWithinTheWindow() throws Exception {
        create("0 0 * * * *", ",\"catch_up\":\"all\"");
        server.clock.advance(Duration.ofHours(30));
        fireEverywhere();
        assertThat(runs()).hasSize(25).first().isEqualTo(6 * 3_600 + " completed 5");
        assertThat(runs().subList(1, 25)).allMatch(run -> run.endsWith(" completed 0"));
        assertThat(jobs()).isEqualTo(25);
    }

    @Test
    void moreThanAPassIsCaughtUpInSeveral() {
        create("0 * * * * *", ",\"catch_up\":\"all\"");
        server.clock.advance(Duration.ofMinutes(250));
        assertThat(nodes.getFirst().runOnce()).isTrue();
        assertThat(jobs()).isEqualTo(FireSchedules.CAUGHT_UP_MAX);
        for (int i = 0; i < 3; i++) {
            nodes.getFirst().runOnce();
        }
        assertThat(jobs()).isEqualTo(250);
    }

    @Test
    void missedOccurrencesMayBeLeftOut() throws Exception {
        create("0 * * * * *", ",\"catch_up\":\"none\"");
        server.clock.advance(Duration.ofMinutes(10).plusSeconds(30));
        fireEverywhere();
        assertThat(runs()).containsExactly("600 failed 10");
        assertThat(jobs()).isZero();
        server.clock.advance(Duration.ofSeconds(31));
        fireEverywhere();
        assertThat(runs()).containsExactly("600 failed 10", "660 completed 0");
    }

    @Test
    void aRunMayBeLeftOutWhileTheOneBeforeLasts() {
        String id = create("* * * * * *", ",\"overlap\":\"skip\"");
        server.clock.advance(Duration.ofSeconds(1));
        nodes.getFirst().runOnce();
        server.clock.advance(Duration.ofSeconds(1));
        nodes.getFirst().runOnce();
        assertThat(runs()).containsExactly("1 completed 0", "2 failed 1");
        assertThat(server.get("/schedules/" + id + "/history").body())
                .contains("\"error_message\":\"skipped: the run before has not ended\"", "\"status\":\"pending\"");
        execute("delete from ready");
        execute("insert into done (cell, queue, org, attempt, status, retry_count, id, completed_at)"
                + " select cell, queue, org, 1, 3, 0, id, now() from job");
        server.clock.advance(Duration.ofSeconds(1));
        nodes.getFirst().runOnce();
        assertThat(runs()).containsExactly("1 completed 0", "2 failed 1", "3 completed 0");
    }

    @Test
    void jitterDelaysTheJobWithinItsBound() {
        create("0 * * * * *", ",\"jitter_seconds\":60");
        for (int i = 0; i < 20; i++) {
            server.clock.advance(Duration.ofMinutes(1));
            nodes.get(i % 3).runOnce();
        }
        List<Integer> waits = rows(
                "select extract(epoch from j.run_at - r.occurrence)::int as w from schedule_run r join job j on j.id = r.job",
                row -> row.integer("w"));
        assertThat(waits).hasSize(20).allMatch(wait -> wait >= 0 && wait <= 60);
        assertThat(waits.stream().distinct().count()).isGreaterThan(5);
    }

    @Test
    void aRunThatCannotBeIsWrittenDownAndTheNextComes() {
        String id = create("* * * * * *", "");
        execute("update schedule set payload_template = '{\"x\":\"" + "y".repeat(2_000) + "\"}'");
        server.clock.advance(Duration.ofSeconds(1));
        nodes.getFirst().runOnce();
        assertThat(server.get("/schedules/" + id + "/history").body())
                .contains("\"status\":\"failed\"", "exceeds the limit of 1000 bytes", "\"job_id\":null");
        execute("update schedule set payload_template = '{}'");
        server.clock.advance(Duration.ofSeconds(1));
        nodes.getFirst().runOnce();
        assertThat(runs()).containsExactly("1 failed 0", "2 completed 0");
    }

    @Test
    void aRunIsToldToWebhooks() {
        String id = create("* * * * * *", "");
        execute("insert into subscription (cell, id, org, name, url, events, created_at, updated_at) select 0,"
                + " gen_random_uuid(), org, 'h', 'https://example.org', '{schedule.triggered,job.created}', now(), now()"
                + " from schedule");
        server.chores.noteHooks().runOnce();
        server.post("/schedules/" + id + "/trigger", "");
        List<String> told = rows(
                "select event || ' ' || coalesce(detail, '') as e from outbox order by event", row -> row.text("e"));
        assertThat(told).hasSize(2);
        assertThat(told.getFirst()).isEqualTo("job.created ");
        assertThat(told.getLast()).startsWith("schedule.triggered {").contains(id, "\"queue_name\" : \"ticks\"");
    }

    @Test
    void pausedAndDeletedSchedulesDoNotRun() throws Exception {
        String paused = create("* * * * * *", "");
        String deleted = create("* * * * * *", "");
        server.post("/schedules/" + paused + "/pause", "");
        server.delete("/schedules/" + deleted);
        server.clock.advance(Duration.ofSeconds(5));
        fireEverywhere();
        assertThat(runs()).isEmpty();
    }

    @Test
    void newTimeZoneRulesMoveTheNextRun() {
        String id = create("0 0 9 * * *", ",\"timezone\":\"Europe/Berlin\"");
        execute("update schedule set zone_rules = '2020a', next_run_at = '2026-11-26T07:00:00Z'");
        new FollowZones(server.database.db(), server.clock, 0).runOnce();
        assertThat(server.get("/schedules/" + id).body()).contains("\"next_run_at\":\"2026-11-26T08:00:00");
        assertThat(rows("select zone_rules from schedule", row -> row.text("zone_rules")))
                .containsExactly(Zones.rules());
    }

    /// Two hundred schedules of one second, one page of them a pass.
    @Test
    void manyAreDueAtOnce() throws Exception {
        for (int i = 0; i < FireSchedules.DUE_MAX + 5; i++) {
            create("30 0 12 25 11 *", "");
        }
        server.clock.advance(Duration.ofSeconds(30));
        assertThat(nodes.getFirst().runOnce()).isTrue();
        fireEverywhere();
        fireEverywhere();
        assertThat(jobs()).isEqualTo(FireSchedules.DUE_MAX + 5);
        assertThat(Instant.parse("2026-11-25T12:00:30Z")).isEqualTo(server.clock.now());
    }
}
