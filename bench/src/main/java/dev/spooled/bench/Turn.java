package dev.spooled.bench;

import org.jspecify.annotations.Nullable;

/// What one contender did in one of its turns. Latencies are milliseconds.
///
/// @param round 0 for a warm-up
/// @param enqueued in the whole turn, ramp and drain included
/// @param fault why the account does not balance, if it does not
record Turn(
        String contender,
        int round,
        double seconds,
        long jobs,
        double jobsPerSecond,
        Percentiles delivery,
        @Nullable Double walBytesPerJob,
        @Nullable Double postgresMicrosPerJob,
        long enqueued,
        long handled,
        @Nullable String fault) {}
