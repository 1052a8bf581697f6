package dev.spooled.live;

import java.util.EnumSet;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/// What a listener wants to hear: what passes the filter it came with, and one of its subscriptions if it has
/// any. The kinds are those of `base`, else of the subscription, else the `usual` ones. With a non-empty `scope`
/// only what is about one of those queues.
record Interest(Set<EventKind> usual, Filter base, Set<Filter> subscribed, Set<String> scope) {
    private static final int MAX_NAMES = 64;

    static Interest all(Dialect dialect, Filter base, Set<String> scope) {
        return new Interest(dialect.usual(), base, Set.of(), scope);
    }

    /// The kinds that a comma list of names means; null for none. `*` means the usual ones, a name nobody knows
    /// nothing.
    static @Nullable Set<EventKind> kinds(@Nullable String names, Dialect dialect) {
        return names == null || names.isBlank() ? null : kinds(List.of(names.split(",", MAX_NAMES + 1)), dialect);
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

    Interest in(Dialect dialect) {
        return new Interest(dialect.usual(), base, subscribed, scope);
    }

    Interest with(Set<Filter> subscriptions) {
        return new Interest(usual, base, Set.copyOf(subscriptions), scope);
    }

    Interest in(Set<String> queues) {
        return new Interest(usual, base, subscribed, queues);
    }

    /// That something is missing, everybody wants to know.
    boolean wants(LiveEvent event) {
        return event.kind() == EventKind.ERROR
                || isInScope(event.about()) && base.passes(event.about()) && isSubscribed(event);
    }

    private boolean isSubscribed(LiveEvent event) {
        if (subscribed.isEmpty()) {
            return isOf(base.kinds() == null ? usual : base.kinds(), event);
        }
        return subscribed.stream().anyMatch(filter -> isSubscribed(filter, event));
    }

    private boolean isSubscribed(Filter filter, LiveEvent event) {
        boolean kind = filter.kinds() == null
                ? isOf(base.kinds() == null ? usual : base.kinds(), event)
                : isOf(filter.kinds(), event) && (base.kinds() == null || isOf(base.kinds(), event));
        return kind && filter.passes(event.about());
    }

    private static boolean isOf(Set<EventKind> kinds, LiveEvent event) {
        return kinds.contains(event.kind());
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
    record Keys(Set<String> queues, Set<UUID> jobs) {
        static final Keys ALL = new Keys(Set.of(), Set.of());

        boolean isAll() {
            return queues.isEmpty() && jobs.isEmpty();
        }

        private boolean add(Filter filter) {
            if (filter.job() != null) {
                jobs.add(filter.job());
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
