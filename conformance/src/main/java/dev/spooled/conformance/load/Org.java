package dev.spooled.conformance.load;

import java.util.Iterator;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedDeque;
import org.jspecify.annotations.Nullable;

/// An organization and its newest jobs, which operators pick from.
record Org(String name, String key, ConcurrentLinkedDeque<String> recent) {
    private static final int REMEMBERED = 300;

    Org(String name, String key) {
        this(name, key, new ConcurrentLinkedDeque<>());
    }

    void remember(List<String> jobs) {
        jobs.forEach(recent::addFirst);
        while (recent.size() > REMEMBERED) {
            recent.pollLast();
        }
    }

    @Nullable
    String some(Actor actor) {
        int skip = actor.dice().nextInt(REMEMBERED / 3);
        String found = null;
        for (Iterator<String> jobs = recent.iterator(); jobs.hasNext() && skip >= 0; skip--) {
            found = jobs.next();
        }
        return found;
    }
}
