package dev.spooled.jobs;

import dev.spooled.access.Caller;
import dev.spooled.db.Args;
import dev.spooled.db.Homes;
import dev.spooled.db.PgArray;
import dev.spooled.db.Sql;
import dev.spooled.db.Statements;
import dev.spooled.engine.JobStatus;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// How many jobs are in which state: from the counters, never by counting jobs. By the values of a tag:
/// counted, but only among the newest `TAG_WINDOW` that carry it.
public final class JobStats {
    private static final Statements SQL = Statements.beside(JobStats.class, "lists.sql");
    private static final Sql STATS = SQL.get("stats");
    private static final Sql STATS_BY_TAG = SQL.get("stats_by_tag");
    private static final Sql QUEUES_OF = SQL.get("queues_of");

    /// What can be looked up job by job in some 40 ms.
    static final int TAG_WINDOW = 1_500;

    private final Homes db;

    public JobStats(Homes db) {
        this.db = db;
    }

    /// Numbers by state; a state without jobs is missing.
    record Counts(Map<JobStatus, Long> by) {
        long of(JobStatus status) {
            return by.getOrDefault(status, 0L);
        }

        long total() {
            return by.values().stream().mapToLong(Long::longValue).sum();
        }
    }

    /// `value` is null where the tag has no plain value.
    record TagCounts(@Nullable String value, Counts counts) {}

    Counts of(Caller caller, @Nullable String queueName) {
        var counts = new Counts(new EnumMap<>(JobStatus.class));
        Args args = args(caller, queueName);
        db.asEngineFor(
                caller.org(),
                tx -> tx.list(
                        STATS,
                        args,
                        row -> counts.by().put(JobStatus.of(row.integer("kind")), Math.max(0, row.bigint("n")))));
        return counts;
    }

    /// Most jobs first.
    List<TagCounts> byTag(Caller caller, String tag) {
        Map<String, TagCounts> found = new LinkedHashMap<>();
        Args args = args(caller, null).and("tag", tag).and("scan", TAG_WINDOW);
        db.inOrg(
                caller.org(),
                tx -> tx.list(STATS_BY_TAG, args, row -> {
                    String value = row.textOrNull("value");
                    return found.computeIfAbsent(
                                    String.valueOf(value),
                                    key -> new TagCounts(value, new Counts(new EnumMap<>(JobStatus.class))))
                            .counts()
                            .by()
                            .put(JobStatus.of(row.integer("status")), row.bigint("n"));
                }));
        var all = new ArrayList<>(found.values());
        all.sort((one, other) ->
                Long.compare(other.counts().total(), one.counts().total()));
        return all;
    }

    private Args args(Caller caller, @Nullable String queueName) {
        Args args = Args.of("org", caller.org());
        return args.and("queues", queues(caller, queueName));
    }

    /// Null for all.
    private @Nullable PgArray queues(Caller caller, @Nullable String queueName) {
        if (queueName != null) {
            caller.check(queueName);
        } else if (caller.queues().isEmpty()) {
            return null;
        }
        PgArray names = PgArray.texts();
        (queueName != null ? List.of(queueName) : caller.queues()).forEach(names::add);
        PgArray numbers = PgArray.ints();
        Args args = Args.of("org", caller.org()).and("names", names);
        db.inOrg(caller.org(), tx -> tx.list(QUEUES_OF, args, row -> numbers.add(row.integer("id"))));
        return numbers;
    }
}
