package dev.spooled.schedules;

import static dev.spooled.db.PgArray.NO_TIME;

import dev.spooled.access.Caller;
import dev.spooled.announce.Announcement.ScheduleTriggered;
import dev.spooled.announce.Announcer;
import dev.spooled.db.Args;
import dev.spooled.db.Homes;
import dev.spooled.db.PgArray;
import dev.spooled.db.Row;
import dev.spooled.db.Sql;
import dev.spooled.db.Statements;
import dev.spooled.db.Tx;
import dev.spooled.engine.Command.Fire;
import dev.spooled.engine.Command.Fired;
import dev.spooled.engine.Lanes;
import dev.spooled.jobs.Jobs;
import dev.spooled.orgs.Limits;
import dev.spooled.orgs.Resource;
import dev.spooled.refusal.Refused;
import dev.spooled.schedules.Schedule.CatchUp;
import dev.spooled.schedules.Schedule.Plan;
import dev.spooled.schedules.Schedule.Times;
import dev.spooled.time.Clock;
import dev.spooled.time.Ids;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/// The operations on schedules. A caller with a queue list deals only with schedules of its queues.
public final class Schedules {
    private static final Statements SQL = Statements.beside(Schedules.class, "schedules.sql");
    private static final Sql LIST = SQL.get("list");
    private static final Sql STORE = SQL.get("store");
    private static final Sql LOCK = SQL.get("lock");
    private static final Sql DELETE = SQL.get("delete");
    private static final Sql RUNS = SQL.get("runs");

    private final Homes db;
    private final Clock clock;
    private final Lanes lanes;
    private final Limits limits;
    private final ScheduledJobs jobs;
    private final Ids ids;
    private final Announcer announcer;

    public Schedules(Homes db, Clock clock, Lanes lanes, Jobs jobs, Limits limits, Announcer announcer) {
        this.db = db;
        this.limits = limits;
        this.clock = clock;
        this.lanes = lanes;
        this.jobs = new ScheduledJobs(jobs);
        this.ids = new Ids(clock);
        this.announcer = announcer;
    }

    /// What a list is narrowed down to; null is any.
    record Filter(@Nullable String queueName, @Nullable Boolean active) {
        static final Filter NONE = new Filter(null, null);
    }

    /// Newest first.
    List<Schedule> list(Caller caller, Filter filter, int limit, int offset) {
        return db.inOrg(caller.org(), tx -> read(tx, caller, null, filter, limit, offset));
    }

    Schedule get(Caller caller, UUID id) {
        return db.inOrg(caller.org(), tx -> known(tx, caller, id));
    }

    Schedule create(Caller caller, Plan plan) {
        caller.check(plan.queueName());
        UUID id = mint();
        Instant next = firstAfter(plan, clock.now());
        jobs.checkSize(caller, plan);
        var unused = db.inOrg(caller.org(), tx -> {
            limits.oneMore(tx, caller.org(), Resource.SCHEDULES);
            return tx.run(STORE, columns(caller, id, plan, true, next, true));
        });
        return get(caller, id);
    }

    private synchronized UUID mint() {
        return ids.next();
    }

    /// `active` null leaves it as it is. Another expression or zone, and resuming, reckon the next run from now on.
    Schedule update(Caller caller, UUID id, UnaryOperator<Plan> change, @Nullable Boolean active) {
        var unused = db.inOrg(caller.org(), tx -> {
            var _ = tx.first(LOCK, place(caller, id), row -> true).orElseThrow(() -> unknown(id));
            Schedule before = known(tx, caller, id);
            Plan plan = change.apply(before.plan());
            caller.check(plan.queueName());
            jobs.checkSize(caller, plan);
            boolean runs = active == null ? before.active() : active;
            if (runs && !before.active()) {
                limits.oneMore(tx, caller.org(), Resource.SCHEDULES);
            }
            boolean moved = runs && !before.active()
                    || !plan.cron().equals(before.plan().cron())
                    || !plan.timezone().equals(before.plan().timezone());
            Instant next = moved ? firstAfter(plan, clock.now()) : null;
            return tx.run(STORE, columns(caller, id, plan, runs, next, moved));
        });
        return get(caller, id);
    }

    void delete(Caller caller, UUID id) {
        int gone = db.inOrg(caller.org(), tx -> {
            var unused = known(tx, caller, id);
            return tx.run(DELETE, place(caller, id));
        });
        if (gone == 0) {
            throw unknown(id);
        }
    }

    /// Runs it now, besides its occurrences and also while it is paused. Answers the job.
    UUID trigger(Caller caller, UUID id) {
        Schedule schedule = get(caller, id);
        var job = jobs.of(caller, schedule.plan(), null);
        Fired fired = lanes.run(caller.org(), new Fire(caller.org(), id, NO_TIME, NO_TIME, NO_TIME, 0, job, null));
        if (!fired.ran()) {
            throw unknown(id);
        }
        UUID made = Objects.requireNonNull(fired.job());
        announcer.announce(new ScheduleTriggered(caller.org(), schedule.plan().queueName(), id, made));
        return made;
    }

