package dev.spooled.webhooks;

import java.time.Duration;
import java.time.Instant;
import java.util.PriorityQueue;
import org.jspecify.annotations.Nullable;

/// When deliveries of this node are to be tried again, so that it looks then. A hint: what is forgotten here is found
/// by the rhythm. Safe for any number of threads.
final class NextDue {
    private static final int MAX = 10_000;
    private static final Duration FAR = Duration.ofDays(1);

    private final PriorityQueue<Instant> times = new PriorityQueue<>();

    synchronized void add(@Nullable Instant time) {
        if (time != null && times.size() < MAX) {
            times.add(time);
        }
    }

    /// How long it is from then to the next one; those that have come are forgotten.
    synchronized Duration after(Instant now) {
        Instant last = null;
        while (!times.isEmpty() && !times.element().isAfter(now)) {
            last = times.remove();
        }
        if (last != null) {
            return Duration.ZERO;
        }
        return times.isEmpty() ? FAR : Duration.between(now, times.element());
    }
}
