package dev.spooled.engine;

import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;

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

    public static JobStatus of(int number) {
        return BY_NUMBER[number];
    }

    public static Optional<JobStatus> named(String word) {
        return Arrays.stream(BY_NUMBER)
                .filter(status -> status.wire().equals(word))
                .findFirst();
    }

    public String wire() {
        return name().toLowerCase(Locale.ROOT);
    }
}
