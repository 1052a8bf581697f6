package dev.spooled.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spooled.db.PgArray;
import dev.spooled.engine.Command.Cancel;
import dev.spooled.engine.Command.Claim;
import dev.spooled.engine.Command.Complete;
import dev.spooled.engine.Command.Enqueue;
import dev.spooled.engine.Command.Enqueued;
import dev.spooled.engine.Command.Expire;
import dev.spooled.engine.Command.Fail;
import dev.spooled.engine.Command.Heartbeat;
import dev.spooled.engine.Command.Holder;
import dev.spooled.engine.Command.Leased;
import dev.spooled.engine.Command.Promote;
import dev.spooled.engine.Command.Purge;
import dev.spooled.engine.Command.Reap;
import dev.spooled.engine.Command.Release;
import dev.spooled.engine.Command.Replay;
import dev.spooled.engine.Command.Retry;
import dev.spooled.engine.Command.SetPriority;
import dev.spooled.engine.Command.Settle;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/// The job's life against its model: random batches of commands, clock moves and restarts from a printed seed, answers
/// and tables compared after every batch. A failing run is shrunk to the fewest steps before it is reported.
/// `-Dmodel.seed=n` repeats a run.
class JobLifeModelTest {
    private static final int RUNS = Integer.getInteger("model.runs", 2);
    private static final int MANY_RUNS = 25;
    private static final int STEPS = 120;
    private static final Duration SHRINK_WITHIN = Duration.ofSeconds(20);

    private static final List<@Nullable String> BACKOFFS =
            Arrays.asList(null, JobLifeModel.FIXED, JobLifeModel.LIST, JobLifeModel.DOUBLING);

    private static TestCell cell;
    private static int org;
    private static int runs;

    /// One thing the test does. Jobs are named by their number, taken modulo how many there are, so that a list of
    /// steps stays meaningful when some are left out.
    sealed interface Step {
        record Batch(List<Ask> asks) implements Step {}

        record Advance(Duration by) implements Step {}

        record Restart() implements Step {}
    }

    record Ask(int kind, int job, int number, int variant) {}

    @BeforeAll
    static void open() {
        cell = new TestCell();
        org = cell.org();
    }

    @AfterAll
    static void close() {
        cell.close();
    }

    @Test
    void theExactWayFollowsTheModel() {
        cell.runExactly();
        followTheModel("exact", RUNS);
    }

    @Test
    @Tag("soak")
    void bothWaysFollowTheModelOverManyRuns() {
        cell.runExactly();
        followTheModel("exact", MANY_RUNS);
        cell.assertBatches(() -> false);
        followTheModel("asserted", MANY_RUNS);
    }

    @Test
    void theAssertedWayFollowsTheModel() {
        cell.assertBatches(() -> false);
        int surprises = cell.way.surprises();
        cell.undone = 0;
        followTheModel("asserted", RUNS);
        // A wrong memory costs a repeat and nothing else; over some 450 batches it must be the rare exception.
        // Batches that were surprised by waiting jobs are no fault of it.
        int wrong = cell.undone - (cell.way.surprises() - surprises);
        System.out.println("model: asserted, memory was wrong " + wrong + " times");
        assertThat(wrong).as("batches undone").isLessThan(5);
    }

    /// A third of the assertions fail: nothing but latency shows.
    @Test
    void failedAssertionsShowNothing() {
        var random = new Random(7);
        cell.assertBatches(() -> random.nextInt(3) == 0);
        cell.undone = 0;
        followTheModel("asserted, a third of it undone", RUNS);
        assertThat(cell.undone).isPositive();
    }

    private static void followTheModel(String way, int runs) {
        long first = Long.getLong("model.seed", System.nanoTime());
        for (int run = 0; run < runs; run++) {
            long seed = first + run;
            List<Step> steps = steps(new Random(seed));
            String fault = faultOf(steps);
            if (fault != null) {
                List<Step> fewest = shrink(steps);
                throw new AssertionError(way + " -Dmodel.seed=" + seed + ": " + fault + "\nin short " + faultOf(fewest)
                        + "\nafter "
                        + String.join(
                                "\n", fewest.stream().map(Object::toString).toList()));
            }
        }
        System.out.println("model: " + way + ", " + runs + " runs of " + STEPS + " steps from -Dmodel.seed=" + first);
    }

