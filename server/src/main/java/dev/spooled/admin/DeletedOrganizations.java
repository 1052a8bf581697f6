package dev.spooled.admin;

import dev.spooled.access.Trail;
import dev.spooled.db.Args;
import dev.spooled.db.Db;
import dev.spooled.db.PgArray;
import dev.spooled.db.Sql;
import dev.spooled.db.Statements;
import dev.spooled.engine.Command;
import dev.spooled.engine.Command.Settled;
import dev.spooled.engine.Lane;
import dev.spooled.time.Clock;
import dev.spooled.upkeep.Chore;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;

/// Takes organizations apart whose deletion can no longer be undone, in small transactions any of which may be
/// repeated: first the lane cancels what has not ended, so that counters stay exact, then facts go, at last the
/// organization. A job still in a worker's hands is waited for: its lease ends.
public final class DeletedOrganizations implements Chore {
    private static final Statements SQL = Statements.beside(DeletedOrganizations.class, "purge.sql");
    private static final Sql DUE = SQL.get("due");
    private static final Sql OPEN_JOBS = SQL.get("open_jobs");
    private static final Sql IS_RUNNING = SQL.get("is_running");
    private static final Sql SOME_JOBS = SQL.get("some_jobs");
    private static final List<Sql> OF_JOBS = List.of(
            SQL.get("drop_done"),
            SQL.get("drop_attempts"),
            SQL.get("drop_progress"),
            SQL.get("drop_dependencies"),
            SQL.get("drop_jobs"),
            SQL.get("drop_listing"));
    private static final List<Sql> REST = List.of(
            SQL.get("drop_keys"),
            SQL.get("drop_tags"),
            SQL.get("drop_steps"),
            SQL.get("drop_workflows"),
            SQL.get("drop_runs"),
            SQL.get("drop_schedules"),
            SQL.get("drop_deliveries"),
            SQL.get("drop_reports"),
            SQL.get("drop_subscriptions"),
            SQL.get("drop_outbox"),
            SQL.get("drop_received"),
            SQL.get("drop_hours"),
            SQL.get("drop_minutes"),
            SQL.get("drop_counts"),
            SQL.get("drop_rates"),
            SQL.get("drop_workers"),
            SQL.get("drop_usage"),
            SQL.get("drop_audit"),
            SQL.get("drop_families"),
            SQL.get("drop_members"),
            SQL.get("drop_provider_secrets"),
            SQL.get("drop_api_keys"),
            SQL.get("drop_moves"),
            SQL.get("drop_departure"),
            SQL.get("drop_queues"));
    private static final Sql DROP_ORGANIZATION = SQL.get("drop_organization");
    private static final int AT_ONCE = 500;
    private static final int WORKFLOWS_AT_ONCE = 50;

    private final Db db;
    private final Clock clock;
    private final Lane lane;
    private final Trail trail;
    private final int cell;

    public DeletedOrganizations(Db db, Clock clock, Lane lane, Trail trail, int cell) {
        this.db = db;
        this.clock = clock;
        this.lane = lane;
        this.trail = trail;
        this.cell = cell;
    }

    @Override
    public String name() {
        return "deleted-organizations";
    }

    @Override
    public Duration every() {
        return Duration.ofSeconds(30);
    }

    private record Due(int org, UUID id, String slug) {}

    @Override
    public boolean runOnce() {
        Args now = Args.of("now", clock.now());
        Optional<Due> due = db.asEngine(
                tx -> tx.first(DUE, now, row -> new Due(row.integer("id"), row.uuid("public_id"), row.text("slug"))));
        return due.isPresent() && step(due.get());
    }

    /// True when more of it is left that can be done at once.
    private boolean step(Due due) {
        Args args = Args.of("cell", cell)
                .and("org", due.org())
                .and("limit", AT_ONCE)
                .and("some", WORKFLOWS_AT_ONCE)
                .and("now", clock.now());
        List<UUID> open = db.readAsEngine(OPEN_JOBS, args, row -> row.uuid("id"));
        if (!open.isEmpty()) {
            return cancel(due, open) > 0;
        }
        if (!db.readAsEngine(IS_RUNNING, args, row -> true).isEmpty()) {
            return false;
        }
        return dropJobs(args) || dropRest(args) || end(due, args);
    }

    private int cancel(Due due, List<UUID> jobs) {
        List<Command<Settled>> commands = new ArrayList<>();
        jobs.forEach(job -> commands.add(new Command.Cancel(due.org(), job)));
        return (int) lane.runAll(commands).stream()
                .filter(Settled.Cancelled.class::isInstance)
                .count();
    }

    private boolean dropJobs(Args args) {
        return db.asEngine(tx -> {
            List<UUID> jobs = tx.list(SOME_JOBS, args, row -> row.uuid("id"));
            PgArray ids = PgArray.uuids();
            jobs.forEach(ids::add);
            args.and("ids", ids);
            OF_JOBS.forEach(sql -> tx.run(sql, args));
            return !jobs.isEmpty();
        });
    }

    private boolean dropRest(Args args) {
        for (Sql sql : REST) {
            if (db.asEngine(tx -> tx.run(sql, args)) > 0) {
                return true;
            }
        }
        return false;
    }

    private boolean end(Due due, Args args) {
        db.asEngine(tx -> tx.run(DROP_ORGANIZATION, args));
        trail.keep(new Trail.Entry(Trail.Entry.SERVER, "upkeep", "PURGE organization", due.slug(), "", 200));
        return true;
    }
}
