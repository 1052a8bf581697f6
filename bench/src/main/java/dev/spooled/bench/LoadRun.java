package dev.spooled.bench;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Semaphore;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/// Drives one load through doors: every caller is a virtual thread with a door of its own. Warm-up, rounds, stop, then
/// the account.
final class LoadRun {
    private static final long PAUSE_AFTER_FAULT = TimeUnit.MILLISECONDS.toNanos(50);

    private final Load load;
    private final Door.Opener doors;
    private final PostgresMeter meter;
    private final Tally tally = new Tally();

    /// One permit per job that may exist unfinished: this is what bounds the backlog.
    private final Semaphore room;

    private volatile boolean producingEnds;
    private volatile boolean workingEnds;

    LoadRun(Load load, Door.Opener doors, PostgresMeter meter) {
        this.load = load;
        this.doors = doors;
        this.meter = meter;
        this.room = new Semaphore(load.bound());
    }

    /// @param rounds what each round measured
    record Outcome(List<Round> rounds, Account account) {}

    Outcome run(Schedule schedule) throws IOException {
        tryOnce();
        List<Round> rounds;
        try (var callers = Executors.newVirtualThreadPerTaskExecutor()) {
            start(callers, callers);
            rounds = measure(schedule);
            endProducing();
            endWorking();
        }
        return new Outcome(rounds, account());
    }

    /// One job before the load, so that a wrong address or key is a message instead of a million refusals.
    private void tryOnce() throws IOException {
        try (var door = doors.open()) {
            tally.enqueued.add(door.enqueue(0, 0, load.bulk()));
        }
    }

    void start(ExecutorService workers, ExecutorService producers) {
        for (int i = 0; i < load.workers(); i++) {
            int number = i;
            workers.execute(() -> work(number));
        }
        for (int i = 0; i < load.producers(); i++) {
            producers.execute(this::produce);
        }
    }

    private List<Round> measure(Schedule schedule) {
        pass(schedule.warmup());
        var rounds = new ArrayList<Round>();
        var cut = new RoundCut(tally, meter, load.workers() > 0);
        for (int i = 0; i < schedule.rounds(); i++) {
            pass(schedule.round());
            rounds.add(cut.next());
        }
        return rounds;
    }

    void endProducing() {
        producingEnds = true;
        room.release(load.producers() * load.bulk());
    }

    void endWorking() {
        workingEnds = true;
    }

    /// What was counted since the start, by a run driven from outside.
    Tally tally() {
        return tally;
    }

    private void produce() {
        try (var door = doors.open()) {
            var random = ThreadLocalRandom.current();
            while (!producingEnds) {
                room.acquireUninterruptibly(load.bulk());
                if (!producingEnds) {
                    enqueue(door, random.nextInt(load.queues()), random.nextInt(load.priorities()));
                    pass(load.pause());
                }
            }
        }
    }

    private void enqueue(Door door, int queue, int priority) {
        try {
            long start = System.nanoTime();
            tally.enqueued.add(door.enqueue(queue, priority, load.bulk()));
            tally.enqueue.since(start);
        } catch (IOException | RuntimeException fault) {
            room.release(load.bulk());
            rest(fault);
        }
    }

    /// Claims, completes what it got, and leaves nothing half done when the run stops.
    private void work(int number) {
        var name = "bench-worker-" + number;
        try (var door = doors.open()) {
            while (!workingEnds) {
                var jobs = claim(door, number % load.queues(), name);
                if (load.together() && jobs.size() > 1) {
                    completeTogether(door, jobs, name);
                } else {
                    jobs.forEach(job -> complete(door, job, name));
                }
            }
            for (var left = door.pushed(); !left.isEmpty(); left = door.pushed()) {
                left.forEach(job -> complete(door, job, name));
            }
        }
    }

    private void completeTogether(Door door, List<Door.Held> jobs, String name) {
        var others = new CountDownLatch(jobs.size() - 1);
        for (var job : jobs.subList(1, jobs.size())) {
            Thread.startVirtualThread(() -> {
                complete(door, job, name);
                others.countDown();
            });
        }
        complete(door, jobs.getFirst(), name);
        try {
            others.await();
        } catch (InterruptedException stop) {
            Thread.currentThread().interrupt();
        }
    }

    private List<Door.Held> claim(Door door, int queue, String name) {
        try {
            long start = System.nanoTime();
            var jobs = door.claim(queue, name, load.claimLimit(), load.patience());
            if (!jobs.isEmpty()) {
                tally.claim.since(start);
            }
            for (var job : jobs) {
                if (job.sentNanos() != Door.Held.UNKNOWN) {
                    tally.delivery.since(job.sentNanos());
                }
            }
            return jobs;
        } catch (IOException | RuntimeException fault) {
            rest(fault);
            return List.of();
        }
    }

    private void complete(Door door, Door.Held job, String name) {
        try {
            long start = System.nanoTime();
            door.complete(job, name);
            tally.complete.since(start);
            tally.completed.increment();
        } catch (IOException | RuntimeException fault) {
            rest(fault);
        } finally {
            room.release();
        }
    }

    private Account account() {
        var count = new Remains(load.queues(), doors).count();
        return new Account(
                tally.enqueued.sum(),
                tally.completed.sum(),
                count.jobs(),
                tally.declined.sum(),
                tally.inDoubt.sum(),
                count.inFull(),
                tally.firstFault());
    }

    private void rest(Exception fault) {
        tally.fault(fault);
        LockSupport.parkNanos(PAUSE_AFTER_FAULT);
    }

    private static void pass(Duration time) {
        long until = System.nanoTime() + time.toNanos();
        for (long left = time.toNanos(); left > 0; left = until - System.nanoTime()) {
            LockSupport.parkNanos(left);
        }
    }
}
