package dev.spooled.bench;

import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.UUID;

/// One caller's way into the server. A `Declined` means the server clearly did nothing; any other failure leaves the
/// outcome open.
interface Door extends AutoCloseable {
    /// Enqueues `count` jobs in one request and answers how many the server acknowledged.
    int enqueue(int queue, int priority, int count) throws IOException;

    List<Held> claim(int queue, String worker, int limit, Duration wait) throws IOException;

    void complete(Held job, String worker) throws IOException;

    /// Jobs that the server pushed to this caller and that it has not claimed: asked for at the end of a run until none
    /// come any more.
    default List<Held> pushed() {
        return List.of();
    }

    @Override
    void close();

    /// A job in this caller's hands. `sentNanos` is when its enqueue was sent (`System.nanoTime`), or `UNKNOWN`.
    record Held(UUID id, UUID lease, long sentNanos) {
        static final long UNKNOWN = Long.MIN_VALUE;
    }

    /// The server said no.
    final class Declined extends IOException {
        private static final long serialVersionUID = 1;

        Declined(String message) {
            super(message);
        }
    }

    /// Opens one door per caller.
    interface Opener {
        Door open();
    }
}
