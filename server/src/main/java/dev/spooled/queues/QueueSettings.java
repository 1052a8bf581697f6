package dev.spooled.queues;

import dev.spooled.access.Caller;
import dev.spooled.announce.Announcement.QueuePaused;
import dev.spooled.announce.Announcement.QueueResumed;
import dev.spooled.announce.Announcer;
import dev.spooled.db.Args;
import dev.spooled.db.Homes;
import dev.spooled.db.PgArray;
import dev.spooled.db.Row;
import dev.spooled.db.Sql;
import dev.spooled.db.Statements;
import dev.spooled.db.Tx;
import dev.spooled.engine.Barrier;
import dev.spooled.engine.Lanes;
import dev.spooled.json.SearchedJson;
import dev.spooled.orgs.Limits;
import dev.spooled.orgs.Queues;
import dev.spooled.orgs.Resource;
import dev.spooled.queues.QueueConfig.Pause;
import dev.spooled.refusal.Refused;
import dev.spooled.time.Clock;
import java.nio.charset.StandardCharsets;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// Configures, pauses, resumes and deletes queues. What is answered holds: after a pause no lane of any server
/// hands out a job of the queue, and changed defaults are used at once on this server, within seconds on others.
public final class QueueSettings {
    private static final Statements SQL = Statements.beside(QueueSettings.class, "queues.sql");
    private static final Sql LIST = SQL.get("list");
    private static final Sql GET = SQL.get("get");
    private static final Sql OPEN_RATE = SQL.get("open_rate");
    private static final Sql CONFIGURE = SQL.get("configure");
    private static final Sql PAUSE = SQL.get("pause");
    private static final Sql RESUME = SQL.get("resume");
    private static final Sql FORGET = SQL.get("forget");

    private final Homes db;
    private final Clock clock;
    private final Queues queues;
    private final Limits limits;
    private final Lanes lanes;
    private final Purge purge;
    private final Announcer announcer;

    /// Who has to know of a change before it is answered: the lanes of all servers, by the barrier, and who listens.
    public record Told(Lanes lanes, Announcer announcer) {}

    public QueueSettings(Homes db, Clock clock, Queues queues, Limits limits, Told told) {
        this.db = db;
        this.limits = limits;
        this.clock = clock;
        this.queues = queues;
        this.lanes = told.lanes();
        this.purge = new Purge(db, lanes);
        this.announcer = told.announcer();
    }

    /// The configured queues that the caller may see, by name.
    List<QueueConfig> list(Caller caller, int limit, int offset) {
        PgArray names = PgArray.texts();
        caller.queues().forEach(names::add);
        Args args = Args.of("org", caller.org())
                .and("all", caller.queues().isEmpty())
                .and("names", names)
                .and("limit", limit)
                .and("offset", offset);
        return db.inOrg(caller.org(), tx -> tx.list(LIST, args, QueueSettings::config));
    }

    QueueConfig get(Caller caller, String name) {
        caller.check(name);
        return db.inOrg(caller.org(), tx -> tx.first(GET, place(caller, name), QueueSettings::config))
                .orElseThrow(() -> unknown(name));
    }

    /// Changes the queue, which need not be known before. Switching it off is a pause, switching it on a resume.
    QueueConfig configure(Caller caller, String name, QueueChange change) {
        caller.check(name);
        int number = queues.named(caller, name).number();
        if (change.rateLimit() != null) {
            Args args = Args.of("queue", number);
            var unused = db.asEngineFor(caller.org(), tx -> tx.run(OPEN_RATE, args));
        }
        QueueConfig config = db.inOrg(caller.org(), tx -> configured(tx, caller, name, change));
        queues.forget(caller, name);
        if (change.enabled() != null) {
            carryOut(caller, number, config.enabled());
            announcer.announce(
                    config.enabled()
                            ? new QueueResumed(caller.org(), name)
                            : new QueuePaused(caller.org(), name, null));
        }
        return config;
    }

    private QueueConfig configured(Tx tx, Caller caller, String name, QueueChange change) {
        Args args = place(caller, name)
                .and("max_retries", change.maxRetries())
                .and("default_timeout", change.defaultTimeoutSeconds())
                .and("rate_limit_given", change.rateLimitGiven())
                .and("rate_limit", change.rateLimit())
                .and("enabled", change.enabled())
                .and("backoff_given", change.backoffGiven())
                .and("backoff", change.backoff())
                .and("settings", change.settings())
                .and("now", clock.now());
        configureOneMore(tx, caller, name);
        QueueConfig config = tx.first(CONFIGURE, args, QueueSettings::config).orElseThrow();
        if (config.settings().getBytes(StandardCharsets.UTF_8).length > SearchedJson.MAX_BYTES) {
            throw Refused.invalid("settings", "settings may have at most 64 KiB with what is there already");
        }
        return config;
    }

