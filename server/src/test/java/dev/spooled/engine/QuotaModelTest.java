package dev.spooled.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spooled.engine.Command.Cancel;
import dev.spooled.engine.Command.Claim;
import dev.spooled.engine.Command.Complete;
import dev.spooled.engine.Command.Enqueue;
import dev.spooled.engine.Command.EnqueueWorkflow;
import dev.spooled.engine.Command.Enqueued;
import dev.spooled.engine.Command.Fail;
import dev.spooled.engine.Command.Holder;
import dev.spooled.engine.Command.Leased;
import dev.spooled.engine.Command.Promote;
import dev.spooled.engine.Command.Reap;
import dev.spooled.engine.Command.Replay;
import dev.spooled.engine.Command.WorkflowMade;
import dev.spooled.refusal.Refusal;
import java.time.Duration;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// Random batches of two capped organizations and one without caps against the plain rule: a command is granted
/// when all of its new jobs fit beside what was active before the batch and what it granted before. Every answer
/// is compared, and `usage` with the tables after every batch. `-Dquota.seed=n` repeats a run.
class QuotaModelTest {
    private static final int RUNS = 3;
    private static final int BATCHES = 50;
    private static final int MAX_TODAY = 60;
    private static final int MAX_WORKFLOWS = 2;

    private TestCell cell;
    private Random random = new Random();
    private final int[] orgs = new int[3];
    private final int[] queues = new int[3];
    private final @Nullable Integer[] maxActive = {10, 25, null};

    private final int[] today = new int[3];
    private LocalDate day = LocalDate.EPOCH;
    private final List<Leased> leased = new ArrayList<>();
    private final List<Integer> holders = new ArrayList<>();
    private final Map<String, UUID> keys = new HashMap<>();

    @BeforeEach
    void open() {
        cell = new TestCell();
    }

    @AfterEach
    void close() {
        cell.close();
    }

    @ParameterizedTest
    @EnumSource(Lane.Way.class)
    void followsTheRule(Lane.Way way) {
        long first = Long.getLong("quota.seed", System.nanoTime());
        System.out.println("quotas: " + way + " -Dquota.seed=" + first);
        int refused = 0;
        for (int run = 0; run < RUNS; run++) {
            random = new Random(first + run);
            if (way == Lane.Way.ASSERTED) {
                boolean doubtful = run % 3 == 2;
                cell.assertBatches(() -> doubtful && random.nextInt(4) == 0);
            }
            begin();
            for (int batch = 0; batch < BATCHES; batch++) {
                refused += playBatch();
                compareUsage();
            }
        }
        assertThat(refused).as("commands refused").isGreaterThan(20);
        assertThat(cell.drift()).isEmpty();
    }

    private void begin() {
        leased.clear();
        holders.clear();
        keys.clear();
        for (int i = 0; i < 3; i++) {
            orgs[i] = cell.org();
            queues[i] = cell.queue(orgs[i], "q");
            today[i] = 0;
            if (maxActive[i] != null) {
                cell.cap(orgs[i], MAX_TODAY, maxActive[i], MAX_WORKFLOWS);
            }
        }
        day = today();
    }

    private LocalDate today() {
        return LocalDate.ofInstant(cell.clock.now(), ZoneOffset.UTC);
    }

    private record Asked(int who, Command<?> command) {}

    private int playBatch() {
        if (random.nextInt(8) == 0) {
            cell.clock.advance(Duration.ofMinutes(random.nextInt(300)));
            cell.chores.keepPartitions().runOnce();
        }
        if (!today().equals(day)) {
            day = today();
            java.util.Arrays.fill(today, 0);
        }
        if (random.nextInt(5) == 0) {
            cell.chores.rollUp().runOnce();
        }
        List<Asked> asked = new ArrayList<>();
        for (int n = 1 + random.nextInt(7); n > 0; n--) {
            asked.add(ask());
        }
        long[] active = {active(0), active(1), active(2)};
        long[] flows = {flows(0), flows(1), flows(2)};
        List<Object> answers =
                cell.runTogether(asked.stream().map(Asked::command).toList());
        int refused = 0;
        for (int i = 0; i < asked.size(); i++) {
            refused += compare(asked.get(i), answers.get(i), active, flows) ? 0 : 1;
        }
        return refused;
    }

    private Asked ask() {
        int who = random.nextInt(3);
        int org = orgs[who];
        NewJob plain = NewJob.plain(org, queues[who], random.nextInt(3), "{}");
        return new Asked(
                who,
                switch (random.nextInt(12)) {
                    case 0, 1 -> new Enqueue(List.of(plain));
                    case 2 -> new Enqueue(Collections.nCopies(1 + random.nextInt(8), plain));
                    case 3, 4 -> new Enqueue(keyed(plain));
                    case 5 -> workflow(org, plain);
                    case 6, 7 -> new Claim(org, queues[who], "w", 1 + random.nextInt(6), 60, 0, () -> true);
                    case 8 -> settle(who, false);
                    case 9 -> settle(who, true);
                    case 10 -> new Replay(org, dead(org));
                    default -> random.nextBoolean() ? new Reap(100) : cancel(who);
                });
    }

