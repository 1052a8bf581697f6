package dev.spooled.live;

import java.util.EnumSet;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// What a listener wants to hear: of these kinds, what passes the filter it came with, and one of its subscriptions if
/// it has any. With a non-empty `scope` only what is about one of those queues.
record Interest(Set<EventKind> kinds, Filter base, Set<Filter> subscribed, Set<String> scope) {
    private static final int MAX_NAMES = 64;

    /// The kinds that a comma list of names means; null, and `*` in it, means the usual ones. A name nobody knows means
    /// nothing.
    static Set<EventKind> kinds(@Nullable String names, Dialect dialect) {
        return names == null || names.isBlank()
                ? dialect.usual()
                : kinds(List.of(names.split(",", MAX_NAMES + 1)), dialect);
    }

    static Set<EventKind> kinds(List<String> names, Dialect dialect) {
        var kinds = EnumSet.noneOf(EventKind.class);
        for (String name : names.subList(0, Math.min(names.size(), MAX_NAMES))) {
            if (name.strip().equals("*")) {
                kinds.addAll(dialect.usual());
            }
            EventKind.named(name).ifPresent(kinds::add);
        }
        return kinds;
    }

    Interest with(Set<Filter> subscriptions) {
        return new Interest(kinds, base, Set.copyOf(subscriptions), scope);
    }

    Interest in(Set<String> queues) {
        return new Interest(kinds, base, subscribed, queues);
    }

    boolean wants(LiveEvent event) {
        return kinds.contains(event.kind())
                && isInScope(event.about())
                && base.passes(event.about())
                && (subscribed.isEmpty() || subscribed.stream().anyMatch(filter -> filter.passes(event.about())));
    }

    private boolean isInScope(LiveEvent.About about) {
        return scope.isEmpty() || about.queue() != null && scope.contains(about.queue());
    }

    /// Under which names events that it may want are looked for: wider than `wants`, and cheap.
    Keys keys() {
        var keys = new Keys(new HashSet<>(), new HashSet<>());
        Set<Filter> filters = subscribed.isEmpty() ? Set.of(Filter.NONE) : subscribed;
        for (Filter filter : filters) {
            if (!(keys.add(filter) || keys.add(base) || keys.queues.addAll(scope))) {
                return Keys.ALL;
            }
        }
        return keys;
    }

    /// Events of these queues and jobs; with neither, all.
    record Keys(Set<String> queues, Set<String> jobs) {
        static final Keys ALL = new Keys(Set.of(), Set.of());

        boolean isAll() {
            return queues.isEmpty() && jobs.isEmpty();
        }

        private boolean add(Filter filter) {
            if (filter.job() != null) {
                jobs.add(filter.job().toLowerCase(Locale.ROOT));
                return true;
            }
            if (filter.queue() != null && filter.queue().isExact()) {
                queues.add(filter.queue().text());
                return true;
            }
            return false;
        }
    }
}
