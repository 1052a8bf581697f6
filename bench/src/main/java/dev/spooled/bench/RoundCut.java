package dev.spooled.bench;

import org.jspecify.annotations.Nullable;

/// Cuts the run into rounds: each `next` reports what happened since the cut before.
final class RoundCut {
    private final Tally tally;
    private final PostgresMeter meter;
    private final boolean lifecycles;

    private long since = System.nanoTime();
    private long jobs;
    private PostgresMeter.Reading reading;

    RoundCut(Tally tally, PostgresMeter meter, boolean lifecycles) {
        this.tally = tally;
        this.meter = meter;
        this.lifecycles = lifecycles;
        this.reading = meter.read();
        this.jobs = jobsNow();
        tally.enqueue.cut();
        tally.claim.cut();
        tally.complete.cut();
        tally.delivery.cut();
    }

    Round next() {
        long now = System.nanoTime();
        long jobsNow = jobsNow();
        var readingNow = meter.read();
        double seconds = (now - since) / 1e9;
        long count = jobsNow - jobs;
        var round = new Round(
                seconds,
                count,
                count / seconds,
                tally.enqueue.cut(),
                tally.claim.cut(),
                tally.complete.cut(),
                tally.delivery.cut(),
                perJob(reading.walBytes(), readingNow.walBytes(), count),
                perJob(reading.cpuMicros(), readingNow.cpuMicros(), count));
        since = now;
        jobs = jobsNow;
        reading = readingNow;
        return round;
    }

    private long jobsNow() {
        return lifecycles ? tally.completed.sum() : tally.enqueued.sum();
    }

    private static @Nullable Double perJob(@Nullable Long before, @Nullable Long after, long jobs) {
        return before == null || after == null || jobs == 0 ? null : (after - before) / (double) jobs;
    }
}
