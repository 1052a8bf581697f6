package dev.spooled.grpc;

import dev.spooled.access.Caller;
import dev.spooled.refusal.Refusal;
import dev.spooled.refusal.Refused;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.IntUnaryOperator;

/// The streams that each organization has open, of which it may have so many on a server.
final class StreamPlaces {
    private static final int RETRY_SECONDS = 5;

    private final IntUnaryOperator most;
    private final Map<Integer, Integer> taken = new ConcurrentHashMap<>();

    /// `most` is what the organization of that number may have.
    StreamPlaces(IntUnaryOperator most) {
        this.most = most;
    }

    /// Takes a place or is refused. What it answers gives the place back; twice is as once.
    Runnable take(Caller caller) {
        int limit = most.applyAsInt(caller.org());
        taken.compute(caller.org(), (org, now) -> {
            if (now == null ? limit <= 0 : now >= limit) {
                throw refused(limit);
            }
            return now == null ? 1 : now + 1;
        });
        var held = new AtomicBoolean(true);
        return () -> {
            if (held.compareAndSet(true, false)) {
                taken.computeIfPresent(caller.org(), (org, now) -> now == 1 ? null : now - 1);
            }
        };
    }

    /// Streams of everybody.
    int taken() {
        return taken.values().stream().mapToInt(Integer::intValue).sum();
    }

    private static Refused refused(int limit) {
        return new Refused(new Refusal.RateLimited(
                limit,
                0,
                0,
                RETRY_SECONDS,
                "this organization has " + limit + " gRPC streams open, which is all it may have"));
    }
}
