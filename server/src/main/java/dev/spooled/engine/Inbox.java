package dev.spooled.engine;

import dev.spooled.refusal.Refused;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/// Commands that wait for the lane, in the order they came; any thread adds, the lane's takes. Bounded by number and
/// by size: beyond that callers hear 503 at once, instead of a time-out later.
final class Inbox {
    static final int WAITING_MAX = 50_000;
    static final long BYTES_MAX = 64L << 20;

    private final Queue<Ticket<?>> tickets = new ConcurrentLinkedQueue<>();

    /// Counted apart, as a linked queue counts by walking.
    private final AtomicInteger size = new AtomicInteger();

    private final AtomicLong bytes = new AtomicLong();

    /// Throws `Refused` with `Unavailable` when too much waits.
    void add(Ticket<?> ticket) {
        boolean room = size.incrementAndGet() <= WAITING_MAX;
        room &= bytes.addAndGet(bytesOf(ticket.command())) <= BYTES_MAX;
        if (!room) {
            uncount(ticket);
            throw Refused.unavailable("too many requests are waiting");
        }
        tickets.add(ticket);
    }

    @Nullable
    Ticket<?> poll() {
        Ticket<?> ticket = tickets.poll();
        if (ticket != null) {
            uncount(ticket);
        }
        return ticket;
    }

    boolean isEmpty() {
        return tickets.isEmpty();
    }

    int size() {
        return size.get();
    }

    /// Refuses what waits now and returns how many that were. Who hears it may come back at once: that is for the
    /// next look, or callers in a hurry would keep the lane here.
    int refuseAll(String why) {
        int refused = 0;
        for (int waiting = size(); refused < waiting; refused++) {
            Ticket<?> ticket = poll();
            if (ticket == null) {
                break;
            }
            ticket.refuse(Refused.unavailable(why));
        }
        return refused;
    }

    private void uncount(Ticket<?> ticket) {
        size.decrementAndGet();
        bytes.addAndGet(-bytesOf(ticket.command()));
    }

    private static long bytesOf(Command<?> command) {
        return switch (command) {
            case Command.Enqueue enqueue -> {
                long sum = 0;
                for (NewJob job : enqueue.jobs()) {
                    sum += job.bytes();
                }
                yield sum;
            }
            case Command.Complete complete -> {
                String result = complete.result();
                yield 128L + (result == null ? 0 : result.length());
            }
            case Command.EnqueueWorkflow enqueue -> enqueue.workflow().bytes();
            case Command.Signal signal -> {
                String data = signal.data();
                yield 128L + (data == null ? 0 : data.length());
            }
            case Command.Fire fire -> {
                NewJob job = fire.job();
                yield 128L + (job == null ? 0 : job.bytes());
            }
            case Command.Replay replay -> 64L * replay.jobs().size();
            case Command.Purge purge -> 64L * purge.jobs().size();
            default -> 128L;
        };
    }
}
