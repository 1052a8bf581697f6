package dev.spooled.workers;

import dev.spooled.json.JsonObject;
import dev.spooled.json.SearchedJson;
import dev.spooled.refusal.Bounds;
import org.jspecify.annotations.Nullable;

/// What a worker reports with a heartbeat; null is what it leaves out.
public record SignOfLife(
        @Nullable Integer currentJobs,
        @Nullable WorkerStatus status,
        @Nullable String metadata) {

    public SignOfLife {
        Bounds.check("current_jobs", currentJobs, 0, 1_000);
        if (metadata != null) {
            SearchedJson.check("metadata", metadata);
        }
    }

    static SignOfLife of(JsonObject body) {
        String status = body.textOrNull("status");
        Integer jobs = body.integerOrNull("current_jobs");
        return new SignOfLife(
                jobs == null ? body.integerOrNull("current_job_count") : jobs,
                status == null ? null : WorkerStatus.reported(status),
                body.objectOrNull("metadata"));
    }
}
