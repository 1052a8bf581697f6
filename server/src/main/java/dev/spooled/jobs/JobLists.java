package dev.spooled.jobs;

import dev.spooled.access.Caller;
import dev.spooled.db.Args;
import dev.spooled.db.Homes;
import dev.spooled.db.PgArray;
import dev.spooled.db.Sql;
import dev.spooled.db.Statements;
import dev.spooled.db.Tx;
import dev.spooled.engine.JobStatus;
import dev.spooled.jobs.ListRequest.Key;
import dev.spooled.time.Clock;
import dev.spooled.time.Ids;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/// Lists jobs. Each filter has a walk of its own over an index in id order (lists.sql), and the work of each is
/// bounded: where a filter finds little among much, a list may end before its time, but never takes long.
public final class JobLists {
    private static final Statements SQL = Statements.beside(JobLists.class, "lists.sql");
    private static final Sql PAGE = SQL.get("page");
    private static final Sql PAGE_TAGGED = SQL.get("page_tagged");
    private static final Sql QUEUES_OF = SQL.get("queues_of");
    private static final Sql HOLDING = SQL.get("holding");
    private static final Sql BACKLOG = SQL.get("backlog");
    private static final Sql TAG_IS_COMMON = SQL.get("tag_is_common");
    private static final Sql DEAD_BEFORE = SQL.get("dead_before");

    /// Sorted lists other than by time, and combined filters, look no further than this many of the newest.
    static final int WINDOW = 10_000;

    private static final int FEW_TAGGED = 4_000;

    /// More queues than this are narrowed to those that hold something before they are walked.
    private static final int FEW_QUEUES = 50;

    /// Of a filter's jobs in each queue: a common tag is mostly met at once.
    private static final int LOOKED_UP_FIRST = 250;

    private static final int LOOKED_UP_LEAST = 500;

    /// Jobs are looked for here before they are looked for everywhere.
    private static final Duration LATELY = Duration.ofDays(3);

    private static final int BACKLOG_MAX = 20_000;
    private static final int CANDIDATES_MAX = 40_000;

    /// Jobs the counters may not know of yet.
    private static final int RECENT = 2_000;

    private static final UUID NEWEST = new UUID(-1, -1);
    private static final UUID OLDEST = new UUID(0, 0);

    private final Homes db;
    private final Clock clock;
    private final JobReads.Kept kept;

    public JobLists(Homes db, Clock clock, JobReads.Kept kept) {
        this.db = db;
        this.clock = clock;
        this.kept = kept;
    }

    List<Job> list(Caller caller, ListRequest asked) {
        Reach reach = reach(caller, asked.queueName(), asked.status());
        return db.inOrg(caller.org(), tx -> {
            if (reach.queues().isEmpty()) {
                return List.of();
            }
            return asked.order().key() == Key.CREATED_AT
                    ? walked(tx, caller, asked, reach)
                    : sorted(tx, caller, asked, reach);
        });
    }

    /// Full jobs, newest first.
    List<Job> deadLetters(Caller caller, @Nullable String queueName, ListRequest.Part part) {
        Reach reach = reach(caller, queueName, JobStatus.DEADLETTER);
        return db.inOrg(caller.org(), tx -> {
            Args args = args(caller, reach, JobStatus.DEADLETTER, null)
                    .and("edge", NEWEST)
                    .and("scan", part.offset() + part.limit())
                    .and("skip", part.offset())
                    .and("page", part.limit());
            return read(tx, new Walk(SQL.get("ended")), PAGE, args, true);
        });
    }

    /// Ids of dead letters, oldest first; with `before` only of those that died before it.
    List<UUID> oldestDead(Caller caller, @Nullable String queueName, @Nullable Instant before, int limit) {
        if (queueName != null) {
            caller.check(queueName);
        }
        Reach reach = reach(caller, queueName, JobStatus.DEADLETTER);
        return db.inOrg(caller.org(), tx -> {
            Args args = args(caller, reach, JobStatus.DEADLETTER, null)
                    .and("edge", before == null ? OLDEST : Ids.floor(before.toEpochMilli() + 1))
                    .and("before", before)
                    .and("floor", OLDEST)
                    .and("scan", limit);
            Sql sql = before == null ? new Walk(SQL.get("ended")).oldestFirst().sql() : DEAD_BEFORE;
            return tx.list(sql, args, row -> row.uuid("id"));
        });
    }

