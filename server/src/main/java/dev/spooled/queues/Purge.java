package dev.spooled.queues;

import dev.spooled.access.Caller;
import dev.spooled.db.Args;
import dev.spooled.db.Homes;
import dev.spooled.db.Sql;
import dev.spooled.db.Statements;
import dev.spooled.engine.Command;
import dev.spooled.engine.Command.Settled;
import dev.spooled.engine.Lanes;
import dev.spooled.refusal.Refused;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;

/// Cancels a queue's jobs that do not run: looks them up some hundred at a time and has the lane cancel each, as a
/// caller would. One call takes at most `JOBS_MAX`, so that it ends while its client still waits.
final class Purge {
    private static final Statements SQL = Statements.beside(Purge.class, "queues.sql");
    private static final Sql OPEN_JOBS = SQL.get("open_jobs");
    private static final Sql READY_JOBS = SQL.get("ready_jobs");
    private static final Sql SCHEDULED_JOBS = SQL.get("scheduled_jobs");
    private static final Sql WAITING_JOBS = SQL.get("waiting_jobs");

    static final int JOBS_MAX = 50_000;
    private static final int AT_ONCE = 500;
    private static final int STRETCH = 5_000;
    private static final UUID BEFORE_ALL = new UUID(0, 0);

    private final Homes db;
    private final Lanes lanes;

    Purge(Homes db, Lanes lanes) {
        this.db = db;
        this.lanes = lanes;
    }

    /// Jobs that have not ended: not running, and running.
    record Open(long pending, long processing) {}

    Open open(Caller caller, int queue) {
        return db.asEngineFor(
                        caller.org(),
                        tx -> tx.first(
                                OPEN_JOBS,
                                place(caller, queue),
                                row -> new Open(row.bigint("pending"), row.bigint("processing"))))
                .orElseThrow();
    }

    /// Refused as `Conflict`, with nothing cancelled, while jobs of the queue run.
    void unlessRunning(Caller caller, int queue) {
        long running = open(caller, queue).processing();
        if (running > 0) {
            throw Refused.conflict("The queue has " + running + " jobs processing");
        }
        var unused = pending(caller, queue);
    }

    /// Answers how many were cancelled.
    int pending(Caller caller, int queue) {
        int cancelled = ready(caller, queue);
        for (Sql table : List.of(SCHEDULED_JOBS, WAITING_JOBS)) {
            if (cancelled < JOBS_MAX && open(caller, queue).pending() > 0) {
                cancelled += stretches(caller, queue, table, JOBS_MAX - cancelled);
            }
        }
        return cancelled;
    }

    /// A cancelled job is ready no more, so each round finds the next; one that cancels none leaves nothing to do.
    private int ready(Caller caller, int queue) {
        int cancelled = 0;
        int round;
        do {
            List<UUID> found = db.inOrg(
                    caller.org(),
                    tx -> tx.list(READY_JOBS, place(caller, queue).and("limit", AT_ONCE), row -> row.uuid("id")));
            round = cancel(caller, found);
            cancelled += round;
        } while (round > 0 && cancelled < JOBS_MAX);
        return cancelled;
    }

    private record Seen(UUID id, boolean own) {}

    private int stretches(Caller caller, int queue, Sql table, int most) {
        int cancelled = 0;
        List<Seen> seen = stretch(caller, queue, table, BEFORE_ALL);
        while (!seen.isEmpty()) {
            cancelled +=
                    cancel(caller, seen.stream().filter(Seen::own).map(Seen::id).toList());
            seen = cancelled < most
                    ? stretch(caller, queue, table, seen.getLast().id())
                    : List.of();
        }
        return cancelled;
    }

    private List<Seen> stretch(Caller caller, int queue, Sql table, UUID after) {
        Args args = place(caller, queue).and("after", after).and("limit", STRETCH);
        return db.asEngineFor(
                caller.org(), tx -> tx.list(table, args, row -> new Seen(row.uuid("id"), row.bool("own"))));
    }

    private int cancel(Caller caller, List<UUID> jobs) {
        List<Command<Settled>> commands = new ArrayList<>();
        jobs.forEach(job -> commands.add(new Command.Cancel(caller.org(), job)));
        return (int) lanes.runAll(caller.org(), commands).stream()
                .filter(Settled.Cancelled.class::isInstance)
                .count();
    }

    private static Args place(Caller caller, int queue) {
        return Args.of("org", caller.org()).and("queue", queue);
    }
}