    /// Only a queue that nobody configured counts.
    private void configureOneMore(Tx tx, Caller caller, String name) {
        limits.oneMore(
                tx,
                caller.org(),
                Resource.QUEUES,
                () -> tx.first(GET, place(caller, name), row -> true).isPresent());
    }

    /// Returns once no job of the queue can leave any more.
    Pause pause(Caller caller, String name, @Nullable String reason) {
        caller.check(name);
        int number = queues.named(caller, name).number();
        Args args = place(caller, name).and("reason", reason).and("now", clock.now());
        Pause pause = db.inOrg(caller.org(), tx -> {
            configureOneMore(tx, caller, name);
            return tx.first(PAUSE, args, row -> new Pause(row.instant("paused_at"), row.textOrNull("paused_reason")))
                    .orElseThrow();
        });
        carryOut(caller, number, false);
        announcer.announce(new QueuePaused(caller.org(), name, pause.reason()));
        return pause;
    }

    /// Answers how long the queue was paused.
    Duration resume(Caller caller, String name) {
        caller.check(name);
        Instant now = clock.now();
        Resumed resumed = db.inOrg(
                        caller.org(),
                        tx -> tx.first(
                                RESUME,
                                place(caller, name).and("now", now),
                                row -> new Resumed(row.integer("id"), row.instantOrNull("paused_at"))))
                .orElseThrow(() -> unknown(name));
        carryOut(caller, resumed.number(), true);
        announcer.announce(new QueueResumed(caller.org(), name));
        Instant since = Objects.requireNonNullElse(resumed.since(), now);
        return since.isBefore(now) ? Duration.between(since, now) : Duration.ZERO;
    }

    private record Resumed(int number, @Nullable Instant since) {}

    /// Makes the stored `enabled` hold: nothing under way knows better, or waiting claims look again.
    private void carryOut(Caller caller, int number, boolean enabled) {
        if (enabled) {
            lanes.of(caller.org()).wake(List.of(number));
        } else {
            new Barrier(db.of(caller.org())).pass();
        }
    }

    /// Forgets the configuration. Jobs that have not ended forbid it, with `withJobs` only those that are running.
    void delete(Caller caller, String name, boolean withJobs) {
        int number = get(caller, name).number();
        if (withJobs) {
            purge.unlessRunning(caller, number);
        }
        Purge.Open open = purge.open(caller, number);
        if (open.processing() > 0 || open.pending() > 0 && !withJobs) {
            throw Refused.conflict("The queue " + name + " still has jobs: " + open.pending() + " pending, "
                    + open.processing() + " processing");
        }
        if (open.pending() > 0) {
            throw Refused.unavailable("Many jobs of the queue are cancelled, some are left; delete it again");
        }
        Queues.Defaults defaults = queues.defaults();
        Args args = place(caller, name)
                .and("max_retries", (int) defaults.maxRetries())
                .and("default_timeout", defaults.timeoutSeconds())
                .and("now", clock.now());
        var unused = db.inOrg(caller.org(), tx -> tx.first(FORGET, args, row -> row.integer("id")))
                .orElseThrow(() -> unknown(name));
        queues.forget(caller, name);
        lanes.of(caller.org()).wake(List.of(number));
    }

    /// Cancels what waits in the queue and answers how many jobs that were. Of very many jobs a call takes a part.
    int purge(Caller caller, String name) {
        caller.check(name);
        int number = queues.find(caller, name).orElseThrow(() -> unknown(name)).number();
        return purge.pending(caller, number);
    }

    private static Args place(Caller caller, String name) {
        return Args.of("org", caller.org()).and("name", name);
    }

    private static Refused unknown(String name) {
        return Refused.notFound("Queue not found: " + name);
    }

    private static QueueConfig config(Row row) throws SQLException {
        Instant since = row.instantOrNull("paused_at");
        return new QueueConfig(
                row.text("name"),
                row.uuid("public_id"),
                row.integer("id"),
                row.integer("max_retries"),
                row.integer("default_timeout"),
                row.integerOrNull("rate_limit"),
                row.bool("enabled"),
                row.textOrNull("backoff"),
                since == null ? null : new Pause(since, row.textOrNull("paused_reason")),
                row.text("settings"),
                row.instant("created_at"),
                row.instant("updated_at"));
    }
}
