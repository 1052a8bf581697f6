package dev.spooled.cells;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.spooled.config.CannotStart;
import dev.spooled.db.Db;
import dev.spooled.support.Await;
import dev.spooled.support.TestNode;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

/// An organization moves to another cell, while it works and cut off at every step.
class CellMoveTest extends TwoCells {
    /// Servers remember for four seconds where an organization lives.
    private static final Duration GRACE = Duration.ofSeconds(4);

    private Db directory;

    @BeforeAll
    void open() {
        directory = new Db(zero.address(), 2);
    }

    @AfterAll
    void close() {
        directory.close();
    }

    private CellMove move(java.util.function.Consumer<String> progress) {
        return new CellMove(addresses(), Duration.ZERO, progress);
    }

    /// Nothing that was acknowledged is lost, and nothing is done twice whose lease did not end: leases go along.
    @Test
    void underLoad() throws InterruptedException {
        Tenant moving = tenant(0);
        Tenant staying = tenant(0);
        JsonNode held = held(moving);
        var crew = new Load(moving);
        var others = new Load(staying);
        crew.runFor(1_500);
        CellMove.Account account = new CellMove(addresses(), GRACE, line -> {}).run(moving.slug(), 1);
        crew.runFor(1_500);
        assertThat(complete(moving, held).statusCode()).isEqualTo(200);
        crew.stop();
        others.stop();
        System.out.println("cell move under load: " + account + ", " + crew.acknowledged.size() + " jobs, "
                + crew.refused.size() + " refusals");
        crew.check();
        others.check();
        assertThat(others.refused).as("of who stays").isEmpty();
        assertThat(jobs(0, moving)).isZero();
        assertThat(jobs(1, moving)).isEqualTo(crew.acknowledged.size() + 1);
        for (String table : List.of("queue", "done", "count", "flow_minute", "job_by_queue", "lease", "ready")) {
            assertThat(count(0, "select count(*) from " + table + " where org = " + number(moving)))
                    .as(table)
                    .isZero();
        }
        move(line -> {}).run(moving.id(), 0);
        assertThat(jobs(0, moving)).isEqualTo(crew.acknowledged.size() + 1);
        assertThat(jobs(1, moving)).isZero();
        retried(() -> enqueue(moving, "load", "{}"));
    }

    private JsonNode held(Tenant tenant) {
        made(tenant, "held", "{}");
        return claim(tenant, "held", 1).get(0);
    }

    /// What a kill leaves is what is in the databases then: a step that never comes is the same.
    @Test
    void cutOffAnywhere() {
        var steps = new ArrayList<String>();
        Tenant first = withJobs();
        move(steps::add).run(first.slug(), 1);
        assertThat(steps).hasSizeGreaterThan(6);
        var tenants = new LinkedHashMap<String, Tenant>();
        for (int cut = 0; cut < steps.size(); cut++) {
            Tenant tenant = withJobs();
            tenants.put(steps.get(cut), tenant);
            int last = cut;
            var seen = new ArrayList<String>();
            assertThatThrownBy(() -> move(step -> {
                                seen.add(step);
                                if (seen.size() > last) {
                                    throw new CutOff();
                                }
                            })
                            .run(tenant.slug(), 1))
                    .isInstanceOf(CutOff.class);
            move(step -> {}).run(tenant.slug(), 1);
        }
        tenants.forEach((cutAt, tenant) -> assertWhole(tenant, cutAt));
    }

    private Tenant withJobs() {
        Tenant tenant = tenant(0);
        for (int i = 0; i < 5; i++) {
            made(tenant, "mail", "{\"n\":" + i + "}");
        }
        assertThat(complete(tenant, claim(tenant, "mail", 1).get(0)).statusCode())
                .isEqualTo(200);
        return tenant;
    }

    private void assertWhole(Tenant tenant, String cutAt) {
        assertThat(jobs(0, tenant)).as(cutAt).isZero();
        assertThat(jobs(1, tenant)).as(cutAt).isEqualTo(5);
        Set<String> left = new HashSet<>();
        retried(() -> node.post(
                        tenant.key(),
                        "/jobs/claim",
                        "{\"queue_name\":\"mail\",\"worker_id\":\"w-" + tenant.slug() + "\",\"limit\":10}"))
                .get("jobs")
                .forEach(job -> left.add(job.get("payload").toString()));
        assertThat(left).as(cutAt).containsExactlyInAnyOrder("{\"n\":1}", "{\"n\":2}", "{\"n\":3}", "{\"n\":4}");
    }

