package dev.spooled.engine;

import dev.spooled.db.Args;
import dev.spooled.db.PgArray;
import dev.spooled.db.Sql;
import dev.spooled.db.Statements;
import dev.spooled.engine.Batch.Minted;
import dev.spooled.engine.Command.Fire;
import dev.spooled.engine.Command.Fired;
import dev.spooled.time.Ids;
import java.util.ArrayList;
import java.util.List;

/// The statements of a batch for schedules: each occurrence, or run by hand, becomes a job. In place of a job
/// that cannot be, its columns are empty.
final class Fires {
    static final Statements ALL = Statements.beside(Fires.class, "schedules.sql");
    private static final Sql HOLD_SCHEDULES = ALL.get("hold_schedules");
    private static final Sql FIRE_SCHEDULES = ALL.get("fire_schedules");
    private static final Sql RUNS_PRESENT = ALL.get("runs_present");

    private Fires() {}

    /// The run's id, and the job's.
    static List<Minted> mint(Ids ids, Ticket<?> ticket) {
        var fire = (Fire) ticket.command();
        NewJob job = fire.job() == null ? NewJob.plain(fire.org(), 0, 0, "{}") : fire.job();
        return List.of(new Minted(ticket, job, ids.next()), new Minted(ticket, job, ids.next()));
    }

    static void add(RoundTrip trip, int cell, Batch batch) {
        if (batch.fires.isEmpty()) {
            return;
        }
        batch.fires.forEach(ticket -> ticket.propose(Fired.NOT));
        trip.add(HOLD_SCHEDULES, places(cell, batch));
        trip.add(FIRE_SCHEDULES, columns(cell, batch), row -> {
            Ticket<?> ticket = batch.fires.get(row.integer("ord"));
            ticket.propose(answer(batch, ticket));
            if (row.bool("fired")) {
                batch.moves.created(job(batch, ticket), JobStatus.of(row.integer("kind")));
            }
        });
    }

    private static Minted job(Batch batch, Ticket<?> ticket) {
        return batch.minted.getOrDefault(ticket, List.of()).getLast();
    }

    private static Fired answer(Batch batch, Ticket<?> ticket) {
        boolean made = ((Fire) ticket.command()).job() != null && !batch.denied.containsKey(ticket);
        return new Fired(true, made ? job(batch, ticket).id() : null);
    }

    private static Args places(int cell, Batch batch) {
        PgArray ords = PgArray.ints();
        PgArray schedules = PgArray.uuids();
        PgArray runs = PgArray.uuids();
        for (int i = 0; i < batch.fires.size(); i++) {
            ords.add(i);
            schedules.add(((Fire) batch.fires.get(i).command()).schedule());
            runs.add(batch.minted
                    .getOrDefault(batch.fires.get(i), List.of())
                    .getFirst()
                    .id());
        }
        return Args.of("cell", cell)
                .and("now", batch.now())
                .and("ords", ords)
                .and("schedules", schedules)
                .and("run_ids", runs);
    }

    private static Args columns(int cell, Batch batch) {
        List<Minted> jobs = new ArrayList<>();
        PgArray ords = PgArray.ints();
        PgArray schedules = PgArray.uuids();
        PgArray runs = PgArray.uuids();
        PgArray occurrences = PgArray.times();
        PgArray expecteds = PgArray.times();
        PgArray nexts = PgArray.times();
        PgArray manuals = PgArray.booleans();
        PgArray skippeds = PgArray.ints();
        PgArray errors = PgArray.texts();
        for (int i = 0; i < batch.fires.size(); i++) {
            var fire = (Fire) batch.fires.get(i).command();
            List<Minted> minted = batch.minted.getOrDefault(batch.fires.get(i), List.of());
            jobs.add(minted.getLast());
            ords.add(i);
            schedules.add(fire.schedule());
            runs.add(minted.getFirst().id());
            occurrences.addMicros(fire.occurrenceMicros());
            expecteds.addMicros(fire.expectedMicros());
            nexts.addMicros(fire.nextMicros());
            manuals.add(fire.isManual());
            skippeds.add(fire.skipped());
            errors.add(batch.denied.getOrDefault(batch.fires.get(i), fire.error()));
        }
        return NewJobs.columns(jobs, cell, batch.now())
                .and("hooked", batch.audience().hasHooks())
                .and("ords", ords)
                .and("schedules", schedules)
                .and("run_ids", runs)
                .and("occurrences", occurrences)
                .and("expecteds", expecteds)
                .and("nexts", nexts)
                .and("manuals", manuals)
                .and("skippeds", skippeds)
                .and("errors", errors);
    }

    static void lookUp(RoundTrip trip, int cell, Batch batch) {
        if (!batch.fires.isEmpty()) {
            batch.fires.forEach(ticket -> ticket.propose(Fired.NOT));
            trip.add(RUNS_PRESENT, places(cell, batch), row -> {
                Ticket<?> ticket = batch.fires.get(row.integer("ord"));
                ticket.propose(answer(batch, ticket));
            });
        }
    }
}
