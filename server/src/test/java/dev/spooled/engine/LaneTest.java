package dev.spooled.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;

import dev.spooled.engine.Command.Claim;
import dev.spooled.engine.Command.Complete;
import dev.spooled.engine.Command.Enqueue;
import dev.spooled.engine.Command.Holder;
import dev.spooled.engine.Command.Leased;
import dev.spooled.engine.JobMove.Detail;
import dev.spooled.refusal.Refusal;
import dev.spooled.refusal.Refused;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// The lane's own promises, in both ways: one bad row hurts nobody else, waiting claims are answered by the next job in
/// the order they came, those who left get nothing, and what waits is bounded.
class LaneTest {
    private final TestCell cell = new TestCell();
    private final int org = cell.org();
    private final int queue = cell.queue(org, "q");
    private final ExecutorService callers = Executors.newVirtualThreadPerTaskExecutor();

    @AfterEach
    void close() {
        callers.shutdownNow();
        cell.close();
    }

    private Lane lane(Lane.Way way) {
        return new Lane(cell.address(), 0, UUID.randomUUID(), cell.clock, way);
    }

    private NewJob job(@Nullable String tags) {
        return new NewJob(
                org,
                queue,
                (short) 0,
                (short) 3,
                300,
                "{}",
                Long.MIN_VALUE,
                Long.MIN_VALUE,
                null,
                tags,
                List.of(),
                null,
                null,
                null,
                null);
    }

    /// What is committed is told, in order, before the caller has its answer; not to a watcher that does not watch.
    @ParameterizedTest
    @EnumSource
    void tellsWhoWatches(Lane.Way way) {
        List<JobMove> heard = new CopyOnWriteArrayList<>();
        AtomicBoolean watching = new AtomicBoolean(true);
        try (Lane lane = lane(way)) {
            lane.watch(watcher(watching, heard));
            lane.start();
            UUID job = lane.run(new Enqueue(List.of(job(null)))).getFirst().id();
            Leased leased =
                    lane.run(new Claim(org, queue, "w", 1, 60, 0, () -> true)).getFirst();
            lane.run(new Complete(new Holder(org, job, leased.leaseId(), "w"), "[1]"));
            assertThat(heard)
                    .extracting(JobMove::job, JobMove::from, JobMove::to, JobMove::detail)
                    .containsExactly(
                            tuple(job, null, JobStatus.PENDING, new Detail.Created(0)),
                            tuple(job, JobStatus.PENDING, JobStatus.PROCESSING, new Detail.Started("w", 1)),
                            tuple(
                                    job,
                                    JobStatus.PROCESSING,
                                    JobStatus.COMPLETED,
                                    new Detail.Completed(leased.startedAt(), "[1]")));
            assertThat(heard).extracting(JobMove::number).isSorted().doesNotHaveDuplicates();
            watching.set(false);
            lane.run(new Enqueue(List.of(job(null))));
            lane.run(new Enqueue(List.of(job(null))));
            assertThat(heard).hasSizeLessThanOrEqualTo(4);
        }
    }

    private static JobWatcher watcher(AtomicBoolean watching, List<JobMove> heard) {
        return new JobWatcher() {
            @Override
            public boolean isWatching() {
                return watching.get();
            }

            @Override
            public void moved(List<JobMove> moves) {
                heard.addAll(moves);
            }
        };
    }

    /// Here somebody begins to listen when the job is given already and its batch is being put together, which asks
    /// waiting claims whether their callers are still there.
    @ParameterizedTest
    @EnumSource
    void tellsWhoBeganToWatchBeforeTheBatchRan(Lane.Way way) throws Exception {
        List<JobMove> heard = new CopyOnWriteArrayList<>();
        AtomicBoolean watching = new AtomicBoolean();
        try (Lane lane = lane(way)) {
            lane.watch(watcher(watching, heard));
            lane.start();
            var given = new AtomicBoolean();
            Thread waits = Thread.ofVirtual()
                    .start(() -> lane.run(new Claim(org, queue, "w", 1, 60, 10_000, () -> {
                        watching.compareAndSet(false, given.get());
                        return true;
                    })));
            while (lane.parkedClaims() == 0) {
                Thread.onSpinWait();
            }
            given.set(true);
            UUID job = lane.run(new Enqueue(List.of(job(null)))).getFirst().id();
            waits.join();
            assertThat(heard).extracting(JobMove::job, JobMove::to).startsWith(tuple(job, JobStatus.PENDING));
        }
    }

