package dev.spooled.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.spooled.db.PgArray;
import dev.spooled.engine.Command.Cancel;
import dev.spooled.engine.Command.Claim;
import dev.spooled.engine.Command.Complete;
import dev.spooled.engine.Command.Enqueue;
import dev.spooled.engine.Command.Enqueued;
import dev.spooled.engine.Command.Fail;
import dev.spooled.engine.Command.Holder;
import dev.spooled.engine.Command.Leased;
import dev.spooled.engine.Command.Promote;
import dev.spooled.engine.Command.Replay;
import dev.spooled.engine.Command.Settled;
import dev.spooled.time.Clock;
import dev.spooled.time.Ids;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// A day of jobs a hundred days later: what is still needed keeps its facts and can be finished, the rest is gone, and
/// nothing is counted wrong, whatever step the pass was stopped at.
class RetentionTest {
    private static final int FINISHED = 200;

    private TestCell cell;
    private int org;
    private int crowd;
    private UUID fresh = new UUID(0, 0);
    private @Nullable Leased leased;
    private final Map<String, UUID> old = new LinkedHashMap<>();
    private final Map<String, Integer> queues = new LinkedHashMap<>();

    @BeforeEach
    void open() {
        cell = new TestCell();
        org = cell.org();
        crowd = cell.queue(org, "crowd");
    }

    @AfterEach
    void close() {
        cell.close();
    }

    // ---- the old day

    private int queueOf(String name) {
        return Objects.requireNonNull(queues.get(name));
    }

    private UUID oldJob(String name) {
        return Objects.requireNonNull(old.get(name));
    }

    private NewJob plain(String name) {
        return NewJob.plain(org, queueOf(name), 0, "{\"name\":\"" + name + "\"}");
    }

    private UUID enqueue(NewJob job) {
        return cell.run(new Enqueue(List.of(job))).getFirst().id();
    }

    private Leased claim(int queue) {
        return cell.run(new Claim(org, queue, "w", 1, 3_600, 0, () -> true)).getFirst();
    }

    private Holder holder(Leased leased) {
        return new Holder(org, leased.id(), leased.leaseId(), "w");
    }

    private void makeOldDay() {
        for (String name : List.of(
                "scheduled",
                "waiting",
                "leased",
                "retrying",
                "replayed",
                "keyed",
                "tagged",
                "workflow",
                "outbox",
                "cancelled")) {
            queues.put(name, cell.queue(org, name));
        }
        for (String name : queues.keySet()) {
            old.put(name, enqueue(jobOf(name)));
        }
        for (int i = 0; i < FINISHED; i++) {
            enqueue(NewJob.plain(org, crowd, 0, "{}").withKey("crowd-" + i));
        }
        finishCrowd();
        UUID parent = enqueue(NewJob.plain(org, crowd, 0, "{\"name\":\"parent\"}"));
        cell.run(new Complete(holder(claim(crowd)), "{}"));
        old.put("parent", parent);
        makeWaiting(oldJob("waiting"), parent);
        cell.run(new Fail(holder(claim(queueOf("replayed"))), "no", false, null));
        cell.run(new Complete(holder(claim(queueOf("outbox"))), "{}"));
        cell.execute("insert into outbox (cell, at, org, event, subject) values (0, now(), " + org
                + ", 'job.completed', '" + oldJob("outbox") + "')");
        cell.run(new Cancel(org, oldJob("cancelled")));
        makeWorkflow(oldJob("workflow"));
    }

    private NewJob jobOf(String name) {
        NewJob job = plain(name);
        return switch (name) {
            case "scheduled" ->
                job.withTimes(Clock.microsOf(cell.clock.now().plus(Duration.ofDays(100))), PgArray.NO_TIME);
            case "keyed" -> job.withKey("key-of-old");
            case "tagged" -> tagged(job);
            default -> job;
        };
    }

    private NewJob tagged(NewJob job) {
        return new NewJob(
                org,
                job.queue(),
                (short) 0,
                (short) 3,
                300,
                job.payload(),
                PgArray.NO_TIME,
                PgArray.NO_TIME,
                null,
                "[\"red\"]",
                List.of("red"),
                null,
                null,
                null,
                null);
    }

    private void finishCrowd() {
        for (Leased leased : cell.run(new Claim(org, crowd, "w", FINISHED, 600, 0, () -> true))) {
            boolean fails = leased.id().hashCode() % 3 == 0;
            cell.run(fails ? new Fail(holder(leased), "no", false, null) : new Complete(holder(leased), "{}"));
        }
    }