    @Test
    void aWrongModelIsNoticed() {
        List<Step> steps = List.of(new Step.Batch(List.of(new Ask(0, 0, 1, 0), new Ask(1, 0, 3, 0))));
        assertThat(faultOf(steps)).isNull();
        var run = new Run();
        run.model.claim(new Claim(org, run.queues[0], "w0", 1, 30, 0, () -> true), List.of(), 0);
        assertThat(run.play(steps)).isNull();
        run.model.inOrder.getFirst().attempt++;
        assertThat(run.differenceOfTables()).isNotNull();
    }

    private static List<Step> steps(Random random) {
        var steps = new ArrayList<Step>();
        for (int i = 0; i < STEPS; i++) {
            int dice = random.nextInt(20);
            if (dice == 0) {
                steps.add(new Step.Restart());
            } else if (dice < 5) {
                steps.add(new Step.Advance(Duration.ofSeconds((long) Math.pow(10, random.nextDouble() * 4))));
            } else {
                var asks = new ArrayList<Ask>();
                for (int n = 1 + random.nextInt(8); n > 0; n--) {
                    asks.add(
                            new Ask(random.nextInt(16), random.nextInt(1000), random.nextInt(1000), random.nextInt(8)));
                }
                steps.add(new Step.Batch(asks));
            }
        }
        return steps;
    }

    private static @Nullable String faultOf(List<Step> steps) {
        return new Run().play(steps);
    }

    /// Leaves out ever smaller pieces as long as the run still fails, within a bound of time.
    private static List<Step> shrink(List<Step> failing) {
        List<Step> fewest = failing;
        long end = System.nanoTime() + SHRINK_WITHIN.toNanos();
        for (int piece = failing.size() / 2; piece >= 1; piece /= 2) {
            for (int at = 0; at + piece <= fewest.size() && System.nanoTime() - end < 0; ) {
                var without = new ArrayList<>(fewest.subList(0, at));
                without.addAll(fewest.subList(at + piece, fewest.size()));
                if (faultOf(without) != null) {
                    fewest = without;
                } else {
                    at += piece;
                }
            }
        }
        return fewest;
    }

    /// One run on emptied tables.
    private static final class Run {
        final JobLifeModel model = new JobLifeModel();
        final int[] queues = new int[3];
        final List<Leased> handedOut = new ArrayList<>();
        final MovesTold told = new MovesTold();
        final Set<UUID> reporting = new HashSet<>();

        Run() {
            cell.restart();
            for (String table : List.of(
                    "ready",
                    "scheduled",
                    "waiting",
                    "dependency",
                    "ended",
                    "lease",
                    "done",
                    "attempt",
                    "idem",
                    "job",
                    "job_tag",
                    "count_delta",
                    "outbox",
                    "subscription",
                    "count")) {
                cell.execute("delete from " + table);
            }
            cell.cap(org, 1_000_000_000, 1_000_000_000, null);
            listen();
            for (int i = 0; i < queues.length; i++) {
                queues[i] = cell.queue(org, "q-" + UUID.randomUUID());
            }
        }

        @Nullable
        String play(List<Step> steps) {
            for (Step step : steps) {
                String fault = switch (step) {
                    case Step.Advance advance -> {
                        cell.clock.advance(advance.by());
                        yield null;
                    }
                    case Step.Restart _ -> {
                        cell.restart();
                        yield null;
                    }
                    case Step.Batch batch -> playBatch(batch);
                };
                if (fault != null) {
                    return step + ": " + fault;
                }
            }
            return faultOfOutbox();
        }

        /// Half of the runs are of an organization with webhooks.
        private void listen() {
            boolean hooked = runs++ % 2 == 1;
            cell.audience = new Audience(true, hooked ? Set.of(org) : Set.of());
            cell.moves.clear();
            if (hooked) {
                cell.execute(
                        "insert into subscription (cell, id, org, name, url, events, created_at, updated_at) values (0,"
                                + " gen_random_uuid(), " + org
                                + ", 'all', 'https://example.com', '{job.created,job.started,"
                                + "job.completed,job.failed,job.cancelled}', now(), now())");
            }
        }