    @Test
    void aMoveThatHasNotSwitchedCanBeTakenBack() {
        Tenant tenant = withJobs();
        assertThatThrownBy(() -> move(step -> {
                            if (step.equals("committed")) {
                                throw new CutOff();
                            }
                        })
                        .run(tenant.slug(), 1))
                .isInstanceOf(CutOff.class);
        assertThat(enqueue(tenant, "mail", "{}").statusCode()).isEqualTo(503);
        move(step -> {}).run(tenant.slug(), 0);
        retried(() -> enqueue(tenant, "mail", "{}"));
        assertThat(jobs(0, tenant)).isEqualTo(6);
        assertThat(jobs(1, tenant)).isZero();
        assertThatThrownBy(() -> move(step -> {}).run(tenant.slug(), 0)).isInstanceOf(CannotStart.class);
        assertThatThrownBy(() -> move(step -> {}).run(tenant.slug(), 3)).isInstanceOf(CannotStart.class);
    }

    private CutOffMoves ended(Duration patience) {
        return new CutOffMoves(directory, addresses(), patience, Duration.ZERO);
    }

    /// Nobody types the command again: servers see that its process is gone.
    @Test
    void aServerEndsAMoveThatWasCutOff() {
        for (String cutAt : List.of("begun", "paused", "committed", "switched", "at work in cell 1")) {
            Tenant tenant = withJobs();
            cutOff(tenant, cutAt);
            var patient = ended(Duration.ofHours(1));
            assertThat(patient.runOnce()).isFalse();
            assertThat(patient.runOnce()).isFalse();
            assertThat(moves(tenant)).as("a moment later").isEqualTo(1);
            assertThat(ended(Duration.ZERO).runOnce()).isFalse();
            assertThat(moves(tenant)).as(cutAt).isZero();
            boolean switched = cutAt.equals("switched") || cutAt.startsWith("at work");
            retried(() -> enqueue(tenant, "mail", "{}"));
            assertThat(jobs(switched ? 1 : 0, tenant)).as(cutAt).isEqualTo(6);
            assertThat(jobs(switched ? 0 : 1, tenant)).as(cutAt).isZero();
        }
    }

    private void cutOff(Tenant tenant, String at) {
        assertThatThrownBy(() -> move(step -> {
                            if (step.equals(at)) {
                                throw new CutOff();
                            }
                        })
                        .run(tenant.slug(), 1))
                .isInstanceOf(CutOff.class);
    }

    private long moves(Tenant tenant) {
        return count(0, "select count(*) from organization_move where org = " + number(tenant));
    }

    @Test
    void aMoveThatGoesOnIsLeftAlone() {
        Tenant tenant = withJobs();
        move(step -> assertThat(ended(Duration.ZERO).runOnce()).isFalse()).run(tenant.slug(), 1);
        assertThat(jobs(1, tenant)).isEqualTo(5);
        assertThat(jobs(0, tenant)).isZero();
    }

    /// It lives, but the connection that holds its lock has broken, and a server takes it for dead.
    @Test
    void whoWasTakenForDeadSwitchesNothing() {
        for (String takenAt : List.of("begun", "paused", "committed")) {
            Tenant tenant = withJobs();
            assertThatThrownBy(() -> move(step -> {
                                if (step.equals(takenAt)) {
                                    loseLock(tenant);
                                    assertThat(ended(Duration.ZERO).runOnce()).isFalse();
                                }
                            })
                            .run(tenant.slug(), 1))
                    .as(takenAt)
                    .isInstanceOf(CannotStart.class)
                    .hasMessageContaining("taken the move over");
            assertThat(moves(tenant)).isZero();
            retried(() -> enqueue(tenant, "mail", "{}"));
            assertThat(jobs(0, tenant)).as(takenAt).isEqualTo(6);
        }
    }

