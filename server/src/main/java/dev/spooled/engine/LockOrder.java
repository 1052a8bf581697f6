package dev.spooled.engine;

import dev.spooled.db.Args;
import dev.spooled.db.PgArray;
import dev.spooled.db.Sql;
import dev.spooled.db.Statements;
import dev.spooled.engine.Command.AddDependencies;
import dev.spooled.engine.Command.CancelWorkflow;
import dev.spooled.engine.Command.Enqueue;
import dev.spooled.engine.Command.Purge;
import dev.spooled.engine.Command.Replay;
import dev.spooled.engine.Command.RerunWorkflow;
import java.util.List;
import java.util.TreeSet;
import java.util.UUID;
import java.util.stream.Stream;

/// What a batch locks before it changes anything, so that batches of several nodes about the same jobs cannot wait for
/// each other in a circle: locks are taken in one order by all, whatever the commands are.
///
/// A batch whose commands are all acknowledgements of one kind locks its rows in that order as it changes them, and a
/// node
/// alone meets nobody: they lock nothing beforehand.
final class LockOrder {
    private static final Statements SQL = Statements.beside(LockOrder.class, "locks.sql");
    private static final Sql LOCK_LINKS = SQL.get("lock_links");
    private static final Sql LOCK_LEASES = SQL.get("lock_leases");
    private static final List<Sql> LOCK_OTHERS =
            List.of(SQL.get("lock_scheduled"), SQL.get("lock_ready"), SQL.get("lock_done"), SQL.get("lock_waiting"));

    private LockOrder() {}

    static void add(RoundTrip trip, int cell, Batch batch) {
        batch.links.stream()
                .map(ticket -> ((AddDependencies) ticket.command()).org())
                .distinct()
                .sorted()
                .forEach(org -> trip.add(LOCK_LINKS, Args.of("org", org)));
        if (!batch.amongOthers) {
            return;
        }
        boolean wide = isWide(batch);
        if (wide || acknowledgements(batch).filter(kind -> !kind.isEmpty()).count() > 1) {
            Args rows = rows(cell, batch);
            trip.add(LOCK_LEASES, rows);
            if (wide) {
                LOCK_OTHERS.forEach(sql -> trip.add(sql, rows));
            }
        }
    }

    private static Stream<List<Ticket<?>>> acknowledgements(Batch batch) {
        return Stream.of(batch.heartbeats, batch.completes, batch.fails, batch.releases);
    }

    /// Commands that look for a job in every state it may be in.
    private static Stream<List<Ticket<?>>> searches(Batch batch) {
        return Stream.of(
                batch.cancels,
                batch.priorities,
                batch.revivals,
                batch.purges,
                batch.links,
                batch.signals,
                batch.reruns,
                batch.workflowCancels);
    }

    private static boolean isWide(Batch batch) {
        return searches(batch).anyMatch(kind -> !kind.isEmpty())
                || batch.enqueues.stream()
                        .anyMatch(ticket -> parents(ticket).findAny().isPresent());
    }

    private static Stream<UUID> parents(Ticket<?> ticket) {
        return ((Enqueue) ticket.command()).jobs().stream().map(NewJob::parent).filter(parent -> parent != null);
    }

    private static Args rows(int cell, Batch batch) {
        var jobs = new TreeSet<UUID>();
        var workflows = new TreeSet<UUID>();
        batch.enqueues.forEach(ticket -> parents(ticket).forEach(jobs::add));
        Stream.concat(acknowledgements(batch), searches(batch))
                .flatMap(List::stream)
                .map(Ticket::command)
                .forEach(command -> {
                    switch (command) {
                        case RerunWorkflow rerun -> workflows.add(rerun.workflow());
                        case CancelWorkflow cancel -> workflows.add(cancel.workflow());
                        case Replay replay -> jobs.addAll(replay.jobs());
                        case Purge purge -> jobs.addAll(purge.jobs());
                        case AddDependencies link -> {
                            jobs.add(link.job());
                            jobs.addAll(link.parents());
                        }
                        default -> jobs.add(Batch.jobOf(command));
                    }
                });
        PgArray ids = PgArray.uuids();
        jobs.forEach(ids::add);
        PgArray flows = PgArray.uuids();
        workflows.forEach(flows::add);
        return Args.of("cell", cell).and("ids", ids).and("workflows", flows);
    }
}
