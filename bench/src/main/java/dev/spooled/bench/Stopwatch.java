package dev.spooled.bench;

import java.util.concurrent.TimeUnit;
import org.HdrHistogram.Recorder;

/// Latencies of one kind of request, recorded by any number of threads and cut into rounds by one.
final class Stopwatch {
    private static final long MAX_MICROS = TimeUnit.MINUTES.toMicros(10);
    private static final int DIGITS = 3;

    private final Recorder recorder = new Recorder(MAX_MICROS, DIGITS);

    void since(long startNanos) {
        long micros = TimeUnit.NANOSECONDS.toMicros(System.nanoTime() - startNanos);
        recorder.recordValue(Math.clamp(micros, 0, MAX_MICROS));
    }

    /// What was recorded since the last cut.
    Percentiles cut() {
        return Percentiles.of(recorder.getIntervalHistogram());
    }
}