    /// Every server, the one that has not been told among them.
    @Test
    void serversKnowWithinFiveSecondsWhereItLives() {
        Tenant tenant = withJobs();
        try (TestNode other = another()) {
            String body = "{\"queue_name\":\"mail\",\"payload\":{}}";
            assertThat(other.post(tenant.key(), "/jobs", body).statusCode()).isEqualTo(201);
            move(step -> {}).run(tenant.slug(), 1);
            for (TestNode each : List.of(other, node)) {
                Await.until(
                        Duration.ofSeconds(5),
                        () -> each.post(tenant.key(), "/jobs", body).statusCode(),
                        status -> status == 201);
            }
            assertThat(jobs(1, tenant)).isEqualTo(8);
            assertThat(jobs(0, tenant)).isZero();
        }
    }

    private void loseLock(Tenant tenant) {
        String lock = "l.locktype = 'advisory' and (l.classid::bigint << 32 | l.objid::bigint)"
                + " = hashtextextended('spooled.cell_move', " + number(tenant) + ")";
        assertThat(count(0, "select count(pg_terminate_backend(l.pid)) from pg_locks l where " + lock))
                .isEqualTo(1);
        Await.until(() -> count(0, "select count(*) from pg_locks l where " + lock), held -> held == 0);
    }

    private static final class CutOff extends RuntimeException {}

    /// As clients do: a 503 is tried again.
    private static JsonNode retried(java.util.function.Supplier<HttpResponse<String>> call) {
        HttpResponse<String> answer = call.get();
        for (int i = 0; answer.statusCode() == 503 && i < 200; i++) {
            LockSupport.parkNanos(50_000_000);
            answer = call.get();
        }
        assertThat(answer.statusCode()).as(answer.body()).isIn(200, 201);
        return JSON.readTree(answer.body());
    }

    /// A producer and a worker of one tenant that try again when they are refused.
    private final class Load {
        final Set<String> acknowledged = ConcurrentHashMap.newKeySet();
        final Map<String, Integer> done = new ConcurrentHashMap<>();
        final ConcurrentLinkedQueue<Integer> refused = new ConcurrentLinkedQueue<>();
        final ConcurrentLinkedQueue<String> wrong = new ConcurrentLinkedQueue<>();
        private final Tenant tenant;
        private final AtomicBoolean producing = new AtomicBoolean(true);
        private final List<Thread> threads = new ArrayList<>();

        Load(Tenant tenant) {
            this.tenant = tenant;
            for (int i = 0; i < 4; i++) {
                threads.add(Thread.ofVirtual().start(this::produce));
                threads.add(Thread.ofVirtual().start(this::work));
            }
        }

        private void produce() {
            for (int i = 0; producing.get(); i++) {
                HttpResponse<String> answer = enqueue(tenant, "load", "{\"n\":" + i + "}");
                if (answer.statusCode() == 201) {
                    acknowledged.add(JSON.readTree(answer.body()).get("id").asString());
                } else {
                    refuse(answer);
                }
            }
        }

        private void work() {
            boolean more = true;
            while (more) {
                boolean last = !producing.get();
                HttpResponse<String> answer = node.post(
                        tenant.key(),
                        "/jobs/claim",
                        "{\"queue_name\":\"load\",\"worker_id\":\"w-" + tenant.slug() + "\",\"limit\":10}");
                if (answer.statusCode() != 200) {
                    refuse(answer);
                    continue;
                }
                JsonNode jobs = JSON.readTree(answer.body()).get("jobs");
                jobs.forEach(this::finish);
                more = !last || jobs.size() > 0;
            }
        }

        private void finish(JsonNode job) {
            done.merge(job.get("id").asString(), 1, Integer::sum);
            HttpResponse<String> answer = complete(tenant, job);
            while (answer.statusCode() == 503) {
                refuse(answer);
                answer = complete(tenant, job);
            }
            if (answer.statusCode() != 200) {
                wrong.add(answer.statusCode() + " " + answer.body());
            }
        }

        private void refuse(HttpResponse<String> answer) {
            refused.add(answer.statusCode());
            if (answer.statusCode() != 503) {
                wrong.add(answer.statusCode() + " " + answer.body());
            }
            LockSupport.parkNanos(20_000_000);
        }

        void runFor(long millis) {
            LockSupport.parkNanos(millis * 1_000_000);
        }

        void stop() throws InterruptedException {
            producing.set(false);
            for (Thread thread : threads) {
                thread.join(20_000);
            }
        }

        void check() {
            assertThat(wrong).isEmpty();
            assertThat(done.keySet()).containsExactlyInAnyOrderElementsOf(acknowledged);
            assertThat(done.values()).allMatch(times -> times == 1);
        }
    }
}
