package dev.spooled.jobs;

import dev.spooled.access.Caller;
import dev.spooled.db.Args;
import dev.spooled.db.Homes;
import dev.spooled.db.PgArray;
import dev.spooled.db.Row;
import dev.spooled.db.Sql;
import dev.spooled.db.Statements;
import dev.spooled.engine.JobStatus;
import dev.spooled.orgs.Limits;
import dev.spooled.time.Ids;
import java.sql.SQLException;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.function.IntFunction;
import org.jspecify.annotations.Nullable;

/// Reads one job as its organization sees it. Every read is one statement under the tenant's role.
public final class JobReads {
    private static final Statements SQL = Statements.beside(JobReads.class, "jobs.sql");
    private static final Sql SEEN = SQL.get("seen");
    private static final Sql ATTEMPTS = SQL.get("attempts");
    private static final Sql EXISTS = SQL.get("exists");
    private static final Sql QUEUE_OF = SQL.get("queue_of");
    private static final Sql STILL_HELD = SQL.get("still_held");
    private static final Sql FIRST_OF_KEY = SQL.get("first_of_key");

    /// Outcomes of attempts by number; 0 is the successful last one.
    private static final List<String> OUTCOMES = List.of("completed", "failed", "lease_expired", "timed_out");

    private final Homes db;
    private final Kept kept;

    /// From when on an organization's ended jobs and its history are kept.
    public record Kept(IntFunction<Instant> jobs, IntFunction<Instant> history) {
        public static Kept by(Limits limits) {
            return new Kept(limits::jobsSince, limits::historySince);
        }
    }

    public JobReads(Homes db, Kept kept) {
        this.db = db;
        this.kept = kept;
    }

    public Optional<Job> get(Caller caller, UUID id) {
        return seen(caller, List.of(id), true).stream().findFirst();
    }

    /// Those of the jobs that are the caller's, newest first; with payload and result if `full`.
    public List<Job> seen(Caller caller, List<UUID> ids, boolean full) {
        if (ids.isEmpty()) {
            return List.of();
        }
        PgArray picked = PgArray.uuids();
        ids.forEach(picked::add);
        Args args = Args.of("org", caller.org())
                .and("ids", picked)
                .andBounds(ids)
                .and("full", full)
                .and("ended_since", kept.jobs().apply(caller.org()));
        return db.inOrg(caller.org(), tx -> tx.list(SEEN, args, JobReads::job));
    }

    /// The statement that reads the jobs a walk picks; its rows are read by `job`.
    static Sql seenBy(Walk walk) {
        return walk.in(SEEN);
    }

    /// Empty for a job that is unknown to the caller; a job never claimed has an empty list.
    Optional<List<Attempt>> attempts(Caller caller, UUID id) {
        Args args = place(caller, id)
                .and("ended_since", kept.jobs().apply(caller.org()))
                .and("history_since", kept.history().apply(caller.org()));
        return db.inOrg(caller.org(), tx -> {
            boolean exists = tx.first(EXISTS, args, row -> true).isPresent();
            return exists ? Optional.of(tx.list(ATTEMPTS, args, JobReads::attempt)) : Optional.empty();
        });
    }

    public Optional<String> queueOf(Caller caller, UUID id) {
        return db.inOrg(caller.org(), tx -> tx.first(QUEUE_OF, place(caller, id), row -> row.text("name")));
    }

    /// Those of the jobs that are still under the lease beside them.
    Set<UUID> stillHeld(Caller caller, Map<UUID, UUID> leases, Instant now) {
        var jobs = PgArray.uuids();
        var ids = PgArray.uuids();
        leases.forEach((job, lease) -> {
            jobs.add(job);
            ids.add(lease);
        });
        Args args =
                Args.of("org", caller.org()).and("ids", jobs).and("leases", ids).and("now", now);
        return Set.copyOf(db.inOrg(caller.org(), tx -> tx.list(STILL_HELD, args, row -> row.uuid("id"))));
    }

    /// Whether the job that holds an idempotency key is what was asked for now.
    boolean sameAs(Caller caller, UUID id, JobRequest asked) {
        return db.inOrg(
                caller.org(),
                tx -> tx.first(
                                FIRST_OF_KEY,
                                place(caller, id),
                                row -> row.text("queue_name").equals(asked.queueName())
                                        && row.text("payload").equals(asked.payload()))
                        .orElse(true));
    }

    private static Args place(Caller caller, UUID id) {
        return Args.of("id", id);
    }

    static Job job(Row row) throws SQLException {
        return new Job(
                row.uuid("id"),
                row.text("queue_name"),
                JobStatus.of(row.integer("status")),
                row.textOrNull("payload"),
                row.textOrNull("result"),
                row.integer("retry_count"),
                row.integer("max_retries"),
                row.integer("priority"),
                row.integer("timeout_seconds"),
                row.textOrNull("last_error"),
                times(row),
                row.textOrNull("tags"),
                links(row),
                row.textOrNull("idem_key"),
                row.textOrNull("worker"),
                row.uuidOrNull("lease_id"),
                progress(row));
    }

    private static Job.@Nullable Progress progress(Row row) throws SQLException {
        String percent = row.textOrNull("progress");
        return percent == null
                ? null
                : new Job.Progress(Double.parseDouble(percent), row.textOrNull("progress_message"));
    }

    private static Job.Times times(Row row) throws SQLException {
        Instant created = Instant.ofEpochMilli(Ids.millisOf(row.uuid("id")));
        Instant started = row.instantOrNull("started_at");
        Instant completed = row.instantOrNull("completed_at");
        return new Job.Times(
                created,
                latest(
                        latest(created, started),
                        latest(created, completed == null ? row.instantOrNull("failed_at") : completed)),
                row.instantOrNull("scheduled_at"),
                started,
                completed,
                row.instantOrNull("expires_at"),
                row.instantOrNull("lease_expires_at"));
    }

    private static Instant latest(Instant one, @Nullable Instant other) {
        return other != null && other.isAfter(one) ? other : one;
    }

    private static Job.Links links(Row row) throws SQLException {
        boolean met = row.bool("dependencies_met");
        String anyParent = row.textOrNull("any_parent");
        String mode = anyParent == null ? null : anyParent.startsWith("t") ? "any" : "all";
        String webhook = row.textOrNull("completion_webhook");
        return new Job.Links(
                row.uuidOrNull("parent"),
                row.uuidOrNull("workflow"),
                webhook == null ? null : CompletionWebhook.urlOf(webhook),
                mode,
                met);
    }

    private static Attempt attempt(Row row) throws SQLException {
        Integer outcome = row.integerOrNull("outcome");
        return new Attempt(
                row.integer("number"),
                row.text("worker"),
                row.textOrNull("version"),
                row.instantOrNull("started_at"),
                row.instantOrNull("ended_at"),
                outcome == null ? null : OUTCOMES.get(outcome),
                row.textOrNull("error"));
    }
}
