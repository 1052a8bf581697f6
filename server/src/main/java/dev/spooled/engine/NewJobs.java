package dev.spooled.engine;

import static dev.spooled.db.PgArray.NO_TIME;

import dev.spooled.db.Args;
import dev.spooled.db.PgArray;
import dev.spooled.db.Row;
import dev.spooled.engine.Batch.Minted;
import dev.spooled.engine.Command.Enqueued;
import dev.spooled.time.Ids;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/// The new jobs of a batch. Jobs with an idempotency key race for it in their own statement; equal keys of one
/// batch are merged first: the earliest asks, the others get its answer. Jobs with a parent have statements of
/// their own, too, with a key or without.
final class NewJobs {
    record Key(int org, String key) {}

    private final List<Minted> plain = new ArrayList<>();
    private final List<Minted> keyed = new ArrayList<>();
    private final List<Minted> children = new ArrayList<>();
    private final List<Minted> tagged = new ArrayList<>();
    private final Map<Key, Minted> askers = new HashMap<>();
    private final Map<Key, UUID> holders = new HashMap<>();
    private final Map<UUID, JobStatus> created = new HashMap<>();

    private NewJobs() {}

    static NewJobs of(Batch batch) {
        var jobs = new NewJobs();
        for (Ticket<?> ticket : batch.enqueues) {
            batch.minted.getOrDefault(ticket, List.of()).forEach(jobs::sort);
        }
        return jobs;
    }

    private void sort(Minted minted) {
        Key key = keyOf(minted);
        if (key != null && askers.putIfAbsent(key, minted) != null) {
            return;
        }
        List<Minted> kind = minted.job().parent() != null ? children : key != null ? keyed : plain;
        kind.add(minted);
        if (!minted.job().terms().isEmpty()) {
            tagged.add(minted);
        }
    }

    static @Nullable Key keyOf(Minted minted) {
        String key = minted.job().idempotencyKey();
        return key == null ? null : new Key(minted.job().org(), key);
    }

    void add(RoundTrip trip, int cell, Batch batch) {
        if (!plain.isEmpty()) {
            plain.forEach(minted -> created.put(minted.id(), firstStatus(minted, batch)));
            trip.add(EngineSql.ENQUEUE, arguments(plain, cell, batch));
        }
        if (!keyed.isEmpty()) {
            Args args = arguments(keyed, cell, batch);
            PgArray keys = PgArray.texts();
            keyed.forEach(minted -> keys.add(minted.job().idempotencyKey()));
            trip.add(EngineSql.ENQUEUE_KEYED, args.and("keys", keys), this::takeCreated);
        }
        if (!children.isEmpty()) {
            addChildren(trip, cell, batch);
        }
        addHolders(trip, cell);
        if (!tagged.isEmpty()) {
            trip.add(EngineSql.TAG, tags(tagged, cell));
        }
    }

    private static Args arguments(List<Minted> jobs, int cell, Batch batch) {
        return columns(jobs, cell, batch.now()).and("hooked", batch.audience().hasHooks());
    }

    static JobStatus firstStatus(Minted minted, Batch batch) {
        long runAt = minted.job().runAtMicros();
        return runAt != NO_TIME && runAt > batch.nowMicros() ? JobStatus.SCHEDULED : JobStatus.PENDING;
    }

    private void takeCreated(Row row) throws SQLException {
        created.put(row.uuid("id"), JobStatus.of(row.integer("kind")));
    }

    /// Parents in id order: they are locked in it.
    private void addChildren(RoundTrip trip, int cell, Batch batch) {
        children.sort(Comparator.comparing(NewJobs::parentOf));
        PgArray keys = PgArray.texts();
        PgArray parents = PgArray.uuids();
        children.forEach(child -> keys.add(child.job().idempotencyKey()));
        children.forEach(child -> parents.add(parentOf(child)));
        Args args = arguments(children, cell, batch).and("keys", keys).and("parents", parents);
        trip.add(EngineSql.HOLD_PARENTS, args);
        trip.add(EngineSql.ENQUEUE_CHILD, args, this::takeCreated);
        trip.add(EngineSql.FORGET_UNBORN, args);
    }

    private static UUID parentOf(Minted child) {
        return Objects.requireNonNull(child.job().parent());
    }

    private void addHolders(RoundTrip trip, int cell) {
        List<Minted> keyed = List.copyOf(askers.values());
        if (keyed.isEmpty()) {
            return;
        }
        PgArray ords = PgArray.ints();
        PgArray orgs = PgArray.ints();
        PgArray keys = PgArray.texts();
        for (int i = 0; i < keyed.size(); i++) {
            ords.add(i);
            orgs.add(keyed.get(i).job().org());
            keys.add(keyed.get(i).job().idempotencyKey());
        }
        Args args = Args.of("cell", cell).and("ords", ords).and("orgs", orgs).and("keys", keys);
        trip.add(EngineSql.IDEM_WINNERS, args, row -> {
            Minted asker = keyed.get(row.integer("ord"));
            holders.put(new Key(asker.job().org(), String.valueOf(asker.job().idempotencyKey())), row.uuid("job_id"));
        });
    }

