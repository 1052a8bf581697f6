package dev.spooled.engine;

import dev.spooled.db.PgArray;
import dev.spooled.engine.Command.Leased;
import dev.spooled.time.Ids;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/// Where in a queue there is nothing left to claim, so that a claim need not step over it: per priority the
/// last id that was claimed. While some long transaction keeps PostgreSQL from taking dead rows back, a claim
/// from the start of its queue passes every row claimed since (0.3 us each: a factor of five within a
/// minute); from the marks none.
///
/// A mark holds as long as nothing enters the queue below it. What this lane itself puts there (retries,
/// promotions, reaped leases) drops the queue's marks, and claims of the same batch go without; what another
/// node puts there is found by the claim from the start that each queue gets once a second, and ids a little
/// younger than the mark are looked at again while other nodes are there. Queues that claim little are always
/// claimed from the start. Belongs to the lane's thread.
final class ClaimMarks {
    private static final long FROM_THE_START_EVERY_MICROS = 1_000_000;
    private static final long SLACK_MILLIS = 200;

    /// Jobs claimed in about the last minute from which on a queue is worth marks.
    private static final double BUSY = 500;

    private static final double FADES_BY = 0.98;
    private static final int QUEUES_MAX = 10_000;

    /// Priorities above and below all that exist.
    private static final short ABOVE = 10_000;

    private static final short BELOW = -10_000;
    private static final UUID NONE = new UUID(0, 0);

    private static final class Marks {
        final TreeMap<Short, UUID> claimed = new TreeMap<>(Comparator.reverseOrder());
        long fromTheStartAt;
        double lately;
        boolean holds;
    }

    /// The segments of several queues for one statement: priorities and marks in one row, and per queue the
    /// first and last of its own (null: from the start). A segment is a priority from its mark on, then what
    /// lies between it and the next priority of the row.
    static final class Segments {
        final PgArray priorities = PgArray.shorts();
        final PgArray marks = PgArray.uuids();
        final PgArray firsts = PgArray.ints();
        final PgArray lasts = PgArray.ints();
        private int size;

        private void add(@Nullable Marks of, boolean alone) {
            if (of == null) {
                firsts.addOrNull(null);
                lasts.addOrNull(null);
                return;
            }
            firsts.add(size + 1);
            add(ABOVE, NONE);
            of.claimed.forEach((priority, last) -> add(priority, alone ? last : before(last)));
            lasts.add(size);
            add(BELOW, NONE);
        }

        private void add(short priority, UUID mark) {
            priorities.add(priority);
            marks.add(mark);
            size++;
        }

        private static UUID before(UUID id) {
            return Ids.floor(Ids.millisOf(id) - SLACK_MILLIS);
        }
    }

    private final Map<Integer, Marks> byQueue = new HashMap<>();
    private final double busy;
    private boolean alone;

    ClaimMarks() {
        this(BUSY);
    }

    /// Queues are worth marks from `busy` jobs on, 0 for always.
    ClaimMarks(double busy) {
        this.busy = busy;
    }

    /// Whether no other node works the cell.
    void setAlone(boolean alone) {
        this.alone = alone;
    }

    Segments of(Collection<Integer> queues, Batch batch) {
        var segments = new Segments();
        boolean trusted = !batch.mayPutBack();
        for (int queue : queues) {
            Marks marks = byQueue.get(queue);
            segments.add(trusted && marks != null && holds(marks, batch.nowMicros()) ? marks : null, alone);
        }
        return segments;
    }

    private boolean holds(Marks marks, long nowMicros) {
        return marks.holds
                && marks.lately >= busy
                && Math.abs(nowMicros - marks.fromTheStartAt) < FROM_THE_START_EVERY_MICROS;
    }

    /// What a committed claim of `limit` jobs got from the queue.
    void claimed(int queue, long nowMicros, List<Leased> got, int limit) {
        if (byQueue.size() >= QUEUES_MAX && !byQueue.containsKey(queue)) {
            byQueue.clear();
        }
        Marks marks = byQueue.computeIfAbsent(queue, number -> new Marks());
        if (!holds(marks, nowMicros)) {
            startAnew(marks, nowMicros, got, limit);
        }
        for (Leased job : got) {
            marks.lately++;
            marks.claimed.merge((short) job.priority(), job.id(), ClaimMarks::later);
        }
    }

    /// A claim from the start has passed all of the priorities above the lowest it took from, and of all
    /// priorities when it got less than it asked for. What lies below that it has not seen.
    private static void startAnew(Marks marks, long nowMicros, List<Leased> got, int limit) {
        int lowest = got.size() < limit
                ? BELOW
                : got.stream().mapToInt(Leased::priority).min().orElse(BELOW);
        UUID passed = Ids.floor(nowMicros / 1_000 - SLACK_MILLIS);
        marks.claimed.replaceAll((priority, last) -> priority > lowest ? later(last, passed) : NONE);
        marks.lately *= FADES_BY;
        marks.fromTheStartAt = nowMicros;
        marks.holds = true;
    }

    private static UUID later(UUID one, UUID other) {
        return one.compareTo(other) > 0 ? one : other;
    }

    /// Something entered the queue that may be older than its marks.
    void drop(int queue) {
        Marks marks = byQueue.get(queue);
        if (marks != null) {
            drop(marks);
        }
    }

    private static void drop(Marks marks) {
        marks.holds = false;
        marks.claimed.replaceAll((priority, last) -> NONE);
    }

    /// After anything that leaves doubt about what was claimed.
    void dropAll() {
        byQueue.values().forEach(ClaimMarks::drop);
    }
}