        private @Nullable String faultOfMoves() {
            List<JobMove> moves = List.copyOf(cell.moves);
            cell.moves.clear();
            String fault = told.fault(moves);
            return fault != null ? fault : told.differenceTo(model.jobs);
        }

        private @Nullable String faultOfOutbox() {
            List<String> expected = told.outbox(cell.audience.hasHooks(), reporting);
            List<String> found = MovesTold.outboxOf(cell);
            return found.equals(expected) ? null : "outbox holds " + found + " (expected: " + expected + ")";
        }

        private @Nullable String playBatch(Step.Batch batch) {
            List<Command<?>> commands =
                    batch.asks().stream().<Command<?>>map(this::command).toList();
            List<List<Command<?>>> transactions = split(commands);
            for (List<Command<?>> transaction : transactions) {
                String fault = playTransaction(transaction);
                if (fault != null) {
                    return fault;
                }
            }
            String fault = faultOfMoves();
            return fault != null ? fault : differenceOfTables();
        }

        /// As the lane does: a second acknowledgement of a job, or a second chore of a kind, is for the next batch.
        /// Claims and chores of one batch have no order on the asserted way (decision 0012): there the chores
        /// go in the next.
        private List<List<Command<?>>> split(List<Command<?>> commands) {
            var probe = new dev.spooled.engine.Batch(0);
            var first = new ArrayList<Command<?>>();
            var rest = new ArrayList<Command<?>>();
            boolean noChores = cell.assertsBatches() && commands.stream().anyMatch(Claim.class::isInstance);
            for (Command<?> command : commands) {
                boolean later = noChores && changesReadyRows(command);
                (!later && probe.add(new Ticket<>(command)) ? first : rest).add(command);
            }
            var all = new ArrayList<List<Command<?>>>(List.of(first));
            if (!rest.isEmpty()) {
                all.addAll(split(rest));
            }
            return all;
        }

        private static boolean changesReadyRows(Command<?> command) {
            return command instanceof Promote || command instanceof Reap || command instanceof Expire;
        }

        private @Nullable String playTransaction(List<Command<?>> commands) {
            model.beginBatch();
            List<Object> answers = cell.runTogether(commands);
            long now = cell.clock.nowMicros();
            Integer[] order = new Integer[commands.size()];
            Arrays.setAll(order, i -> i);
            Arrays.sort(order, Comparator.comparingInt(i -> rank(commands.get(i))));
            for (int i : order) {
                Object expected = expect(commands.get(i), answers.get(i), now);
                Object found = commands.get(i) instanceof Claim ? idsOf(answers.get(i)) : answers.get(i);
                if (commands.get(i) instanceof Replay || commands.get(i) instanceof Purge) {
                    expected = Set.copyOf((List<?>) expected);
                    found = Set.copyOf((List<?>) found);
                }
                if (!Objects.equals(expected, found)) {
                    return commands.get(i) + " answered " + found + " (expected: " + expected + ")";
                }
            }
            model.settle(now);
            return null;
        }

        /// The order of statements in a batch.
        private static int rank(Command<?> command) {
            return switch (command) {
                case Heartbeat _ -> 0;
                case Complete _ -> 1;
                case Fail _ -> 2;
                case Release _ -> 3;
                case Cancel _ -> 4;
                case SetPriority _ -> 5;
                case Retry _, Replay _ -> 6;
                case Purge _ -> 7;
                case Promote _ -> 8;
                case Reap _ -> 9;
                case Expire _ -> 10;
                case Enqueue _ -> 11;
                case Claim _ -> 12;
                case Settle _ -> 13;
                default -> throw new IllegalArgumentException("not of this model: " + command);
            };
        }

