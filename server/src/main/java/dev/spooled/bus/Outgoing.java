package dev.spooled.bus;

import dev.spooled.bus.Message.Work;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/// What waits to be sent. Putting in never waits: what does not fit is dropped, and that is remembered. That a
/// queue has work is kept once, however often it is said. Taken out by one thread.
final class Outgoing {
    static final long MAX_BYTES = 16L << 20;
    private static final int MAX_QUEUES = 100_000;
    private static final int QUEUES_IN_A_MESSAGE = 500;

    private record Place(int cell, int queue) {}

    private final ConcurrentLinkedQueue<Message> waiting = new ConcurrentLinkedQueue<>();
    private final Set<Place> work = ConcurrentHashMap.newKeySet();
    private final AtomicLong bytes = new AtomicLong();
    private final AtomicBoolean lost = new AtomicBoolean();

    void put(Message message) {
        if (message instanceof Work told) {
            if (work.size() > MAX_QUEUES) {
                lost.set(true);
            } else {
                told.queues().forEach(queue -> work.add(new Place(told.cell(), queue)));
            }
        } else if (bytes.addAndGet(message.weight()) > MAX_BYTES) {
            bytes.addAndGet(-message.weight());
            lost.set(true);
        } else {
            waiting.add(message);
        }
    }

    boolean isEmpty() {
        return waiting.isEmpty() && work.isEmpty() && !lost.get();
    }

    /// The next; null when there is no more.
    @Nullable
    Message poll() {
        Message next = waiting.poll();
        if (next != null) {
            bytes.addAndGet(-next.weight());
        }
        return next;
    }

    List<Message> takeWork() {
        if (work.isEmpty()) {
            return List.of();
        }
        Map<Integer, List<Integer>> byCell = new HashMap<>();
        for (Place place : work) {
            work.remove(place);
            byCell.computeIfAbsent(place.cell(), it -> new ArrayList<>()).add(place.queue());
        }
        var messages = new ArrayList<Message>();
        byCell.forEach((cell, queues) -> {
            for (int i = 0; i < queues.size(); i += QUEUES_IN_A_MESSAGE) {
                int end = Math.min(i + QUEUES_IN_A_MESSAGE, queues.size());
                messages.add(new Work(cell, List.copyOf(queues.subList(i, end))));
            }
        });
        return messages;
    }

    /// Whether something was dropped since last asked.
    boolean takeLost() {
        return lost.getAndSet(false);
    }

    long bytes() {
        return bytes.get();
    }
}