    /// Newest first.
    List<ScheduleRun> history(Caller caller, UUID id, int limit) {
        Args args = place(caller, id).and("limit", limit).and("kept", limits.historySince(caller.org()));
        return db.inOrg(caller.org(), tx -> {
            var unused = known(tx, caller, id);
            return tx.list(RUNS, args, Schedules::run);
        });
    }

    /// The next occurrences from now on; fewer if the expression has no more.
    List<Instant> preview(String cron, String timezone, int count) {
        var zone = Zones.of(timezone);
        Cron expression = Cron.parse(cron);
        List<Instant> found = new ArrayList<>();
        Optional<Instant> next = expression.next(zone, clock.now());
        while (next.isPresent() && found.size() < count) {
            found.add(next.get());
            next = expression.next(zone, next.get());
        }
        return found;
    }

    Instant now() {
        return clock.now();
    }

    private static Instant firstAfter(Plan plan, Instant now) {
        var zone = Zones.of(plan.timezone());
        return Cron.parse(plan.cron())
                .next(zone, now)
                .orElseThrow(() -> Refused.invalid("cron_expression", "cron_expression never comes to pass"));
    }

    private Schedule known(Tx tx, Caller caller, UUID id) {
        Schedule schedule =
                read(tx, caller, id, Filter.NONE, 1, 0).stream().findFirst().orElseThrow(() -> unknown(id));
        caller.check(schedule.plan().queueName());
        return schedule;
    }

    private static List<Schedule> read(Tx tx, Caller caller, @Nullable UUID id, Filter filter, int limit, int offset) {
        PgArray queues = PgArray.texts();
        caller.queues().forEach(queues::add);
        Args args = Args.of("org", caller.org())
                .and("id", id)
                .and("queue_name", filter.queueName())
                .and("is_active", filter.active())
                .and("all", id != null || caller.queues().isEmpty())
                .and("queues", queues)
                .and("limit", limit)
                .and("offset", offset);
        return tx.list(LIST, args, Schedules::schedule);
    }

    private static Args place(Caller caller, UUID id) {
        return Args.of("org", caller.org()).and("id", id);
    }

    private Args columns(Caller caller, UUID id, Plan plan, boolean active, @Nullable Instant next, boolean moved) {
        return place(caller, id)
                .and("name", plan.name())
                .and("description", plan.description())
                .and("cron_expression", plan.cron())
                .and("timezone", plan.timezone())
                .and("queue_name", plan.queueName())
                .and("payload_template", plan.payload())
                .and("priority", plan.priority())
                .and("max_retries", plan.maxRetries())
                .and("timeout_seconds", plan.timeoutSeconds())
                .and("tags", plan.tags())
                .and("metadata", plan.metadata())
                .and("is_active", active)
                .and("catch_up", plan.catchUp().name().toLowerCase(Locale.ROOT))
                .and("overlap", plan.skipsOverlap() ? "skip" : "allow")
                .and("jitter_seconds", plan.jitterSeconds())
                .and("zone_rules", Zones.rules())
                .and("next_run_at", next)
                .and("moved", moved)
                .and("now", clock.now());
    }

    private static Refused unknown(UUID id) {
        return Refused.notFound("Schedule not found: " + id);
    }

    static Schedule schedule(Row row) throws SQLException {
        var plan = new Plan(
                row.text("name"),
                row.textOrNull("description"),
                row.text("cron_expression"),
                row.text("timezone"),
                row.text("queue_name"),
                row.text("payload_template"),
                row.integer("priority"),
                row.integer("max_retries"),
                row.integer("timeout_seconds"),
                row.textOrNull("tags"),
                row.textOrNull("metadata"),
                CatchUp.valueOf(row.text("catch_up").toUpperCase(Locale.ROOT)),
                row.text("overlap").equals("skip"),
                row.integer("jitter_seconds"));
        var times = new Times(
                row.instantOrNull("last_run_at"),
                row.instantOrNull("next_run_at"),
                row.instant("created_at"),
                row.instant("updated_at"));
        return new Schedule(
                row.uuid("id"), row.integer("org"), plan, row.bool("is_active"), times, row.integer("run_count"));
    }

    private static ScheduleRun run(Row row) throws SQLException {
        String error = row.textOrNull("job_error");
        return new ScheduleRun(
                row.uuid("id"),
                row.uuidOrNull("job"),
                row.text("status"),
                error == null ? row.textOrNull("error_message") : error,
                row.instant("occurrence"),
                row.instant("started_at"),
                row.instantOrNull("completed_at"),
                row.bool("manual"),
                row.integer("skipped"));
    }
}