    private List<Job> walked(Tx tx, Caller caller, ListRequest asked, Reach reach) {
        ListRequest.Part part = asked.part();
        boolean ascending = asked.order().ascending();
        UUID edge = part.cursor() != null ? part.cursor() : ascending ? OLDEST : NEWEST;
        Args args = args(caller, reach, asked.status(), asked.tag())
                .and("edge", edge)
                .and("skip", part.offset())
                .and("page", part.limit());
        List<Job> found = pick(tx, caller, asked, reach, args, part.offset() + part.limit());
        return ascending ? found.reversed() : found;
    }

    /// The newest jobs, sorted here.
    private List<Job> sorted(Tx tx, Caller caller, ListRequest asked, Reach reach) {
        Args args = args(caller, reach, asked.status(), asked.tag())
                .and("edge", NEWEST)
                .and("skip", 0)
                .and("page", WINDOW);
        var newest = new ListRequest(
                asked.queueName(),
                asked.status(),
                asked.tag(),
                new ListRequest.Order(Key.CREATED_AT, false),
                asked.part());
        Comparator<Job> order = orderOf(asked.order().key());
        return pick(tx, caller, newest, reach, args, WINDOW).stream()
                .sorted((asked.order().ascending() ? order : order.reversed())
                        .thenComparing(Job::id, Comparator.reverseOrder()))
                .skip(asked.part().offset())
                .limit(asked.part().limit())
                .toList();
    }

    private static Comparator<Job> orderOf(Key key) {
        Comparator<Instant> time = Comparator.naturalOrder();
        return switch (key) {
            case CREATED_AT -> Comparator.comparing(Job::id);
            case UPDATED_AT -> Comparator.comparing(job -> job.times().updated());
            case SCHEDULED_AT -> Comparator.comparing(job -> job.times().scheduled(), Comparator.nullsFirst(time));
            case COMPLETED_AT -> Comparator.comparing(job -> job.times().completed(), Comparator.nullsFirst(time));
            case PRIORITY -> Comparator.comparingInt(Job::priority);
            case STATUS -> Comparator.comparing(job -> job.status().wire());
            case QUEUE_NAME -> Comparator.comparing(Job::queueName);
            case RETRY_COUNT -> Comparator.comparingInt(Job::retryCount);
        };
    }

    /// Chooses the walk: by the tag if it is rare or the only filter, else by state or queue, the tag
    /// looked up for each.
    private List<Job> pick(Tx tx, Caller caller, ListRequest asked, Reach reach, Args args, int wanted) {
        boolean everywhere = asked.queueName() == null && caller.queues().isEmpty();
        boolean ascending = asked.order().ascending();
        if (asked.tag() == null) {
            return read(
                    tx,
                    turned(base(tx, args.and("scan", wanted), asked, everywhere, wanted), ascending),
                    PAGE,
                    args,
                    false);
        }
        if (asked.status() == null && everywhere) {
            return read(tx, turned("tagged", ascending), PAGE, args.and("scan", wanted), false);
        }
        boolean common = tx.first(TAG_IS_COMMON, args.and("few", FEW_TAGGED), row -> true)
                .isPresent();
        if (!common) {
            args.and("scan", wanted).and("candidates", FEW_TAGGED);
            return read(tx, turned("tagged_in", ascending), PAGE, args, false);
        }
        Walk walk = turned(base(tx, args, asked, everywhere, WINDOW), ascending);
        int first = Math.max(LOOKED_UP_FIRST, 2 * wanted);
        List<Job> found = read(tx, walk, PAGE_TAGGED, args.and("scan", first), false);
        if (found.size() == asked.part().limit()) {
            return found;
        }
        args.and("scan", Math.max(LOOKED_UP_LEAST, WINDOW / reach.queues().size()));
        return read(tx, walk, PAGE_TAGGED, args, false);
    }

    private static Walk turned(String walk, boolean ascending) {
        var newestFirst = new Walk(SQL.get(walk));
        return ascending ? newestFirst.oldestFirst() : newestFirst;
    }

    private static String base(Tx tx, Args args, ListRequest asked, boolean everywhere, int wanted) {
        return switch (asked.status()) {
            case null -> everywhere ? "of_org" : "of_queues";
            case PENDING -> "pending";
            case SCHEDULED -> "scheduled";
            case PROCESSING -> "processing";
            case COMPLETED -> completed(tx, args, everywhere, wanted);
            case FAILED, DEADLETTER, CANCELLED -> "ended";
        };
    }