    private void makeWaiting(UUID child, UUID parent) {
        cell.execute("with r as (delete from ready where id = '" + child + "' returning *)"
                + " insert into waiting (cell, queue, org, attempt, priority, retry_count, flags, needs, id)"
                + " select cell, queue, org, attempt, priority, retry_count, flags, 1, id from r");
        cell.execute("insert into dependency (cell, parent, child, org) values (0, '" + parent + "', '" + child + "', "
                + org + ")");
    }

    private void makeWorkflow(UUID job) {
        UUID workflow = new Ids(cell.clock).next();
        cell.execute("insert into workflow (cell, id, org, name, total_jobs, open_jobs, created_at, updated_at) values"
                + " (0, '" + workflow + "', " + org + ", 'w', 1, 1, now(), now())");
        cell.execute("insert into workflow_step (cell, workflow, org, key, job, position) values (0, '" + workflow
                + "', " + org + ", 'a', '" + job + "', 0)");
    }

    // ---- a hundred days later

    private void hundredDaysLater() {
        cell.clock.advance(Duration.ofDays(100));
        cell.chores.keepPartitions().runOnce();
        Leased retrying = claim(queueOf("retrying"));
        cell.run(new Fail(holder(retrying), "later", true, 600));
        assertThat(cell.run(new Replay(org, List.of(oldJob("replayed"))))).containsExactly(oldJob("replayed"));
        fresh = enqueue(NewJob.plain(org, crowd, 0, "{}"));
        cell.run(new Complete(holder(claim(crowd)), "{}"));
        leased = claim(queueOf("leased"));
    }

    private Retention retention() {
        return retention(step -> {});
    }

    private Retention retention(java.util.function.Consumer<String> onStep) {
        return new Retention(cell.db(), cell.clock, 0, Retention.LONGEST_DAYS, onStep);
    }

    private static List<String> stillNeeded() {
        return List.of(
                "scheduled",
                "waiting",
                "leased",
                "retrying",
                "replayed",
                "keyed",
                "tagged",
                "workflow",
                "outbox",
                "parent");
    }

    private void assertNeededIsKept() {
        for (String name : stillNeeded()) {
            assertThat(cell.rows(
                            "select payload from job where id = '" + oldJob(name) + "'", row -> row.text("payload")))
                    .as(name)
                    .containsExactly("{\"name\":\"" + name + "\"}");
        }
        assertThat(cell.count("job where id = '" + fresh + "'")).isEqualTo(1);
        assertThat(cell.count("done where id = '" + fresh + "'")).isEqualTo(1);
    }

    private String ofOldDay(String table, String column) {
        return table + " where " + column + " < '" + Retention.visibleFrom(cell.clock.now(), 90) + "'";
    }

    private void assertTheRestIsGone() {
        assertThat(cell.count(ofOldDay("job", "id"))).isEqualTo(stillNeeded().size());
        assertThat(cell.count(ofOldDay("done", "id"))).as("outbox and parent").isEqualTo(2);
        assertThat(cell.count(ofOldDay("attempt", "job")))
                .as("retrying and replayed")
                .isEqualTo(2);
    }

    /// Live counters against the live tables, finished ones against what is not hidden.
    private void assertCountsAreExact() {
        while (cell.chores.rollUp().runOnce()) {}
        assertThat(cell.drift()).isEmpty();
        List<String> counted = cell.rows(
                "select queue || ' ' || kind || ' ' || sum(n) as line from count where kind between 3 and 6"
                        + " group by queue, kind having sum(n) <> 0 order by queue, kind",
                row -> row.text("line"));
        List<String> found = cell.rows(
                "select queue || ' ' || status || ' ' || count(*) as line from done"
                        + " where id >= (select floor from cell where cell = 0) group by queue, status order by queue, status",
                row -> row.text("line"));
        assertThat(counted).isEqualTo(found);
    }

    private void finishAll() {
        cell.run(new Complete(holder(Objects.requireNonNull(leased)), "{}"));
        cell.execute("with w as (delete from waiting returning *)"
                + " insert into ready (cell, queue, org, attempt, priority, retry_count, flags, id)"
                + " select cell, queue, org, attempt, priority, retry_count, flags, id from w");
        cell.clock.advance(Duration.ofHours(1));
        cell.run(new Promote(100));
        for (String name : List.of("scheduled", "waiting", "retrying", "replayed", "keyed", "tagged", "workflow")) {
            Leased job = claim(queueOf(name));
            assertThat(job.id()).as(name).isEqualTo(oldJob(name));
            assertThat(cell.run(new Complete(holder(job), "{}"))).isInstanceOf(Settled.Completed.class);
        }
        cell.execute("delete from outbox");
        cell.execute("update workflow set open_jobs = 0");
    }

