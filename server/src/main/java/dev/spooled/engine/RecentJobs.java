package dev.spooled.engine;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/// The facts of jobs this node wrote lately, so that handing one out needs no look at the table. Facts never change, so
/// a remembered job is always right; a forgotten one is read. Bounded by bytes, oldest out first. Owned by the lane's
/// thread.
final class RecentJobs {
    private static final long BYTES_MAX = 64L << 20;

    private final Map<UUID, NewJob> jobs = new LinkedHashMap<>();
    private long bytes;

    void remember(UUID id, NewJob job) {
        if (jobs.put(id, job) == null) {
            bytes += job.bytes();
        }
        var oldest = jobs.entrySet().iterator();
        while (bytes > BYTES_MAX && oldest.hasNext()) {
            bytes -= oldest.next().getValue().bytes();
            oldest.remove();
        }
    }

    /// Hands the facts out and forgets them: few jobs are claimed twice.
    @Nullable
    NewJob take(UUID id) {
        NewJob job = jobs.remove(id);
        if (job != null) {
            bytes -= job.bytes();
        }
        return job;
    }
}
