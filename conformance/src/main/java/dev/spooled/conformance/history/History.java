package dev.spooled.conformance.history;

import java.time.Instant;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;

/// Where all threads write down what they asked and heard.
public final class History {
    private final Queue<Op> ops = new ConcurrentLinkedQueue<>();
    private final Queue<Found> found = new ConcurrentLinkedQueue<>();

    public void add(Op op) {
        ops.add(op);
    }

    public void add(Found one) {
        found.add(one);
    }

    public Story story() {
        return new Story(List.copyOf(ops), List.copyOf(found));
    }

    /// Microseconds since 1970, the unit of all times here.
    public static long now() {
        return micros(Instant.now());
    }

    public static long micros(Instant time) {
        return time.getEpochSecond() * 1_000_000 + time.getNano() / 1_000;
    }
}
