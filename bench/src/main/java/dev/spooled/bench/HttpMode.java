package dev.spooled.bench;

import java.time.Duration;

/// What may be asked over HTTP, each with its usual load.
enum HttpMode {
    /// Single enqueue, claim of ten that waits, single complete.
    LIFECYCLE(new Load(64, 64, 16, 1, 10, Duration.ofSeconds(2), 1, 128, Duration.ZERO)),

    /// Single enqueues, nobody works.
    ENQUEUE(new Load(64, 0, 16, 1, 1, Duration.ZERO, 1, Load.UNBOUNDED, Duration.ZERO)),

    /// A hundred jobs per request, nobody works.
    BULK(new Load(16, 0, 16, 1, 1, Duration.ZERO, 100, Load.UNBOUNDED, Duration.ZERO)),

    /// A quiet server: how long a job takes from its enqueue being sent into a waiting worker's hands.
    IDLE(new Load(8, 16, 4, 1, 1, Duration.ofSeconds(5), 1, Load.UNBOUNDED, Duration.ofMillis(20)));

    private final Load load;

    HttpMode(Load load) {
        this.load = load;
    }

    Load load() {
        return load;
    }
}
