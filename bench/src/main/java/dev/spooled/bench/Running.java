package dev.spooled.bench;

import java.io.IOException;

/// A job queue with its workers up, for one turn. Producers run from `start` to `stop`, workers until `close`.
interface Running extends AutoCloseable {
    void start() throws IOException;

    /// What workers handled since the last cut.
    Cut cut() throws IOException;

    /// Ends the producers, waits for their last answers, and tells how many jobs they enqueued.
    long stop() throws IOException;

    /// Jobs that workers have handled since `start`.
    long handled() throws IOException;

    @Override
    void close() throws IOException;

    /// @param delivery from a job's enqueue being sent to its payload being in a worker's hands
    record Cut(long jobs, Percentiles delivery) {}
}
