package dev.spooled.workers;

import dev.spooled.access.Caller;
import dev.spooled.announce.Announcement.WorkerDeregistered;
import dev.spooled.announce.Announcement.WorkerHeartbeat;
import dev.spooled.announce.Announcement.WorkerRegistered;
import dev.spooled.announce.Announcer;
import dev.spooled.db.Args;
import dev.spooled.db.DbFault;
import dev.spooled.db.Homes;
import dev.spooled.db.PgArray;
import dev.spooled.db.Row;
import dev.spooled.db.Sql;
import dev.spooled.db.Statements;
import dev.spooled.db.Tx;
import dev.spooled.orgs.Limits;
import dev.spooled.orgs.Resource;
import dev.spooled.refusal.Refused;
import dev.spooled.time.Clock;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// The operations on registered workers. A caller with a queue list deals only with workers of its queues. Nothing here
/// touches a lease: a worker that leaves or falls silent keeps its jobs until their leases end.
public final class Workers {
    static final Duration SILENCE = Duration.ofMinutes(2);

    private static final Statements SQL = Statements.beside(Workers.class, "workers.sql");
    private static final Sql LIST = SQL.get("list");
    private static final Sql GET = SQL.get("get");
    private static final Sql REGISTER = SQL.get("register");
    private static final Sql HEARTBEAT = SQL.get("heartbeat");
    private static final Sql DEREGISTER = SQL.get("deregister");

    private final Homes db;
    private final Clock clock;
    private final Limits limits;
    private final Announcer announcer;

    public Workers(Homes db, Clock clock, Limits limits, Announcer announcer) {
        this.db = db;
        this.clock = clock;
        this.limits = limits;
        this.announcer = announcer;
    }

    /// Those heard of last come first.
    List<Worker> list(Caller caller, int limit, int offset) {
        PgArray queues = PgArray.texts();
        caller.queues().forEach(queues::add);
        Args args = Args.of("org", caller.org())
                .and("all", caller.queues().isEmpty())
                .and("queues", queues)
                .and("silent_since", clock.now().minus(SILENCE))
                .and("limit", limit)
                .and("offset", offset);
        return db.inOrg(caller.org(), tx -> tx.list(LIST, args, Workers::worker));
    }

    Worker get(Caller caller, String id) {
        return db.inOrg(caller.org(), tx -> known(tx, caller, id));
    }

    /// Makes the worker known, or known again under what it says now. An id that another organization has is a
    /// conflict.
    public void register(Caller caller, Registration asked) {
        caller.check(asked.queueName());
        try {
            var unused = db.inOrg(caller.org(), tx -> registered(tx, caller, asked));
            announcer.announce(new WorkerRegistered(caller.org(), asked.id(), asked.queueName(), asked.hostname()));
        } catch (DbFault e) {
            if (e.kind() == DbFault.Kind.DUPLICATE) {
                throw Refused.conflict("The worker id " + asked.id() + " is already taken");
            }
            throw e;
        }
    }

    private int registered(Tx tx, Caller caller, Registration asked) {
        read(tx, caller, asked.id()).ifPresent(worker -> caller.check(worker.queueName()));
        limits.oneMore(
                tx,
                caller.org(),
                Resource.WORKERS,
                () -> read(tx, caller, asked.id()).isPresent());
        Args args = place(caller, asked.id())
                .and("queue_name", asked.queueName())
                .and("hostname", asked.hostname())
                .and("worker_type", asked.type())
                .and("max_concurrency", asked.maxConcurrency())
                .and("metadata", asked.metadata())
                .and("version", asked.version())
                .and("now", clock.now());
        return tx.run(REGISTER, args);
    }

    public void heartbeat(Caller caller, String id, SignOfLife sign) {
        Args args = place(caller, id)
                .and("status", wire(sign.status()))
                .and("current_jobs", sign.currentJobs())
                .and("metadata", sign.metadata())
                .and("now", clock.now());
        change(caller, id, HEARTBEAT, args);
        WorkerStatus status = Objects.requireNonNullElse(sign.status(), WorkerStatus.HEALTHY);
        announcer.announce(new WorkerHeartbeat(caller.org(), id, status.wire()));
    }

    /// The worker stays in the list, offline. Leaving again is no error.
    public void deregister(Caller caller, String id) {
        change(caller, id, DEREGISTER, place(caller, id).and("now", clock.now()));
        announcer.announce(new WorkerDeregistered(caller.org(), id));
    }

    private void change(Caller caller, String id, Sql sql, Args args) {
        int changed = db.inOrg(caller.org(), tx -> {
            if (!caller.queues().isEmpty()) {
                var unused = known(tx, caller, id);
            }
            return tx.run(sql, args);
        });
        if (changed == 0) {
            throw unknown(id);
        }
    }

    private Worker known(Tx tx, Caller caller, String id) {
        Worker worker = read(tx, caller, id).orElseThrow(() -> unknown(id));
        caller.check(worker.queueName());
        return worker;
    }

    private Optional<Worker> read(Tx tx, Caller caller, String id) {
        Args args = place(caller, id).and("silent_since", clock.now().minus(SILENCE));
        return tx.first(GET, args, Workers::worker);
    }

    private static Args place(Caller caller, String id) {
        return Args.of("org", caller.org()).and("id", id);
    }

    private static @Nullable String wire(@Nullable WorkerStatus status) {
        return status == null ? null : status.wire();
    }

    private static Refused unknown(String id) {
        return Refused.notFound("Worker not found: " + id);
    }

    private static Worker worker(Row row) throws SQLException {
        return new Worker(
                row.text("id"),
                row.text("queue_name"),
                row.text("hostname"),
                row.textOrNull("worker_type"),
                row.integer("max_concurrency"),
                row.integer("current_jobs"),
                WorkerStatus.valueOf(row.text("status").toUpperCase(Locale.ROOT)),
                row.text("metadata"),
                row.textOrNull("version"),
                row.instant("registered_at"),
                row.instant("last_heartbeat"),
                row.instant("updated_at"));
    }
}
