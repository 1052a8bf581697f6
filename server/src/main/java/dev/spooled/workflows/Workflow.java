package dev.spooled.workflows;

import java.time.Instant;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/// A workflow as one snapshot showed it. `metadata` is JSON text.
record Workflow(
        UUID id,
        String name,
        @Nullable String description,
        @Nullable String metadata,
        WorkflowStatus status,
        int totalJobs,
        int completedJobs,
        int failedJobs,
        Instant createdAt,
        Instant updatedAt,
        @Nullable Instant startedAt,
        @Nullable Instant completedAt) {

    /// In per cent of its jobs that have completed.
    double progress() {
        return 100.0 * completedJobs / totalJobs;
    }
}
