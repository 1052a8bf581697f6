package dev.spooled.bench;

import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;

/// Counts the jobs that a run left behind by claiming them. They stay claimed: a benchmark is for a server that is
/// thrown away afterwards.
final class Remains {
    private static final int COUNTERS = 16;
    private static final int CLAIM = 100;
    private static final Duration TIME_MAX = Duration.ofMinutes(3);
    private static final String NAME = "bench-counter";

    private final int queues;
    private final Door.Opener doors;
    private final AtomicInteger nextQueue = new AtomicInteger();
    private final LongAdder jobs = new LongAdder();
    private final AtomicBoolean inFull = new AtomicBoolean(true);
    private final long deadline = System.nanoTime() + TIME_MAX.toNanos();

    Remains(int queues, Door.Opener doors) {
        this.queues = queues;
        this.doors = doors;
    }

    /// @param inFull false when time ran out or a claim failed
    record Count(long jobs, boolean inFull) {}

    Count count() {
        try (var counters = Executors.newVirtualThreadPerTaskExecutor()) {
            for (int i = 0; i < COUNTERS; i++) {
                counters.execute(this::countSome);
            }
        }
        return new Count(jobs.sum(), inFull.get());
    }

    private void countSome() {
        try (var door = doors.open()) {
            for (int queue = nextQueue.getAndIncrement(); queue < queues; queue = nextQueue.getAndIncrement()) {
                countQueue(door, queue);
            }
        } catch (IOException | RuntimeException fault) {
            inFull.set(false);
        }
    }

    private void countQueue(Door door, int queue) throws IOException {
        while (true) {
            int found = door.claim(queue, NAME, CLAIM, Duration.ZERO).size();
            jobs.add(found);
            if (found == 0) {
                return;
            }
            if (System.nanoTime() - deadline > 0) {
                inFull.set(false);
                return;
            }
        }
    }
}
