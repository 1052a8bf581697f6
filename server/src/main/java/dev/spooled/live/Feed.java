package dev.spooled.live;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/// The newest events of an organization in their order, and who listens to them. It lives while somebody listens and
/// some minutes longer, for those who come back.
///
/// What it keeps is bounded in number and size; all feeds together are, too, at the cost of whoever has most to say.
/// One lock guards all of it, and whoever holds it does little.
final class Feed {
    static final int KEPT = 10_000;
    private static final long KEPT_BYTES = 16L << 20;
    static final long KEPT_BYTES_OF_ALL = 96L << 20;
    private static final int KEPT_ALWAYS = 512;
    private static final int FIRST_SIZE = 256;

    /// Events looked at in one go, and how far behind passing ones are left out.
    private static final int SCANNED = 2_048;

    private static final int LAG = 256;

    private final AtomicLong heldByAll;
    private final AtomicLong leftOut;
    private String name = newName();
    private @Nullable Entry[] ring = new Entry[FIRST_SIZE];
    private long first = 1;
    private long next = 1;
    private long bytes;
    private long leftAt;

    /// Where the newest event of a passing kind about a thing is.
    private final Map<String, Long> newest = new HashMap<>();

    private final Set<Listener> listeners = new HashSet<>();
    private final Set<Listener> ofAll = new HashSet<>();
    private final Map<String, Set<Listener>> ofQueue = new HashMap<>();
    private final Map<UUID, Set<Listener>> ofJob = new HashMap<>();

    /// An event in its place.
    static final class Entry {
        private final String feed;
        private final long sequence;
        private final LiveEvent event;
        private volatile byte @Nullable [] frame;

        private Entry(String feed, long sequence, LiveEvent event) {
            this.feed = feed;
            this.sequence = sequence;
            this.event = event;
        }

        long sequence() {
            return sequence;
        }

        LiveEvent event() {
            return event;
        }

        /// What one says who comes back to it.
        String place() {
            return feed + "-" + sequence;
        }

        /// The frame that most streams send, made by the first of them.
        byte[] frame() {
            byte[] known = frame;
            if (known == null) {
                known = Frames.USUAL.frame(event, place());
                frame = known;
            }
            return known;
        }
    }

    /// `heldByAll` counts the bytes of all feeds, `leftOut` passing events that nobody was sent.
    Feed(AtomicLong heldByAll, AtomicLong leftOut) {
        this.heldByAll = heldByAll;
        this.leftOut = leftOut;
    }

    private static String newName() {
        return UUID.randomUUID().toString().substring(24);
    }

    // ---- what happens

    /// Answers who has something to do now and had nothing before.
    synchronized List<Listener> add(List<LiveEvent> events) {
        long begun = next;
        events.forEach(this::put);
        var roused = new ArrayList<Listener>();
        hear(ofAll, begun, roused);
        if (!ofQueue.isEmpty() || !ofJob.isEmpty()) {
            for (int i = 0; i < events.size(); i++) {
                LiveEvent.About about = events.get(i).about();
                hear(ofQueue.get(about.queue()), begun + i, roused);
                hear(ofJob.get(about.job()), begun + i, roused);
                hear(events.get(i).kind() == EventKind.ERROR ? listeners : null, begun + i, roused);
            }
        }
        return roused;
    }

    private static void hear(@Nullable Set<Listener> concerned, long sequence, List<Listener> roused) {
        if (concerned != null) {
            for (Listener listener : concerned) {
                if (listener.hear(sequence)) {
                    roused.add(listener);
                }
            }
        }
    }

    private void put(LiveEvent event) {
        if (next - first == ring.length) {
            makeRoom();
        }
        ring[slot(next)] = new Entry(name, next, event);
        if (event.kind().isPassing()) {
            newest.put(event.key(), next);
        }
        next++;
        bytes += event.weight();
        heldByAll.addAndGet(event.weight());
        while (next - first > KEPT_ALWAYS && (bytes > KEPT_BYTES || heldByAll.get() > KEPT_BYTES_OF_ALL)) {
            dropOldest();
        }
    }

    private void makeRoom() {
        if (ring.length >= KEPT) {
            dropOldest();
            return;
        }
        var larger = new @Nullable Entry[Math.min(KEPT, ring.length * 2)];
        for (long i = first; i < next; i++) {
            larger[(int) (i % larger.length)] = ring[slot(i)];
        }
        ring = larger;
    }

    private void dropOldest() {
        LiveEvent oldest = at(first).event();
        ring[slot(first)] = null;
        if (oldest.kind().isPassing()) {
            newest.remove(oldest.key(), first);
        }
        first++;
        bytes -= oldest.weight();
        heldByAll.addAndGet(-oldest.weight());
    }

