package dev.spooled.workers;

import java.util.Locale;

/// How a worker is. `OFFLINE` is also what no heartbeat for two minutes comes to.
public enum WorkerStatus {
    HEALTHY,
    DEGRADED,
    DRAINING,
    OFFLINE;

    String wire() {
        return name().toLowerCase(Locale.ROOT);
    }

    /// What a worker reports, in the words of any client. An unknown word is no reason to refuse a sign of life.
    public static WorkerStatus reported(String word) {
        return switch (word.strip().toLowerCase(Locale.ROOT)) {
            case "degraded" -> DEGRADED;
            case "draining", "stopping" -> DRAINING;
            case "offline" -> OFFLINE;
            default -> HEALTHY;
        };
    }
}