        @SuppressWarnings("unchecked")
        private Object expect(Command<?> command, Object answer, long now) {
            return switch (command) {
                case Heartbeat heartbeat -> model.heartbeat(heartbeat, now);
                case Complete complete -> model.complete(complete, now);
                case Fail fail -> model.fail(fail, now);
                case Release release -> model.release(release);
                case Cancel cancel -> model.cancel(cancel);
                case SetPriority change -> model.setPriority(change);
                case Retry retry -> model.retry(retry, now);
                case Replay replay -> model.replay(replay, now);
                case Purge purge -> model.purge(purge);
                case Settle _ -> answer;
                case Promote _ -> model.promote(now);
                case Reap _ -> model.reap(now);
                case Expire _ -> model.expire(now);
                case Enqueue enqueue -> {
                    noteReporting(enqueue.jobs(), (List<Enqueued>) answer);
                    yield model.enqueue(enqueue.jobs(), (List<Enqueued>) answer, now);
                }
                case Claim claim -> {
                    handedOut.addAll((List<Leased>) answer);
                    yield model.claim(claim, (List<Leased>) answer, now);
                }
                default -> throw new IllegalArgumentException("not of this model: " + command);
            };
        }

        private void noteReporting(List<NewJob> jobs, List<Enqueued> answers) {
            for (int i = 0; i < jobs.size(); i++) {
                if (answers.get(i).created() && jobs.get(i).completionWebhook() != null) {
                    reporting.add(answers.get(i).id());
                }
            }
        }

        @SuppressWarnings("unchecked")
        private static List<UUID> idsOf(Object leased) {
            return ((List<Leased>) leased).stream().map(Leased::id).toList();
        }

        private Command<?> command(Ask ask) {
            int queue = queues[ask.number() % queues.length];
            return switch (ask.kind()) {
                case 0, 1 -> new Enqueue(newJobs(ask, queue));
                case 2, 3 ->
                    new Claim(
                            org,
                            queue,
                            "w" + ask.variant() % 2,
                            1 + ask.job() % 4,
                            5 + ask.number() % 60,
                            0,
                            () -> true);
                case 4, 5 -> new Complete(holder(ask), ask.variant() == 0 ? null : "{\"n\":" + ask.number() + "}");
                case 6 ->
                    new Fail(
                            holder(ask),
                            "error " + ask.number(),
                            ask.variant() != 1,
                            ask.variant() < 4 ? null : ask.number() % 100);
                case 7 -> new Heartbeat(holder(ask), 5 + ask.number() % 600);
                case 8 ->
                    handedOut.isEmpty()
                            ? new Promote(10_000)
                            : new Release(org, held(ask).id(), held(ask).leaseId());
                case 9 -> new Cancel(ask.variant() == 0 ? org + 1 : org, job(ask));
                case 10 -> new Promote(10_000);
                case 12 -> new SetPriority(org, job(ask), (short) (ask.variant() - 3));
                case 13 ->
                    ask.variant() < 4
                            ? new Retry(ask.variant() == 3 ? org + 1 : org, maybeDead(ask))
                            : new Replay(org, some(ask));
                case 14 -> ask.variant() < 2 ? new Purge(org, some(ask)) : new Settle();
                case 15 -> new Enqueue(children(ask, queue));
                default -> ask.variant() % 2 == 0 ? new Reap(10_000) : new Expire(10_000);
            };
        }

        private List<NewJob> newJobs(Ask ask, int queue) {
            var jobs = new ArrayList<NewJob>();
            String backoff = BACKOFFS.get(ask.number() % BACKOFFS.size());
            for (int i = 0; i <= ask.job() % 3; i++) {
                long now = cell.clock.nowMicros();
                long runAt = ask.variant() == 2 ? now + ask.number() * 1_000_000L : PgArray.NO_TIME;
                long expiresAt = ask.variant() == 3 ? now + (1 + ask.number()) * 1_000_000L : PgArray.NO_TIME;
                NewJob job = NewJob.plain(org, queue, ask.number() % 3, "{\"n\":" + i + "}")
                        .withMaxRetries(ask.job() % 4)
                        .withTimes(runAt, expiresAt);
                job = backoff == null ? job : job.withBackoff(backoff);
                job = ask.number() % 4 == 0 ? job.withCompletionWebhook("https://example.com/done") : job;
                jobs.add(ask.variant() >= 6 ? job.withKey("key-" + (ask.number() + i) % 5) : job);
            }
            return jobs;
        }

