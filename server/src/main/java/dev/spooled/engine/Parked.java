package dev.spooled.engine;

import dev.spooled.engine.Command.Claim;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Predicate;

/// Claims that found nothing and may wait, by queue in the order they came. Owned by the lane's thread; only `queues`
/// and `size` may be called from others.
final class Parked {
    private static final long LONGEST_SLEEP_NANOS = TimeUnit.SECONDS.toNanos(5);

    private record Place(Ticket<?> ticket, int queue, long endNanos, long number) {}

    private final Map<Integer, ArrayDeque<Place>> byQueue = new ConcurrentHashMap<>();
    private final TreeSet<Place> byEnd = new TreeSet<>(Parked::inOrder);
    private long places;
    private volatile int size;

    /// By end, then by arrival. Readings of the monotonic timer may only be compared by their difference.
    private static int inOrder(Place a, Place b) {
        int ends = Long.signum(a.endNanos - b.endNanos);
        return ends != 0 ? ends : Long.compare(a.number, b.number);
    }

    /// Parks the claim if it may still wait.
    boolean park(Ticket<?> ticket, Claim claim) {
        long end = ticket.takenAtNanos() + TimeUnit.MILLISECONDS.toNanos(claim.waitMillis());
        if (claim.waitMillis() <= 0 || end - System.nanoTime() <= 0) {
            return false;
        }
        var place = new Place(ticket, claim.queue(), end, places++);
        byQueue.computeIfAbsent(claim.queue(), q -> new ArrayDeque<>()).addLast(place);
        byEnd.add(place);
        size = byEnd.size();
        return true;
    }

    /// Moves the queue's parked claims into the batch, oldest first, as many as it takes. Claims whose callers have
    /// left are answered with nothing and forgotten. Returns false when some did not fit.
    boolean offer(int queue, Batch batch) {
        ArrayDeque<Place> line = byQueue.get(queue);
        if (line == null) {
            return true;
        }
        while (!line.isEmpty()) {
            if (batch.isFull()) {
                return false;
            }
            Place place = line.removeFirst();
            byEnd.remove(place);
            size = byEnd.size();
            if (((Claim) place.ticket.command()).alive().getAsBoolean()) {
                batch.add(place.ticket);
            } else {
                place.ticket.propose(List.of());
                place.ticket.settle();
            }
        }
        byQueue.remove(queue);
        return true;
    }

    /// Hands claims that have waited long enough (all of them when `everyone`) to `answer`.
    void expire(long nowNanos, boolean everyone, Consumer<Ticket<?>> answer) {
        while (!byEnd.isEmpty() && (everyone || byEnd.first().endNanos - nowNanos <= 0)) {
            Place place = Objects.requireNonNull(byEnd.pollFirst());
            ArrayDeque<Place> line = byQueue.get(place.queue);
            if (line != null && line.remove(place) && line.isEmpty()) {
                byQueue.remove(place.queue);
            }
            answer.accept(place.ticket);
        }
        size = byEnd.size();
    }

    /// Hands those of them to `answer`, however long they might still wait.
    void expire(Predicate<Ticket<?>> which, Consumer<Ticket<?>> answer) {
        for (Place place : List.copyOf(byEnd)) {
            if (which.test(place.ticket)) {
                byEnd.remove(place);
                ArrayDeque<Place> line = byQueue.get(place.queue);
                if (line != null && line.remove(place) && line.isEmpty()) {
                    byQueue.remove(place.queue);
                }
                answer.accept(place.ticket);
            }
        }
        size = byEnd.size();
    }

    long nanosToNextEnd(long nowNanos) {
        return byEnd.isEmpty()
                ? LONGEST_SLEEP_NANOS
                : Math.clamp(byEnd.first().endNanos - nowNanos, 1, LONGEST_SLEEP_NANOS);
    }

    int size() {
        return size;
    }

    boolean waitsOn(int queue) {
        return byQueue.containsKey(queue);
    }

    Set<Integer> queues() {
        return Set.copyOf(byQueue.keySet());
    }
}
