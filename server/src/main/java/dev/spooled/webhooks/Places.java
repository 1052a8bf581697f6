package dev.spooled.webhooks;

import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;

/// Who may be called now. Attempts under way have a number of places; one that lasts longer than a second moves
/// over to the places of the slow, which are apart, and so does its target until it answers promptly again. A
/// target has a few places, a slow one fewer. So the slow and the dead wait for each other and for nobody else.
final class Places {
    private static final long PROMPT_NANOS = TimeUnit.SECONDS.toNanos(1);
    private static final int KNOWN_SLOW_MAX = 10_000;

    private final Bounds bounds;
    private final Set<Attempt> underWay = new LinkedHashSet<>();
    private final Map<String, Integer> perTarget = new HashMap<>();
    private final Map<String, Boolean> slow = new LinkedHashMap<>();

    /// At once: prompt attempts, slow ones, those of one target, those of one slow target.
    record Bounds(int prompt, int slow, int each, int eachSlow) {}

    /// Identity is what counts.
    static final class Attempt {
        private final String target;
        private final long started;

        private Attempt(String target, long started) {
            this.target = target;
            this.started = started;
        }
    }

    /// For so many prompt attempts at once.
    static Bounds bounds(int prompt) {
        return new Bounds(prompt, 4 * prompt, Math.max(1, prompt / 4), Math.max(1, prompt / 16));
    }

    Places(Bounds bounds) {
        this.bounds = bounds;
    }

    Bounds bounds() {
        return bounds;
    }

    synchronized Attempt enter(String target, long now) {
        var attempt = new Attempt(target, now);
        underWay.add(attempt);
        perTarget.merge(target, 1, Integer::sum);
        return attempt;
    }

    synchronized void leave(Attempt attempt, long now) {
        underWay.remove(attempt);
        perTarget.computeIfPresent(attempt.target, (target, n) -> n == 1 ? null : n - 1);
        if (now - attempt.started > PROMPT_NANOS) {
            noteSlow(attempt.target);
        } else {
            slow.remove(attempt.target);
        }
    }

    /// How many attempts may begin.
    synchronized int free(long now) {
        int old = noteOld(now);
        int young = underWay.size() - old;
        int overflow = Math.max(0, old - bounds.slow());
        return bounds.prompt() - young - overflow;
    }

    /// The room of targets that have less than a target has at first.
    synchronized Map<String, Integer> rooms(long now) {
        int old = noteOld(now);
        var rooms = new HashMap<String, Integer>();
        perTarget.forEach((target, n) -> rooms.put(target, bounds.each() - n));
        for (String target : slow.keySet()) {
            int room = bounds.eachSlow() - perTarget.getOrDefault(target, 0);
            rooms.put(target, old >= bounds.slow() ? 0 : room);
        }
        return rooms;
    }

    synchronized int underWay() {
        return underWay.size();
    }

    synchronized int slowUnderWay(long now) {
        return noteOld(now);
    }

    /// They began in order, so the old ones come first.
    private int noteOld(long now) {
        int old = 0;
        Iterator<Attempt> attempts = underWay.iterator();
        while (attempts.hasNext()) {
            Attempt attempt = attempts.next();
            if (now - attempt.started <= PROMPT_NANOS) {
                break;
            }
            noteSlow(attempt.target);
            old++;
        }
        return old;
    }

    private void noteSlow(String target) {
        slow.put(target, true);
        if (slow.size() > KNOWN_SLOW_MAX) {
            Iterator<String> oldest = slow.keySet().iterator();
            oldest.next();
            oldest.remove();
        }
    }
}