    private static String completed(Tx tx, Args args, boolean everywhere, int wanted) {
        long backlog = tx.first(BACKLOG, args, row -> row.bigint("n")).orElse(0L);
        if (backlog > BACKLOG_MAX) {
            args.and("candidates", CANDIDATES_MAX);
            return "completed_behind_backlog";
        }
        args.and("candidates", Math.max(0, backlog) + wanted + RECENT);
        return everywhere ? "completed_of_org" : "completed";
    }

    /// The newest of a list are looked for in the last days first, then the rest in those before: a look
    /// opens every day it may have to look into.
    private List<Job> read(Tx tx, Walk walk, Sql page, Args args, boolean full) {
        Integer wanted = (Integer) args.value("page");
        Object edge = args.value("edge");
        if (!walk.newestFirst()
                || wanted == null
                || wanted >= WINDOW
                || !Integer.valueOf(0).equals(args.value("skip"))) {
            return look(tx, walk, page, args.and("floor", OLDEST), full);
        }
        UUID lately = lately(args);
        var found = new ArrayList<>(look(tx, walk, page, args.and("floor", lately), full));
        if (found.size() < wanted) {
            args.and("edge", lately).and("floor", OLDEST).and("page", wanted - found.size());
            found.addAll(look(tx, walk, page, args, full));
            args.and("edge", edge).and("page", wanted);
        }
        return found;
    }

    private UUID lately(Args args) {
        long edge = args.value("edge") instanceof UUID id ? Ids.millisOf(id) : Long.MAX_VALUE;
        return Ids.floor(Math.max(0, Math.min(edge, clock.nowMillis()) - LATELY.toMillis()));
    }

    private static List<Job> look(Tx tx, Walk walk, Sql page, Args args, boolean full) {
        Sql sql = JobReads.seenBy(new Walk(walk.in(page)));
        args.and("first", args.value(walk.newestFirst() ? "floor" : "edge"))
                .and("last", walk.newestFirst() ? args.value("edge") : NEWEST);
        return tx.list(sql, args.and("full", full), JobReads::job);
    }

    /// What a caller can mean: queues, and jobs that have not ended before. Found before the list's own
    /// transaction.
    private record Reach(List<Integer> queues, Instant endedSince) {}

    private Reach reach(Caller caller, @Nullable String queueName, @Nullable JobStatus status) {
        return new Reach(
                holding(caller, queues(caller, queueName), status), kept.jobs().apply(caller.org()));
    }

    private static Args args(Caller caller, Reach reach, @Nullable JobStatus status, @Nullable String tag) {
        return Args.of("org", caller.org())
                .and("queues", numbers(reach.queues()))
                .and("status", status == null ? null : status.ordinal())
                .and("tag", tag)
                .and("ended_since", reach.endedSince());
    }

    private static PgArray numbers(List<Integer> queues) {
        PgArray numbers = PgArray.ints();
        queues.forEach(numbers::add);
        return numbers;
    }

    /// The queues meant: the one named, all the key may see, or all. A name nobody has used and one the key
    /// may not see lead to none.
    private List<Integer> queues(Caller caller, @Nullable String queueName) {
        PgArray names = null;
        if (queueName != null) {
            names = PgArray.texts(caller.maySee(queueName) ? List.of(queueName) : List.of());
        } else if (!caller.queues().isEmpty()) {
            names = PgArray.texts(caller.queues());
        }
        Args args = Args.of("org", caller.org()).and("names", names);
        return db.inOrg(caller.org(), tx -> tx.list(QUEUES_OF, args, row -> row.integer("id")));
    }

    /// Of many queues those that hold jobs of a state. Any state, and one that a listing by time passes over,
    /// mean all.
    private List<Integer> holding(Caller caller, List<Integer> queues, @Nullable JobStatus status) {
        if (queues.size() <= FEW_QUEUES || status == null || status == JobStatus.COMPLETED) {
            return queues;
        }
        Args args = Args.of("org", caller.org())
                .and("queues", numbers(queues))
                .and("kinds", PgArray.ints().add(status.ordinal()));
        return db.asEngineFor(caller.org(), tx -> tx.list(HOLDING, args, row -> row.integer("queue")));
    }
}
