package dev.spooled.live;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import dev.spooled.engine.JobMove;
import dev.spooled.engine.JobStatus;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// Puts the changes of jobs that several nodes tell into their order: each goes on from the status before. What does is
/// passed on at once; what does not waits a moment for what is missing, and is passed on without it then. What comes
/// later still is left out, so that nobody hears of an older change after a newer one. Used by one thread.
final class Sequence {
    static final long PATIENCE_NANOS = TimeUnit.MILLISECONDS.toNanos(100);
    private static final int JOBS_KNOWN = 100_000;
    private static final int JOBS_HELD = 20_000;

    private final Cache<UUID, Known> known = Caffeine.newBuilder()
            .maximumSize(JOBS_KNOWN)
            .expireAfterWrite(Duration.ofMinutes(1))
            .build();

    /// In the order in which they are to be let go.
    private final Map<UUID, Held> held = new LinkedHashMap<>();

    /// What was told last of a job.
    private record Known(JobStatus status, long number) {}

    private record Held(List<JobMove> moves, long until) {}

    /// Those of them, and of the ones held, that can be passed on now.
    List<JobMove> pass(List<JobMove> arrived, long now) {
        var passed = new ArrayList<JobMove>();
        for (JobMove move : arrived) {
            Held waiting = held.get(move.job());
            if (waiting != null) {
                waiting.moves().add(move);
                letGoOn(waiting, passed);
                if (waiting.moves().isEmpty()) {
                    held.remove(move.job());
                }
            } else if (goesOn(move)) {
                tell(move, passed);
            } else {
                var moves = new ArrayList<JobMove>();
                moves.add(move);
                held.put(move.job(), new Held(moves, now + PATIENCE_NANOS));
            }
        }
        letGoOverdue(passed, now);
        return passed;
    }

    /// All that is held.
    List<JobMove> letGoAll() {
        var passed = new ArrayList<JobMove>();
        held.values().forEach(each -> letGo(each, passed));
        held.clear();
        return passed;
    }

    /// Until something is to be let go, or `most` when there is nothing.
    long nanosToNext(long now, long most) {
        return held.isEmpty()
                ? most
                : Math.clamp(held.values().iterator().next().until() - now, 1, most);
    }

    private boolean goesOn(JobMove move) {
        Known last = known.getIfPresent(move.job());
        return move.from() == (last == null ? null : last.status());
    }

    private void letGoOverdue(List<JobMove> passed, long now) {
        Iterator<Held> each = held.values().iterator();
        while (each.hasNext()) {
            Held next = each.next();
            if (next.until() - now > 0 && held.size() <= JOBS_HELD) {
                return;
            }
            letGo(next, passed);
            each.remove();
        }
    }

    private void letGo(Held waiting, List<JobMove> passed) {
        waiting.moves().sort(Comparator.comparingLong(JobMove::number));
        letGoOn(waiting, passed);
        while (!waiting.moves().isEmpty()) {
            JobMove next = waiting.moves().removeFirst();
            Known last = known.getIfPresent(next.job());
            if (last == null || next.number() >= last.number()) {
                tell(next, passed);
            }
            letGoOn(waiting, passed);
        }
    }

    /// As many as go on one from the other.
    private void letGoOn(Held waiting, List<JobMove> passed) {
        JobMove next = takeNext(waiting.moves());
        while (next != null) {
            tell(next, passed);
            next = takeNext(waiting.moves());
        }
    }

    private @Nullable JobMove takeNext(List<JobMove> moves) {
        for (JobMove move : moves) {
            if (goesOn(move)) {
                moves.remove(move);
                return move;
            }
        }
        return null;
    }

    /// Clocks of nodes differ a little: a change that goes on from another never has the smaller number.
    private void tell(JobMove move, List<JobMove> passed) {
        Known last = known.getIfPresent(move.job());
        long number = last == null ? move.number() : Math.max(move.number(), last.number());
        known.put(move.job(), new Known(move.to(), number));
        passed.add(move.withNumber(number));
    }
}
