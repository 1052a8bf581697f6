package dev.spooled.bench;

import org.jspecify.annotations.Nullable;

/// One measured round. `jobs` are lifecycles, or enqueues when nobody works.
record Round(
        double seconds,
        long jobs,
        double jobsPerSecond,
        Percentiles enqueue,
        Percentiles claim,
        Percentiles complete,
        Percentiles delivery,
        @Nullable Double walBytesPerJob,
        @Nullable Double postgresMicrosPerJob) {}
