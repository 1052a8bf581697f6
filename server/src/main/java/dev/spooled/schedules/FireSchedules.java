package dev.spooled.schedules;

import static dev.spooled.db.PgArray.NO_TIME;

import dev.spooled.access.Actor;
import dev.spooled.access.Caller;
import dev.spooled.access.Scope;
import dev.spooled.announce.Announcement.ScheduleTriggered;
import dev.spooled.announce.Announcer;
import dev.spooled.db.Args;
import dev.spooled.db.Db;
import dev.spooled.db.Row;
import dev.spooled.db.Sql;
import dev.spooled.db.Statements;
import dev.spooled.engine.Command.Fire;
import dev.spooled.engine.Command.Fired;
import dev.spooled.engine.Lane;
import dev.spooled.engine.NewJob;
import dev.spooled.jobs.Jobs;
import dev.spooled.refusal.Refused;
import dev.spooled.schedules.Schedule.CatchUp;
import dev.spooled.schedules.Schedule.Plan;
import dev.spooled.time.Clock;
import dev.spooled.upkeep.Chore;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Fires what is due, on every node at once: the command that makes the job also moves the schedule on, under its
/// lock and only from where it was read, so each occurrence runs once. Missed occurrences are caught up with as the
/// schedule says.
public final class FireSchedules implements Chore {
    private static final Statements SQL = Statements.beside(FireSchedules.class, "schedules.sql");
    private static final Sql DUE = SQL.get("due");
    private static final Sql STILL_RUNNING = SQL.get("still_running");

    static final int DUE_MAX = 200;

    /// With `catch_up` all: how far back missed occurrences run, and how many a pass makes.
    static final Duration CATCH_UP_WITHIN = Duration.ofHours(24);

    static final int CAUGHT_UP_MAX = 100;

    /// Later than this an occurrence was missed; with `catch_up` none it is left out.
    static final Duration IN_TIME = Duration.ofSeconds(10);

    /// Missed occurrences are counted up to here.
    static final int COUNTED_MAX = 100_000;

    private static final UUID NO_KEY = new UUID(0, 0);
    private static final Logger log = LoggerFactory.getLogger(FireSchedules.class);

    private final Db db;
    private final Clock clock;
    private final Lane lane;
    private final ScheduledJobs jobs;
    private final int cell;
    private final Announcer announcer;

    public FireSchedules(Db db, Clock clock, Lane lane, Jobs jobs, int cell, Announcer announcer) {
        this.db = db;
        this.clock = clock;
        this.lane = lane;
        this.jobs = new ScheduledJobs(jobs);
        this.cell = cell;
        this.announcer = announcer;
    }

    private record Due(Schedule schedule, UUID organization) {}

    @Override
    public String name() {
        return "fire-schedules";
    }

    @Override
    public Duration every() {
        return Duration.ofMillis(200);
    }

    @Override
    public boolean runOnce() {
        Instant now = clock.now();
        Args args = Args.of("cell", cell).and("now", now).and("limit", DUE_MAX);
        List<Due> due = db.readAsEngine(DUE, args, FireSchedules::due);
        List<Fire> runs = new ArrayList<>();
        List<Schedule> schedules = new ArrayList<>();
        for (Due each : due) {
            for (Fire run : runsOf(each, now)) {
                runs.add(run);
                schedules.add(each.schedule());
            }
        }
        List<Fired> fired = lane.runAll(runs);
        for (int i = 0; i < fired.size(); i++) {
            announce(schedules.get(i), fired.get(i));
        }
        return due.size() == DUE_MAX || runs.size() > due.size();
    }

    private void announce(Schedule schedule, Fired fired) {
        UUID job = fired.job();
        if (fired.ran() && job != null) {
            announcer.announce(
                    new ScheduleTriggered(schedule.org(), schedule.plan().queueName(), schedule.id(), job));
        }
    }

    private List<Fire> runsOf(Due due, Instant now) {
        Schedule schedule = due.schedule();
        Instant first = Objects.requireNonNull(schedule.times().nextRun());
        try {
            var clockwork = new Clockwork(
                    Cron.parse(schedule.plan().cron()), Zones.of(schedule.plan().timezone()));
            return schedule.plan().catchUp() == CatchUp.ALL
                    ? all(due, clockwork, first, now)
                    : List.of(latest(due, clockwork, first, now));
        } catch (Refused e) {
            log.warn("schedule {} cannot go on: {}", schedule.id(), e.getMessage());
            return List.of(failed(due, first, null, 0, e.getMessage()));
        }
    }

