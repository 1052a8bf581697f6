package dev.spooled.engine;

import dev.spooled.db.Args;
import dev.spooled.db.PgArray;
import dev.spooled.engine.Command.Purge;
import dev.spooled.engine.Command.Replay;
import dev.spooled.engine.Command.Retry;
import dev.spooled.engine.Command.SetPriority;
import dev.spooled.engine.Command.Settled;
import dev.spooled.engine.JobMove.Detail;
import dev.spooled.time.Ids;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Collectors;

/// The statements of a batch for what people do to single jobs or to many: another priority, a retry, a purge. Commands
/// on many jobs are laid out by job, in id order as all rows are.
final class ByHand {
    private record Place(Ticket<?> ticket, UUID job) {}

    private ByHand() {}

    static void add(RoundTrip trip, int cell, Batch batch) {
        if (!batch.priorities.isEmpty()) {
            addPriorities(trip, cell, batch);
        }
        if (!batch.revivals.isEmpty()) {
            addRevivals(trip, cell, batch);
        }
        if (!batch.purges.isEmpty()) {
            addPurges(trip, cell, batch);
        }
    }

    private static void addPriorities(RoundTrip trip, int cell, Batch batch) {
        PgArray ords = PgArray.ints();
        PgArray ids = PgArray.uuids();
        PgArray orgs = PgArray.ints();
        PgArray priorities = PgArray.shorts();
        for (int i = 0; i < batch.priorities.size(); i++) {
            SetPriority change = (SetPriority) batch.priorities.get(i).command();
            batch.priorities.get(i).propose(new Settled.Missed());
            ords.add(i);
            ids.add(change.job());
            orgs.add(change.org());
            priorities.add(change.priority());
        }
        Args args = Args.of("cell", cell).and("ords", ords).and("ids", ids).and("orgs", orgs);
        trip.add(
                EngineSql.PRIORITISE,
                args.and("priorities", priorities),
                row -> batch.priorities.get(row.integer("ord")).propose(new Settled.Prioritised(row.integer("old"))));
    }

    private static void addRevivals(RoundTrip trip, int cell, Batch batch) {
        List<Place> places = places(batch.revivals);
        Map<Ticket<?>, List<UUID>> found = answers(batch.revivals);
        PgArray deadOnly = PgArray.booleans();
        places.forEach(place -> deadOnly.add(place.ticket().command() instanceof Replay));
        Args args = columns(places, cell).and("now", batch.now()).and("dead_only", deadOnly);
        trip.add(EngineSql.REVIVE, args, row -> {
            Place place = places.get(row.integer("ord"));
            int queue = row.integer("queue");
            take(place, found);
            batch.freshened.add(queue);
            batch.moves.add(
                    orgOf(place.ticket().command()),
                    queue,
                    place.job(),
                    JobStatus.of(row.integer("status")),
                    JobStatus.PENDING,
                    Detail.NONE);
        });
    }

    private static void addPurges(RoundTrip trip, int cell, Batch batch) {
        List<Place> places = places(batch.purges);
        Map<Ticket<?>, List<UUID>> found = answers(batch.purges);
        Args args = columns(places, cell).and("now", batch.now());
        trip.add(EngineSql.PURGE, args, row -> take(places.get(row.integer("ord")), found));
    }

    private static List<Place> places(List<Ticket<?>> tickets) {
        var places = new ArrayList<Place>();
        for (Ticket<?> ticket : tickets) {
            jobsOf(ticket).forEach(job -> places.add(new Place(ticket, job)));
        }
        places.sort(Comparator.comparing(Place::job));
        return places;
    }

    private static List<UUID> jobsOf(Ticket<?> ticket) {
        return switch (ticket.command()) {
            case Replay replay -> replay.jobs();
            case Purge purge -> purge.jobs();
            default -> List.of(Batch.jobOf(ticket.command()));
        };
    }

    /// Each ticket's answer, empty so far: none, or `Missed` for a single job.
    private static Map<Ticket<?>, List<UUID>> answers(List<Ticket<?>> tickets) {
        var found = new HashMap<Ticket<?>, List<UUID>>();
        for (Ticket<?> ticket : tickets) {
            List<UUID> jobs = new ArrayList<>();
            found.put(ticket, jobs);
            ticket.propose(ticket.command() instanceof Retry ? new Settled.Missed() : jobs);
        }
        return found;
    }

    /// Answers are in id order, whatever order the rows came in.
    private static void take(Place place, Map<Ticket<?>, List<UUID>> found) {
        List<UUID> jobs = found.get(place.ticket());
        if (place.ticket().command() instanceof Retry) {
            place.ticket().propose(new Settled.Retried());
        } else if (jobs != null) {
            jobs.add(-1 - Collections.binarySearch(jobs, place.job()), place.job());
        }
    }

    private static Args columns(List<Place> places, int cell) {
        PgArray ords = PgArray.ints();
        PgArray ids = PgArray.uuids();
        PgArray orgs = PgArray.ints();
        PgArray days = PgArray.ints();
        for (int i = 0; i < places.size(); i++) {
            ords.add(i);
            ids.add(places.get(i).job());
            orgs.add(orgOf(places.get(i).ticket().command()));
            days.add(Ids.dayOf(places.get(i).job()));
        }
        return Args.of("cell", cell)
                .and("ords", ords)
                .and("ids", ids)
                .and("orgs", orgs)
                .and("days", days);
    }

    private static int orgOf(Command<?> command) {
        return switch (command) {
            case Retry retry -> retry.org();
            case Replay replay -> replay.org();
            case Purge purge -> purge.org();
            default -> throw new IllegalArgumentException("not done by hand: " + command);
        };
    }

    // ---- after a lost reply: judged by how the jobs stand now, since the batch did commit

    static void lookUp(RoundTrip trip, int cell, Batch batch) {
        lookUpPriorities(trip, cell, batch);
        lookUp(trip, EngineSql.JOBS_ALIVE, cell, batch.revivals);
        lookUp(trip, EngineSql.JOBS_GONE, cell, batch.purges);
    }

    /// What the priority was before is not known any more: the answer says the new one.
    private static void lookUpPriorities(RoundTrip trip, int cell, Batch batch) {
        if (batch.priorities.isEmpty()) {
            return;
        }
        PgArray ords = PgArray.ints();
        PgArray ids = PgArray.uuids();
        for (int i = 0; i < batch.priorities.size(); i++) {
            batch.priorities.get(i).propose(new Settled.Missed());
            ords.add(i);
            ids.add(Batch.jobOf(batch.priorities.get(i).command()));
        }
        trip.add(EngineSql.PRIORITIES, Args.of("cell", cell).and("ords", ords).and("ids", ids), row -> {
            Ticket<?> ticket = batch.priorities.get(row.integer("ord"));
            int now = row.integer("priority");
            if (ticket.command() instanceof SetPriority change && change.priority() == now) {
                ticket.propose(new Settled.Prioritised(now));
            }
        });
    }

    private static void lookUp(RoundTrip trip, dev.spooled.db.Sql sql, int cell, List<Ticket<?>> tickets) {
        if (tickets.isEmpty()) {
            return;
        }
        Map<Ticket<?>, List<UUID>> found = answers(tickets);
        Map<UUID, Place> places = places(tickets).stream().collect(Collectors.toMap(Place::job, place -> place));
        PgArray ids = PgArray.uuids();
        Set.copyOf(places.keySet()).forEach(ids::add);
        trip.add(sql, Args.of("cell", cell).and("ids", ids), row -> {
            Place place = places.get(row.uuid("id"));
            if (place != null) {
                take(place, found);
            }
        });
    }
}
