package dev.spooled.bench;

import java.time.Duration;

/// What may be asked over gRPC, each with its usual load. Nobody waits inside the server but on streams, so some jobs
/// are always ready.
enum GrpcMode {
    /// Single enqueue, dequeue of ten, single complete, a call each.
    UNARY(new Load(64, 64, 16, 1, 10, Duration.ofSeconds(2), 1, 4_000, false, Duration.ZERO)),

    /// Single enqueue by a call; dequeues and completes on one ProcessJobs stream per worker, sent ahead.
    PROCESS(new Load(64, 64, 16, 1, 10, Duration.ofSeconds(2), 1, 4_000, true, Duration.ZERO)),

    /// A hundred jobs per enqueue, pushed in batches, completed in batches.
    BATCH(new Load(16, 32, 16, 1, 100, Duration.ofSeconds(2), 100, 20_000, true, Duration.ZERO));

    private final Load load;

    GrpcMode(Load load) {
        this.load = load;
    }

    Load load() {
        return load;
    }
}