    @ParameterizedTest
    @EnumSource
    void aBadRowIsRefusedAlone(Lane.Way way) throws Exception {
        try (Lane lane = lane(way)) {
            List<Future<?>> good = new ArrayList<>();
            List<Future<?>> bad = new ArrayList<>();
            for (int i = 0; i < 60; i++) {
                boolean wrong = i % 20 == 7;
                var enqueue = new Enqueue(List.of(job(wrong ? "{not json" : "{\"a\":1}")));
                (wrong ? bad : good).add(callers.submit(() -> lane.run(enqueue)));
            }
            // The lane starts when all of them wait, so that they share one batch.
            while (lane.waiting() < 60) {
                Thread.onSpinWait();
            }
            lane.start();
            for (Future<?> one : good) {
                one.get(20, TimeUnit.SECONDS);
            }
            for (Future<?> one : bad) {
                assertThatThrownBy(() -> one.get(20, TimeUnit.SECONDS)).hasCauseInstanceOf(Refused.class);
            }
            assertThat(cell.count("job")).isEqualTo(57);
            assertThat(cell.drift()).isEmpty();
        }
    }

    @ParameterizedTest
    @EnumSource
    void waitingClaimsAreAnsweredInTheirOrder(Lane.Way way) throws Exception {
        try (Lane lane = lane(way).start()) {
            List<Future<List<Leased>>> waiting = new ArrayList<>();
            for (int i = 0; i < 3; i++) {
                String worker = "w" + i;
                waiting.add(callers.submit(() -> lane.run(claim(worker, new AtomicBoolean(true)))));
                int parked = i + 1;
                while (lane.parkedClaims() < parked) {
                    Thread.onSpinWait();
                }
            }
            for (Future<List<Leased>> next : waiting) {
                UUID made = lane.run(new Enqueue(List.of(job(null)))).getFirst().id();
                assertThat(next.get(10, TimeUnit.SECONDS))
                        .extracting(Leased::id)
                        .containsExactly(made);
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void whoHasLeftGetsNothing(Lane.Way way) throws Exception {
        try (Lane lane = lane(way).start()) {
            var present = new AtomicBoolean(true);
            var left = callers.submit(() -> lane.run(claim("gone", present)));
            while (lane.parkedClaims() < 1) {
                Thread.onSpinWait();
            }
            present.set(false);
            UUID made = lane.run(new Enqueue(List.of(job(null)))).getFirst().id();
            assertThat(left.get(10, TimeUnit.SECONDS)).isEmpty();
            assertThat(lane.run(claim("here", new AtomicBoolean(true))))
                    .extracting(Leased::id)
                    .containsExactly(made);
        }
    }

    private Claim claim(String worker, AtomicBoolean present) {
        return new Claim(org, queue, worker, 1, 30, 20_000, present::get);
    }

    @ParameterizedTest
    @EnumSource
    void whatWaitsIsBounded(Lane.Way way) throws Exception {
        try (Lane lane = lane(way)) {
            var entered = new CountDownLatch(Inbox.WAITING_MAX);
            for (int i = 0; i < Inbox.WAITING_MAX; i++) {
                callers.execute(() -> {
                    entered.countDown();
                    lane.run(new Command.Cancel(org, UUID.randomUUID()));
                });
            }
            entered.await();
            while (lane.waiting() < Inbox.WAITING_MAX) {
                Thread.onSpinWait();
            }
            assertThatThrownBy(() -> lane.run(new Enqueue(List.of(job(null)))))
                    .isInstanceOfSatisfying(
                            Refused.class,
                            refused -> assertThat(refused.refusal()).isInstanceOf(Refusal.Unavailable.class));
            assertThat(lane.waiting()).isEqualTo(Inbox.WAITING_MAX);
        }
    }

    @ParameterizedTest
    @EnumSource
    void closingAnswersWhoWaitsAndRefusesWhoComes(Lane.Way way) throws Exception {
        // Often, since the lane may be closed at any point of its thread's round.
        for (int i = 0; i < 40; i++) {
            Lane lane = lane(way).start();
            var waiting = callers.submit(() -> lane.run(claim("w", new AtomicBoolean(true))));
            while (lane.parkedClaims() < 1) {
                Thread.onSpinWait();
            }
            lane.close();
            assertThat(waiting.get(10, TimeUnit.SECONDS)).isEmpty();
            assertThatThrownBy(() -> lane.run(new Enqueue(List.of(job(null))))).isInstanceOf(Refused.class);
        }
    }
}
