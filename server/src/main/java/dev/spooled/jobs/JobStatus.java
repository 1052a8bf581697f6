package dev.spooled.jobs;

import java.util.Locale;

/// The seven states a job can be seen in. The numbers are those of the tables `done` and `count`.
public enum JobStatus {
    PENDING,
    SCHEDULED,
    PROCESSING,
    COMPLETED,
    FAILED,
    DEADLETTER,
    CANCELLED;

    private static final JobStatus[] BY_NUMBER = values();

    static JobStatus of(int number) {
        return BY_NUMBER[number];
    }

    String wire() {
        return name().toLowerCase(Locale.ROOT);
    }
}
