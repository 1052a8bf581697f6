package dev.spooled.workflows;

import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// What a workflow can be. `PENDING` and `RUNNING` are one number in the table: whether a job was ever claimed
/// tells them apart.
enum WorkflowStatus {
    PENDING(0),
    RUNNING(1),
    COMPLETED(3),
    FAILED(4),
    CANCELLED(6);

    private final int number;

    WorkflowStatus(int number) {
        this.number = number;
    }

    static WorkflowStatus of(int number) {
        return Arrays.stream(values())
                .filter(status -> status.number == number)
                .findFirst()
                .orElseThrow();
    }

    static Optional<WorkflowStatus> named(String word) {
        return Arrays.stream(values())
                .filter(status -> status.wire().equals(word))
                .findFirst();
    }

    boolean isOpen() {
        return this == PENDING || this == RUNNING;
    }

    /// The number the table holds.
    int stored() {
        return isOpen() ? 0 : number;
    }

    /// For an open one: whether it has begun.
    @Nullable
    Boolean begun() {
        return isOpen() ? Boolean.valueOf(this == RUNNING) : null;
    }

    String wire() {
        return name().toLowerCase(Locale.ROOT);
    }
}