    private long partitionsOfOldDay() {
        return cell.count("pg_class where relkind = 'r' and relname ~ '20261125'");
    }

    @Test
    void whatIsNeededOfADroppedDayKeepsItsFactsAndIsFinished() {
        makeOldDay();
        hundredDaysLater();
        assertThat(retention().pass()).isTrue();
        assertNeededIsKept();
        assertTheRestIsGone();
        assertCountsAreExact();
        assertThat(cell.count("pg_class where relkind = 'r' and relname ~ '20261125_kept'"))
                .isEqualTo(4);
        finishAll();
        assertThat(cell.count(ofOldDay("done", "id"))).isEqualTo(10);
        assertCountsAreExact();
        assertThat(retention().pass()).isTrue();
        assertThat(partitionsOfOldDay()).isZero();
        assertThat(cell.count(ofOldDay("job", "id"))).isZero();
        assertCountsAreExact();
        new RetentionSweep(cell.db(), cell.clock, 0).chores().forEach(chore -> chore.runOnce());
        assertThat(cell.count("job_tag")).isZero();
        assertThat(cell.count("idem")).isZero();
        assertThat(cell.count("workflow") + cell.count("workflow_step") + cell.count("dependency"))
                .isZero();
    }

    /// The pass dies at its first step, begins anew and dies at the second, and so on to the end.
    @Test
    void aPassKilledBetweenAnyTwoStepsIsTakenUp() {
        makeOldDay();
        hundredDaysLater();
        int steps = 0;
        for (boolean whole = false; !whole; steps++) {
            int last = steps;
            var taken = new AtomicInteger();
            Retention dying = retention(step -> {
                if (taken.getAndIncrement() == last) {
                    throw new IllegalStateException("killed before: " + step);
                }
            });
            try {
                whole = dying.pass();
            } catch (IllegalStateException e) {
                assertThat(e).hasMessageStartingWith("killed");
            }
            assertNeededIsKept();
        }
        System.out.println("retention: killed at " + (steps - 1) + " places");
        assertTheRestIsGone();
        assertCountsAreExact();
        finishAll();
        assertThat(retention().pass()).isTrue();
        assertThat(partitionsOfOldDay()).isZero();
        assertCountsAreExact();
    }

    @Test
    void twoNodesDroppingAtOnceLoseNothing() throws Exception {
        makeOldDay();
        hundredDaysLater();
        var nodes = new ArrayList<Thread>();
        for (int i = 0; i < 3; i++) {
            nodes.add(Thread.ofPlatform().start(() -> retention().pass()));
        }
        for (Thread node : nodes) {
            node.join();
        }
        assertThat(retention().pass()).isTrue();
        assertNeededIsKept();
        assertTheRestIsGone();
        assertCountsAreExact();
    }

    @Test
    void aKeyOfADroppedDayIsFreeExactlyOnce() {
        makeOldDay();
        hundredDaysLater();
        NewJob again = NewJob.plain(org, crowd, 0, "{}").withKey("crowd-7");
        assertThat(cell.run(new Enqueue(List.of(again))))
                .extracting(Enqueued::created)
                .containsExactly(false);
        retention().pass();
        List<Enqueued> taken = cell.run(new Enqueue(List.of(again, again)));
        assertThat(taken).extracting(Enqueued::created).containsExactly(true, false);
        new RetentionSweep(cell.db(), cell.clock, 0).chores().forEach(chore -> chore.runOnce());
        assertThat(cell.run(new Enqueue(List.of(again))))
                .containsExactly(new Enqueued(taken.getFirst().id(), false));
        assertThat(cell.count("idem")).isEqualTo(1);
    }

    @Test
    void aDeadLetterBelowTheFloorStaysDead() {
        makeOldDay();
        hundredDaysLater();
        cell.execute("update cell set floor = '" + Retention.visibleFrom(cell.clock.now(), 90) + "'");
        List<UUID> dead = cell.rows("select id from done where status = 5", row -> row.uuid("id"));
        assertThat(dead).isNotEmpty();
        assertThat(cell.run(new Replay(org, dead))).isEmpty();
    }

    @Test
    void aDayThatMayStillBeSeenIsNotDroppedWhateverIsAsked() {
        assertThatThrownBy(() -> cell.rows("select drop_day('job', '2026-11-25') is null as done", row -> true))
                .hasMessageContaining("may still be seen");
        assertThatThrownBy(() -> cell.rows("select drop_day('queue', '2020-01-01') is null as done", row -> true))
                .hasMessageContaining("not kept by day");
    }
}