    /// The expression in its zone.
    private record Clockwork(Cron cron, ZoneId zone) {
        @Nullable
        Instant after(Instant instant) {
            Optional<Instant> next = cron.next(zone, instant);
            return next.orElse(null);
        }
    }

    /// One run for all that is due, with how many were left out for it.
    private Fire latest(Due due, Clockwork clockwork, Instant first, Instant now) {
        Instant latest = first;
        int skipped = 0;
        Instant next = clockwork.after(first);
        while (next != null && !next.isAfter(now) && skipped < COUNTED_MAX) {
            latest = next;
            skipped++;
            next = clockwork.after(next);
        }
        if (next != null && !next.isAfter(now)) {
            next = clockwork.after(now);
        }
        if (due.schedule().plan().catchUp() == CatchUp.NONE
                && latest.plus(IN_TIME).isBefore(now)) {
            return fire(due, first, latest, next, skipped + 1, null, "missed");
        }
        return ran(due, first, latest, next, skipped);
    }

    /// A run for each missed occurrence of the last hours, some a pass; what is older is left out.
    private List<Fire> all(Due due, Clockwork clockwork, Instant first, Instant now) {
        List<Fire> runs = new ArrayList<>();
        Instant occurrence = first;
        int skipped = 0;
        Instant oldest = now.minus(CATCH_UP_WITHIN);
        while (occurrence.isBefore(oldest)) {
            Instant next = clockwork.after(skipped < COUNTED_MAX ? occurrence : oldest);
            skipped++;
            if (next == null || next.isAfter(now)) {
                return List.of(ran(due, first, occurrence, next, skipped - 1));
            }
            occurrence = next;
        }
        Instant expected = first;
        while (!occurrence.isAfter(now) && runs.size() < CAUGHT_UP_MAX) {
            Instant next = clockwork.after(occurrence);
            runs.add(ran(due, expected, occurrence, next, skipped));
            skipped = 0;
            if (next == null) {
                break;
            }
            expected = next;
            occurrence = next;
        }
        return runs;
    }

    private Fire ran(Due due, Instant expected, Instant occurrence, @Nullable Instant next, int skipped) {
        Plan plan = due.schedule().plan();
        if (plan.skipsOverlap() && isRunning(due.schedule().id())) {
            return fire(due, expected, occurrence, next, skipped + 1, null, "skipped: the run before has not ended");
        }
        try {
            NewJob job = jobs.of(caller(due), plan, delayed(due.schedule(), occurrence));
            return fire(due, expected, occurrence, next, skipped, job, null);
        } catch (Refused e) {
            return fire(due, expected, occurrence, next, skipped, null, e.getMessage());
        }
    }

    private Fire failed(Due due, Instant occurrence, @Nullable Instant next, int skipped, @Nullable String why) {
        return fire(due, occurrence, occurrence, next, skipped, null, why);
    }

    private static Fire fire(
            Due due,
            Instant expected,
            Instant occurrence,
            @Nullable Instant next,
            int skipped,
            @Nullable NewJob job,
            @Nullable String error) {
        return new Fire(
                due.schedule().org(),
                due.schedule().id(),
                Clock.microsOf(occurrence),
                Clock.microsOf(expected),
                next == null ? NO_TIME : Clock.microsOf(next),
                skipped,
                job,
                job == null && error == null ? "refused" : error);
    }

    private boolean isRunning(UUID schedule) {
        Args args = Args.of("cell", cell).and("id", schedule);
        return !db.readAsEngine(STILL_RUNNING, args, row -> true).isEmpty();
    }

    /// Within the schedule's jitter, the same on every node.
    private static @Nullable Instant delayed(Schedule schedule, Instant occurrence) {
        int jitter = schedule.plan().jitterSeconds();
        if (jitter == 0) {
            return null;
        }
        long seed = schedule.id().getLeastSignificantBits() ^ occurrence.getEpochSecond();
        return occurrence.plusMillis(new SplittableRandom(seed).nextInt(jitter * 1_000));
    }

    /// The schedule's organization itself.
    private Caller caller(Due due) {
        return new Caller(
                due.schedule().org(), due.organization(), false, Actor.key(NO_KEY), Set.of(), Scope.OPERATE, null);
    }

    private static Due due(Row row) throws SQLException {
        return new Due(Schedules.schedule(row), row.uuid("organization"));
    }
}
