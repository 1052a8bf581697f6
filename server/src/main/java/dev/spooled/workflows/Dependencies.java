package dev.spooled.workflows;

import dev.spooled.access.Caller;
import dev.spooled.db.Args;
import dev.spooled.db.Homes;
import dev.spooled.db.Sql;
import dev.spooled.db.Statements;
import dev.spooled.engine.Command.AddDependencies;
import dev.spooled.engine.Command.Linked;
import dev.spooled.engine.Command.Settled;
import dev.spooled.engine.Command.Signal;
import dev.spooled.engine.JobStatus;
import dev.spooled.engine.Lanes;
import dev.spooled.jobs.Job;
import dev.spooled.jobs.JobReads;
import dev.spooled.refusal.Refusal;
import dev.spooled.refusal.Refused;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/// What jobs wait for, whether or not a workflow made them: other jobs, and signals.
public final class Dependencies {
    private static final Statements SQL = Statements.beside(Dependencies.class, "workflows.sql");
    private static final Sql AROUND = SQL.get("around");
    private static final Sql SIGNAL_OF = SQL.get("signal_of");
    private static final int AROUND_MAX = 100;
    private static final int MAX_REPEATS = 3;

    private final Homes db;
    private final Lanes lanes;
    private final JobReads reads;

    public Dependencies(Homes db, Lanes lanes, JobReads reads) {
        this.db = db;
        this.lanes = lanes;
        this.reads = reads;
    }

    /// A job between those it waits for and those that wait for it, at most 100 of each.
    record Around(Job job, List<Job> parents, List<Job> children) {}

    Around around(Caller caller, UUID id) {
        Job job = get(caller, id);
        Args args = place(caller, id).and("limit", AROUND_MAX);
        List<UUID> up = new ArrayList<>();
        List<UUID> down = new ArrayList<>();
        db.inOrg(caller.org(), tx -> tx.list(AROUND, args, row -> (row.bool("up") ? up : down).add(row.uuid("id"))));
        return new Around(job, visible(caller, up), visible(caller, down));
    }

    private List<Job> visible(Caller caller, List<UUID> ids) {
        return reads.seen(caller, ids, false).stream()
                .filter(job -> caller.maySee(job.queueName()))
                .toList();
    }

    /// Makes the job wait for the others; answers how many of these dependencies are new, and the job as it then is.
    Added add(Caller caller, UUID id, List<UUID> parents, boolean anyParent) {
        for (int repeat = 0; repeat <= MAX_REPEATS; repeat++) {
            Job job = get(caller, id);
            parents.forEach(parent -> get(caller, parent));
            if (job.status() != JobStatus.PENDING && job.status() != JobStatus.SCHEDULED) {
                throw Refused.conflict("The job is " + job.status().wire() + ": only one that does not run can wait");
            }
            Linked linked = lanes.run(caller.org(), new AddDependencies(caller.org(), id, parents, anyParent));
            switch (linked.outcome()) {
                case LINKED -> {
                    return new Added(linked.added(), get(caller, id));
                }
                case CIRCLE -> throw new Refused(new Refusal.BadRequest("These dependencies would form a cycle"));
                case PARENT_LOST -> throw Refused.conflict("A job that ended without completing cannot be waited for");
                case UNKNOWN_JOB, MOVED -> {}
            }
        }
        throw Refused.unavailable("The job is changing hands, try again");
    }

    record Added(int added, Job job) {}

    /// Gives a step the signal it waits for. Giving it again changes nothing.
    void signal(Caller caller, UUID id, @Nullable String data) {
        for (int repeat = 0; repeat <= MAX_REPEATS; repeat++) {
            Job job = get(caller, id);
            if (lanes.run(caller.org(), new Signal(caller.org(), id, data)) instanceof Settled.Signalled) {
                return;
            }
            Awaited awaited = db.inOrg(
                            caller.org(),
                            tx -> tx.first(
                                    SIGNAL_OF,
                                    place(caller, id),
                                    row -> new Awaited(
                                            row.bool("waits_for_signal"), row.instantOrNull("signalled_at"))))
                    .orElse(new Awaited(false, null));
            if (awaited.signalledAt() != null) {
                return;
            }
            if (!awaited.waits() || job.status() != JobStatus.PENDING) {
                throw Refused.conflict("The job is " + job.status().wire() + " and waits for no signal");
            }
        }
        throw Refused.unavailable("The job is changing hands, try again");
    }

    private record Awaited(boolean waits, @Nullable Instant signalledAt) {}

    private Job get(Caller caller, UUID id) {
        Job job = reads.get(caller, id).orElseThrow(() -> Refused.notFound("Job not found: " + id));
        caller.check(job.queueName());
        return job;
    }

    private static Args place(Caller caller, UUID id) {
        return Args.of("org", caller.org()).and("id", id);
    }
}