    private List<NewJob> keyed(NewJob plain) {
        var jobs = new ArrayList<NewJob>();
        for (int n = 1 + random.nextInt(4); n > 0; n--) {
            jobs.add(plain.withKey("k" + random.nextInt(30)));
        }
        return jobs;
    }

    private EnqueueWorkflow workflow(int org, NewJob plain) {
        var steps = new ArrayList<NewWorkflow.Step>();
        for (int i = 0; i <= random.nextInt(4); i++) {
            steps.add(new NewWorkflow.Step("s" + i, plain, i == 0 ? List.of() : List.of(i - 1), false, false));
        }
        return new EnqueueWorkflow(new NewWorkflow(org, "w", null, null, steps));
    }

    private Command<?> settle(int who, boolean fails) {
        for (int i = 0; i < leased.size(); i++) {
            if (holders.get(i) == who) {
                Leased job = leased.remove(i);
                holders.remove(i);
                var holder = new Holder(orgs[who], job.id(), job.leaseId(), "w");
                return fails ? new Fail(holder, "no", false, null) : new Complete(holder, null);
            }
        }
        return new Promote(100);
    }

    private Command<?> cancel(int who) {
        List<UUID> ready =
                cell.rows("select id from ready where org = " + orgs[who] + " limit 1", row -> row.uuid("id"));
        return ready.isEmpty() ? new Promote(100) : new Cancel(orgs[who], ready.getFirst());
    }

    private List<UUID> dead(int org) {
        return cell.rows("select id from done where status = 5 and org = " + org + " limit 3", row -> row.uuid("id"));
    }

    // ---- the rule

    /// Whether it was granted.
    private boolean compare(Asked asked, Object answer, long[] active, long[] flows) {
        int who = asked.who();
        if (asked.command() instanceof Claim) {
            ((List<?>) answer).forEach(job -> {
                leased.add((Leased) job);
                holders.add(who);
            });
        }
        if (asked.command() instanceof Enqueue enqueue) {
            return compareJobs(who, enqueue, answer, active);
        }
        if (asked.command() instanceof EnqueueWorkflow enqueue) {
            int steps = enqueue.workflow().steps().size();
            boolean granted = maxActive[who] == null
                    || flows[who] < MAX_WORKFLOWS
                            && today[who] + steps <= MAX_TODAY
                            && active[who] + steps <= maxActive[who];
            assertThat(answer).isInstanceOf(granted ? WorkflowMade.class : Refusal.LimitReached.class);
            if (granted) {
                today[who] += steps;
                active[who] += steps;
                flows[who]++;
            }
            return granted;
        }
        return true;
    }

    private boolean compareJobs(int who, Enqueue enqueue, Object answer, long[] active) {
        Set<String> fresh = new HashSet<>();
        int cost = 0;
        for (NewJob job : enqueue.jobs()) {
            String key = job.idempotencyKey();
            boolean free = key != null && (keys.containsKey(who + key) || !fresh.add(who + key));
            cost += free ? 0 : 1;
        }
        boolean granted = maxActive[who] == null
                || cost == 0
                || today[who] + cost <= MAX_TODAY && active[who] + cost <= maxActive[who];
        assertThat(answer)
                .as("%d new jobs beside %d of today and %d active", cost, today[who], active[who])
                .isInstanceOf(granted ? List.class : Refusal.LimitReached.class);
        if (granted) {
            today[who] += cost;
            active[who] += cost;
            compareAnswers(who, enqueue, (List<?>) answer, cost);
        }
        return granted;
    }

    private void compareAnswers(int who, Enqueue enqueue, List<?> answers, int cost) {
        int created = 0;
        for (int i = 0; i < answers.size(); i++) {
            var made = (Enqueued) answers.get(i);
            String key = enqueue.jobs().get(i).idempotencyKey();
            created += made.created() ? 1 : 0;
            UUID before = key == null ? null : keys.putIfAbsent(who + key, made.id());
            if (before != null) {
                assertThat(made.id()).isEqualTo(before);
            }
        }
        // Equal keys of one batch are merged: all of them hear `created` of the first.
        assertThat(created).isGreaterThanOrEqualTo(cost);
    }

    // ---- what the tables say

    private long active(int who) {
        String of = " where org = " + orgs[who];
        return cell.count("ready" + of)
                + cell.count("scheduled" + of)
                + cell.count("waiting" + of)
                + cell.count("lease" + of);
    }

    private long flows(int who) {
        return cell.count("workflow where status = 0 and org = " + orgs[who]);
    }

    private void compareUsage() {
        for (int i = 0; i < 3; i++) {
            String row = "select jobs_today, active_jobs, day from usage where org = " + orgs[i];
            int now = (int) day.toEpochDay();
            List<int[]> found = cell.rows(row, it ->
                    new int[] {it.integer("day") == now ? it.integer("jobs_today") : 0, it.integer("active_jobs")});
            if (maxActive[i] == null) {
                assertThat(found).isEmpty();
            } else {
                assertThat(found.getFirst()[0]).as("jobs of today").isEqualTo(today[i]);
                assertThat((long) found.getFirst()[1]).as("active jobs at most").isGreaterThanOrEqualTo(active(i));
            }
        }
    }
}