        private List<NewJob> children(Ask ask, int queue) {
            return newJobs(ask, queue).stream()
                    .map(job -> job.withParent(ask.variant() == 4 ? UUID.randomUUID() : job(ask)))
                    .toList();
        }

        /// Rather a dead letter than any job, as these are few.
        private UUID maybeDead(Ask ask) {
            List<UUID> dead = model.inOrder.stream()
                    .filter(job -> job.state == JobLifeModel.State.DEAD)
                    .map(job -> job.id)
                    .toList();
            return dead.isEmpty() ? job(ask) : dead.get(ask.job() % dead.size());
        }

        private List<UUID> some(Ask ask) {
            return new ArrayList<>(new LinkedHashSet<>(List.of(job(ask), maybeDead(ask))));
        }

        private Leased held(Ask ask) {
            return handedOut.get(ask.job() % handedOut.size());
        }

        private UUID job(Ask ask) {
            return model.inOrder.isEmpty() ? UUID.randomUUID() : model.inOrder.get(ask.job() % model.inOrder.size()).id;
        }

        /// Mostly the newest holder, sometimes a stale lease, a bare worker name or a stranger.
        private Holder holder(Ask ask) {
            if (handedOut.isEmpty()) {
                return new Holder(org, job(ask), UUID.randomUUID(), "w0");
            }
            Leased leased = handedOut.get(handedOut.size() - 1 - ask.job() % Math.min(handedOut.size(), 12));
            return switch (ask.variant()) {
                case 5 -> new Holder(org, leased.id(), null, "w" + ask.number() % 2);
                case 7 -> new Holder(ask.number() % 2 == 0 ? org + 1 : org, leased.id(), UUID.randomUUID(), "w0");
                default -> new Holder(org, leased.id(), leased.leaseId(), "w0");
            };
        }

        @Nullable
        String differenceOfTables() {
            List<String> found = cell.rows(TABLES, row -> row.text("line"));
            List<String> expected = model.lines();
            if (!found.equals(expected)) {
                return "tables hold\n" + String.join("\n", minus(found, expected)) + "\n(expected:\n"
                        + String.join("\n", minus(expected, found)) + ")";
            }
            List<String> left = cell.rows(LEFT_BEHIND, row -> row.text("line"));
            if (!left.isEmpty()) {
                return "left behind: " + left;
            }
            List<String> drift = cell.drift();
            return drift.isEmpty() ? null : "counters drifted: " + drift;
        }

        private static List<String> minus(List<String> all, List<String> without) {
            var left = new ArrayList<>(all);
            left.removeAll(without);
            return left;
        }

        /// Rows without a job, and jobs that wait for nothing.
        private static final String LEFT_BEHIND = """
                select 'attempt ' || a.job as line from attempt a where not exists (select 1 from job j where j.id = a.job)
                union all
                select 'idem ' || k.key from idem k where not exists (select 1 from job j where j.id = k.job_id)
                union all
                select 'dependency ' || d.child from dependency d where not exists (select 1 from job j where j.id = d.child)
                union all
                select 'ended ' || e.id from ended e
                union all
                select 'waiting ' || w.id from waiting w
                where not exists (select 1 from dependency d where d.child = w.id
                                  and not exists (select 1 from done o where o.id = d.parent))
                """;

        private static final String TABLES = """
                select s.id || ' ' || s.state || ' attempt ' || s.attempt || ' retries ' || s.retry_count || ' kept '
                       || (select count(*) from attempt a where a.cell = 0 and a.job = s.id) || ' priority ' || j.priority
                       || case when s.priority <> j.priority then ' but lies at ' || s.priority else '' end as line
                from (select id, 'READY' as state, attempt, retry_count, priority from ready
                      union all select id, 'SCHEDULED', attempt, retry_count, priority from scheduled
                      union all select id, 'WAITING', attempt, retry_count, priority from waiting
                      union all select id, 'LEASED', attempt, retry_count, priority from lease
                      union all select id, case status when 3 then 'COMPLETED' when 5 then 'DEAD' else 'CANCELLED' end,
                                       attempt, retry_count, null from done) s
                join job j on j.cell = 0 and j.id = s.id
                order by s.id
                """;
    }
}