    private Entry at(long sequence) {
        return Objects.requireNonNull(ring[slot(sequence)]);
    }

    private int slot(long sequence) {
        return (int) (sequence % ring.length);
    }

    /// Events were lost before they came here: who listens cannot go on, nor can who comes back.
    synchronized void lose() {
        listeners.forEach(listener -> listener.end(Listener.End.LOST));
        forget();
        name = newName();
    }

    /// Gives the memory back.
    synchronized void forget() {
        heldByAll.addAndGet(-bytes);
        Arrays.fill(ring, null);
        newest.clear();
        bytes = 0;
        first = next;
    }

    // ---- who listens

    /// Lets a listener in, after the event that `last` names if it is still known. Answers false if it is not, and the
    /// listener then begins with what happens next, as it does without one.
    synchronized boolean join(Listener listener, @Nullable String last) {
        listeners.add(listener);
        index(listener, true);
        long seen = last == null ? next - 1 : sequence(last);
        boolean known = seen >= first - 1 && seen < next;
        listener.readTo(known ? seen + 1 : next, !known || seen + 1 == next);
        return known;
    }

    synchronized void leave(Listener listener) {
        if (listeners.remove(listener)) {
            index(listener, false);
            leftAt = System.nanoTime();
        }
    }

    synchronized void change(Listener listener, Interest interest) {
        if (!listeners.contains(listener)) {
            return;
        }
        index(listener, false);
        listener.becomes(interest);
        index(listener, true);
    }

    private void index(Listener listener, boolean in) {
        Interest.Keys keys = listener.interestInFeed().keys();
        if (keys.isAll()) {
            var unused = in ? ofAll.add(listener) : ofAll.remove(listener);
        }
        keys.queues().forEach(queue -> index(ofQueue, queue, listener, in));
        keys.jobs().forEach(job -> index(ofJob, job, listener, in));
    }

    private static <K> void index(Map<K, Set<Listener>> by, K key, Listener listener, boolean in) {
        if (in) {
            by.computeIfAbsent(key, it -> new HashSet<>()).add(listener);
        } else {
            by.computeIfPresent(key, (it, set) -> set.remove(listener) && set.isEmpty() ? null : set);
        }
    }

    synchronized List<Listener> listeners() {
        return List.copyOf(listeners);
    }

    synchronized int count(Listener.Door door) {
        return (int)
                listeners.stream().filter(listener -> listener.door() == door).count();
    }

    /// Whether nobody has listened for so long.
    synchronized boolean isDeserted(long now, long nanos) {
        return listeners.isEmpty() && now - leftAt > nanos;
    }

    // ---- reading

    synchronized List<Entry> take(Listener listener, int most) {
        if (listener.isIdle()) {
            return List.of();
        }
        long from = listener.pending();
        if (from < first) {
            listener.end(Listener.End.SLOW);
            return List.of();
        }
        var found = new ArrayList<Entry>();
        long at = from;
        while (at < next && found.size() < most && at - from < SCANNED) {
            Entry entry = at(at++);
            if (listener.interestInFeed().wants(entry.event()) && !isOutdated(entry)) {
                found.add(entry);
            }
        }
        listener.readTo(at, at == next);
        return found;
    }

    /// For one far behind, only the newest of what passes is worth its while.
    private boolean isOutdated(Entry entry) {
        if (!entry.event().kind().isPassing() || next - entry.sequence() < LAG) {
            return false;
        }
        boolean outdated =
                !Long.valueOf(entry.sequence()).equals(newest.get(entry.event().key()));
        if (outdated) {
            leftOut.incrementAndGet();
        }
        return outdated;
    }

    synchronized boolean hasNews(Listener listener) {
        return !listener.isIdle();
    }

    /// Whether more than so much waits for a listener. Looks at what came since it was last asked.
    synchronized boolean isBehind(Listener listener, int events, long ofBytes) {
        if (listener.isIdle()) {
            return false;
        }
        if (listener.pending() < first) {
            return true;
        }
        for (long i = Math.max(first, listener.countedFrom()); i < next; i++) {
            LiveEvent event = at(i).event();
            if (!event.kind().isPassing() && listener.interestInFeed().wants(event)) {
                listener.count(event);
                if (listener.countedTo(i + 1, events, ofBytes)) {
                    return true;
                }
            }
        }
        return listener.countedTo(next, events, ofBytes);
    }

    synchronized String place(Listener listener) {
        return name + "-" + listener.position();
    }

    /// -1 for a place that is not in this feed.
    private long sequence(String place) {
        String start = name + "-";
        String number = place.startsWith(start) ? place.substring(start.length()) : "";
        boolean plain =
                !number.isEmpty() && number.length() < 19 && number.chars().allMatch(c -> c >= '0' && c <= '9');
        return plain ? Long.parseLong(number) : -1;
    }
}