    /// Asks again what `add` would have answered, after its reply was lost.
    void lookUp(RoundTrip trip, int cell) {
        created.clear();
        holders.clear();
        PgArray ids = PgArray.uuids();
        plain.forEach(minted -> ids.add(minted.id()));
        keyed.forEach(minted -> ids.add(minted.id()));
        children.forEach(minted -> ids.add(minted.id()));
        if (ids.size() > 0) {
            trip.add(
                    EngineSql.JOBS_PRESENT,
                    Args.of("cell", cell).and("ids", ids),
                    row -> created.put(row.uuid("id"), JobStatus.PENDING));
        }
        addHolders(trip, cell);
    }

    /// Proposes each ticket's answer and remembers what is new.
    void propose(Batch batch, RecentJobs recent) {
        for (Ticket<?> ticket : batch.enqueues) {
            var answers = new ArrayList<Enqueued>();
            for (Minted minted : batch.minted.getOrDefault(ticket, List.of())) {
                answers.add(answer(minted));
            }
            ticket.propose(answers);
        }
        tell(batch.moves);
        for (List<Minted> jobs : List.of(plain, keyed)) {
            for (Minted minted : jobs) {
                if (created.containsKey(minted.id())) {
                    recent.remember(minted.id(), minted.job());
                }
            }
        }
    }

    private void tell(Moves moves) {
        for (List<Minted> jobs : List.of(plain, keyed, children)) {
            for (Minted minted : jobs) {
                JobStatus status = created.get(minted.id());
                if (status != null) {
                    moves.created(minted, status);
                }
            }
        }
    }

    private Enqueued answer(Minted minted) {
        Key key = keyOf(minted);
        if (created.containsKey(minted.id())) {
            return new Enqueued(minted.id(), true);
        }
        UUID holder = key == null ? null : holders.get(key);
        return holder == null ? new Enqueued(minted.id(), false, true) : new Enqueued(holder, false);
    }

    static Args columns(List<Minted> jobs, int cell, Instant now) {
        PgArray ids = PgArray.uuids();
        PgArray orgs = PgArray.ints();
        PgArray queues = PgArray.ints();
        PgArray timeouts = PgArray.ints();
        PgArray priorities = PgArray.shorts();
        PgArray maxRetries = PgArray.shorts();
        PgArray payloads = PgArray.texts();
        PgArray runAts = PgArray.times();
        PgArray expiresAts = PgArray.times();
        PgArray tags = PgArray.texts();
        PgArray webhooks = PgArray.texts();
        PgArray backoffs = PgArray.texts();
        PgArray traces = PgArray.texts();
        PgArray days = PgArray.ints();
        for (Minted minted : jobs) {
            NewJob job = minted.job();
            ids.add(minted.id());
            orgs.add(job.org());
            queues.add(job.queue());
            timeouts.add(job.timeoutSeconds());
            priorities.add(job.priority());
            maxRetries.add(job.maxRetries());
            payloads.add(job.payload());
            runAts.addMicros(job.runAtMicros());
            expiresAts.addMicros(job.expiresAtMicros());
            tags.add(job.tags());
            webhooks.add(job.completionWebhook());
            backoffs.add(job.backoff());
            traces.add(job.trace());
            days.add(Ids.dayOf(minted.id()));
        }
        return Args.of("cell", cell)
                .and("now", now)
                .and("ids", ids)
                .and("orgs", orgs)
                .and("queues", queues)
                .and("timeouts", timeouts)
                .and("priorities", priorities)
                .and("max_retries", maxRetries)
                .and("payloads", payloads)
                .and("run_ats", runAts)
                .and("expires_ats", expiresAts)
                .and("tags", tags)
                .and("webhooks", webhooks)
                .and("backoffs", backoffs)
                .and("traces", traces)
                .and("days", days);
    }

    static Args tags(List<Minted> jobs, int cell) {
        PgArray orgs = PgArray.ints();
        PgArray terms = PgArray.texts();
        PgArray ids = PgArray.uuids();
        for (Minted minted : jobs) {
            for (String term : minted.job().terms()) {
                orgs.add(minted.job().org());
                terms.add(term);
                ids.add(minted.id());
            }
        }
        return Args.of("cell", cell).and("orgs", orgs).and("tags", terms).and("ids", ids);
    }
}
