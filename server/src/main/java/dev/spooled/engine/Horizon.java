package dev.spooled.engine;

import java.util.UUID;
import org.jspecify.annotations.Nullable;

/// How far back a claim opens the days of jobs beforehand: to yesterday, and further as long as older jobs
/// are met. Those beyond it are looked up one by one, which costs more for many (docs/decisions/0009-days.md).
/// For one thread.
final class Horizon {
    /// After so many claims the oldest job met is forgotten, so that one straggler does not keep days open.
    private static final int CLAIMS = 100;

    private @Nullable UUID oldest;
    private int claims;

    /// The smallest id whose day is to be opened.
    UUID of(Batch batch) {
        UUID yesterday = batch.idsOfDay(-1);
        if (--claims <= 0) {
            oldest = null;
        }
        return oldest == null || yesterday.compareTo(oldest) < 0 ? yesterday : oldest;
    }

    void met(UUID id) {
        if (oldest == null || id.compareTo(oldest) < 0) {
            oldest = id;
            claims = CLAIMS;
        }
    }
}
