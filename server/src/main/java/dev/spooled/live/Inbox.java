package dev.spooled.live;

import dev.spooled.announce.Announcement;
import dev.spooled.engine.JobMove;
import dev.spooled.engine.JobMove.Detail;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/// What has been told and not been handed out yet. Putting in never waits: what does not fit is dropped, and whose it
/// was is remembered. Read by one thread.
final class Inbox {
    private static final long MAX_BYTES = 64L << 20;
    private static final int OVERHEAD = 200;

    private final ConcurrentLinkedQueue<Told> told = new ConcurrentLinkedQueue<>();
    private final AtomicLong bytes = new AtomicLong();
    private final Set<Integer> lost = new HashSet<>();
    private volatile @Nullable Thread reader;

    /// `own` is what was committed here.
    sealed interface Told {
        long weight();

        boolean own();

        /// The same, apart by organization.
        Map<Integer, Told> ofOrgs();
    }

    record Moves(List<JobMove> moves, long weight, boolean own) implements Told {
        static Moves of(List<JobMove> moves, boolean own) {
            long weight = 0;
            for (JobMove move : moves) {
                weight += OVERHEAD + (move.detail() instanceof Detail.Completed done ? length(done.result()) : 0);
            }
            return new Moves(moves, weight, own);
        }

        @Override
        public Map<Integer, Told> ofOrgs() {
            var byOrg = new LinkedHashMap<Integer, List<JobMove>>();
            moves.forEach(move ->
                    byOrg.computeIfAbsent(move.org(), it -> new ArrayList<>()).add(move));
            var parts = new LinkedHashMap<Integer, Told>();
            byOrg.forEach((org, part) -> parts.put(org, of(part, own)));
            return parts;
        }
    }

    record News(Announcement news, Instant at, boolean own) implements Told {
        @Override
        public long weight() {
            return OVERHEAD;
        }

        @Override
        public Map<Integer, Told> ofOrgs() {
            return Map.of(news.org(), this);
        }
    }

    /// What there is, and organizations of which something is missing.
    record Delivery(List<Told> told, Set<Integer> lost) {}

    void put(Told item) {
        if (bytes.addAndGet(item.weight()) > MAX_BYTES) {
            bytes.addAndGet(-item.weight());
            synchronized (lost) {
                lost.addAll(item.ofOrgs().keySet());
            }
            return;
        }
        told.add(item);
        LockSupport.unpark(reader);
    }

    private static long length(@Nullable String text) {
        return text == null ? 0 : 2L * text.length();
    }

    // ---- the reader

    /// All there is; waits for something up to that long.
    Delivery take(long nanos) {
        reader = Thread.currentThread();
        if (told.isEmpty()) {
            LockSupport.parkNanos(this, nanos);
        }
        var taken = new ArrayList<Told>();
        for (Told next = told.poll(); next != null; next = told.poll()) {
            taken.add(next);
            bytes.addAndGet(-next.weight());
        }
        synchronized (lost) {
            Set<Integer> missed = Set.copyOf(lost);
            lost.clear();
            return new Delivery(taken, missed);
        }
    }

    void wake() {
        LockSupport.unpark(reader);
    }
}
