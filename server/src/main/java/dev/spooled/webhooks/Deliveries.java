package dev.spooled.webhooks;

import dev.spooled.db.Args;
import dev.spooled.db.Db;
import dev.spooled.db.PgArray;
import dev.spooled.db.Sql;
import dev.spooled.db.Statements;
import dev.spooled.db.Tx;
import dev.spooled.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/// The table of deliveries as those who send see it: leasing what is due, and writing down what came of it.
final class Deliveries {
    private static final Statements SQL = Statements.beside(Deliveries.class, "deliveries.sql");
    private static final Sql LEASE = SQL.get("lease");
    private static final Sql RECORD = SQL.get("record");
    private static final Sql MARK = SQL.get("mark");

    /// Targets looked at in one pass.
    static final int TARGETS = 500;

    private static final Duration A_MOMENT = Duration.ofSeconds(1);

    private final Db db;
    private final Clock clock;
    private final int cell;

    Deliveries(Db db, Clock clock, int cell) {
        this.db = db;
        this.clock = clock;
        this.cell = cell;
    }

    /// What a pass leased, until when, and after whom to go on; null when it came to the end.
    record Leased(List<Due> due, Instant until, @Nullable String last) {}

    /// A webhook that was switched off, because of its failures or at its receiver's wish.
    record SwitchedOff(UUID webhook, int org, String name) {}

    /// In one transaction, what came in is recorded and what is due leased.
    Leased exchange(List<Outcome> outcomes, Wanted wanted, List<SwitchedOff> off) {
        return db.asEngine(tx -> {
            off.addAll(record(tx, outcomes));
            return wanted.limit() <= 0 ? new Leased(List.of(), Instant.EPOCH, wanted.after()) : lease(tx, wanted);
        });
    }

    List<SwitchedOff> record(List<Outcome> outcomes) {
        return db.asEngine(tx -> record(tx, outcomes));
    }

    /// How much to lease: after which target, how many at most, how many of a target, of some fewer.
    record Wanted(String after, int limit, int room, Map<String, Integer> rooms, Duration lease) {}

    private record Row(@Nullable Due due, @Nullable String last, int n) {}

    private Leased lease(Tx tx, Wanted wanted) {
        Instant now = clock.now();
        Instant until = now.plus(wanted.lease());
        PgArray busy = PgArray.texts();
        PgArray rooms = PgArray.ints();
        wanted.rooms().forEach((target, room) -> {
            busy.add(target);
            rooms.add(room.intValue());
        });
        Args args = Args.of("cell", cell)
                .and("after", wanted.after())
                .and("targets", TARGETS)
                .and("busy", busy)
                .and("rooms", rooms)
                .and("room", wanted.room())
                .and("now", now)
                .and("until", until)
                .and("limit", wanted.limit());
        List<Row> rows = tx.list(
                LEASE,
                args,
                row -> new Row(
                        row.uuidOrNull("id") == null ? null : Due.of(row), row.textOrNull("last"), row.integer("n")));
        var due = new ArrayList<Due>();
        for (Row row : rows) {
            if (row.due() != null) {
                due.add(row.due());
            }
        }
        return new Leased(due, until, last(rows.getFirst(), due, wanted.limit()));
    }

    /// Who had the limit filled up goes first the next time, so that nobody is always left over.
    private static @Nullable String last(Row first, List<Due> due, int limit) {
        if (due.size() == limit) {
            return due.stream().map(Due::target).max(Comparator.naturalOrder()).orElse(null);
        }
        return first.n() < TARGETS ? null : first.last();
    }

    private List<SwitchedOff> record(Tx tx, List<Outcome> outcomes) {
        if (outcomes.isEmpty()) {
            return List.of();
        }
        List<Outcome> inOrder = outcomes.stream()
                .sorted(Comparator.comparing(outcome -> outcome.delivery().toString()))
                .toList();
        Set<UUID> recorded = new HashSet<>(tx.list(RECORD, columns(inOrder), row -> row.uuid("id")));
        var marks = new TreeMap<String, Mark>();
        for (Outcome outcome : inOrder) {
            if (outcome.webhook() != null && recorded.contains(outcome.delivery())) {
                marks.merge(outcome.webhook().toString(), Mark.of(outcome), Mark::and);
            }
        }
        return marks.isEmpty() ? List.of() : mark(tx, marks);
    }

    private Args columns(List<Outcome> outcomes) {
        PgArray ids = PgArray.uuids();
        PgArray tokens = PgArray.times();
        PgArray successes = PgArray.booleans();
        PgArray codes = PgArray.ints();
        PgArray bodies = PgArray.texts();
        PgArray millis = PgArray.ints();
        PgArray errors = PgArray.texts();
        PgArray nexts = PgArray.times();
        PgArray failings = PgArray.booleans();
        for (Outcome outcome : outcomes) {
            ids.add(outcome.delivery());
            tokens.addMicros(outcome.tokenMicros());
            successes.add(outcome.isSuccess());
            codes.addOrNull(outcome.answered().status());
            bodies.add(outcome.answered().body());
            millis.add(outcome.answered().millis());
            errors.add(outcome.answered().error());
            nexts.addMicros(outcome.nextMicros());
            failings.add(outcome.failing());
        }
        return Args.of("cell", cell)
                .and("now", clock.now())
                .and("ids", ids)
                .and("tokens", tokens)
                .and("successes", successes)
                .and("codes", codes)
                .and("bodies", bodies)
                .and("millis", millis)
                .and("errors", errors)
                .and("nexts", nexts)
                .and("failings", failings);
    }

    /// What a batch says of one webhook: one success among failures shows that it lives.
    private record Mark(UUID webhook, boolean success, int failures, boolean gone) {
        static Mark of(Outcome outcome) {
            UUID webhook = java.util.Objects.requireNonNull(outcome.webhook());
            return new Mark(webhook, outcome.isSuccess(), outcome.counts() ? 1 : 0, outcome.isGone());
        }

        Mark and(Mark other) {
            return new Mark(webhook, success || other.success, failures + other.failures, gone || other.gone);
        }
    }

    private List<SwitchedOff> mark(Tx tx, Map<String, Mark> marks) {
        PgArray ids = PgArray.uuids();
        PgArray successes = PgArray.booleans();
        PgArray failures = PgArray.ints();
        PgArray gones = PgArray.booleans();
        for (Mark mark : marks.values()) {
            ids.add(mark.webhook());
            successes.add(mark.success());
            failures.add(mark.failures());
            gones.add(mark.gone());
        }
        Instant now = clock.now();
        Args args = Args.of("cell", cell)
                .and("ids", ids)
                .and("successes", successes)
                .and("failures", failures)
                .and("gones", gones)
                .and("now", now)
                .and("a_moment_ago", now.minus(A_MOMENT))
                .and("failures_max", RetryPlan.FAILURES_MAX);
        return tx.list(MARK, args, row -> new SwitchedOff(row.uuid("id"), row.integer("org"), row.text("name")));
    }
}
