package dev.spooled.workflows;

import dev.spooled.access.Caller;
import dev.spooled.db.Args;
import dev.spooled.db.Homes;
import dev.spooled.db.PgArray;
import dev.spooled.db.Row;
import dev.spooled.db.Sql;
import dev.spooled.db.Statements;
import dev.spooled.engine.Command;
import dev.spooled.engine.Command.Settled;
import dev.spooled.engine.Command.WorkflowMade;
import dev.spooled.engine.Lanes;
import dev.spooled.engine.NewWorkflow;
import dev.spooled.jobs.Job;
import dev.spooled.jobs.JobReads;
import dev.spooled.jobs.Jobs;
import dev.spooled.refusal.Refusal;
import dev.spooled.refusal.Refused;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/// The operations on workflows. What changes one goes through the lane, in one transaction; reads are the tenant's.
public final class Workflows {
    private static final Statements SQL = Statements.beside(Workflows.class, "workflows.sql");
    private static final Sql LIST = SQL.get("list");
    private static final Sql STEPS = SQL.get("steps");
    private static final Sql LINKS = SQL.get("links");
    private static final Sql DELETE = SQL.get("delete");

    private final Homes db;
    private final Lanes lanes;
    private final Jobs jobs;
    private final JobReads reads;

    public Workflows(Homes db, Lanes lanes, Jobs jobs, JobReads reads) {
        this.db = db;
        this.lanes = lanes;
        this.jobs = jobs;
        this.reads = reads;
    }

    /// Newest first; of one status, if one is given.
    List<Workflow> list(Caller caller, @Nullable WorkflowStatus status, int limit, int offset) {
        return read(caller, null, status, limit, offset);
    }

    Workflow get(Caller caller, UUID id) {
        return read(caller, id, null, 1, 0).stream().findFirst().orElseThrow(() -> unknown(id));
    }

    WorkflowMade create(Caller caller, WorkflowRequest asked) {
        List<NewWorkflow.Step> steps = new ArrayList<>();
        for (WorkflowRequest.Step step : asked.steps()) {
            steps.add(new NewWorkflow.Step(
                    step.key(), jobs.prepared(caller, step.job()), step.parents(), step.anyParent(), step.signal()));
        }
        var workflow = new NewWorkflow(caller.org(), asked.name(), asked.description(), asked.metadata(), steps);
        return lanes.run(caller.org(), new Command.EnqueueWorkflow(workflow));
    }

    /// What does not run of it is cancelled; what runs may finish, which changes nothing any more.
    Workflow cancel(Caller caller, UUID id) {
        Workflow workflow = get(caller, id);
        if (lanes.run(caller.org(), new Command.CancelWorkflow(caller.org(), id)) instanceof Settled.Missed) {
            throw Refused.conflict(
                    "The workflow is " + get(caller, workflow.id()).status().wire() + " and cannot be cancelled");
        }
        return get(caller, id);
    }

    /// A failed workflow goes on from what did not complete, or starts over as a `whole`.
    Workflow retry(Caller caller, UUID id, boolean whole) {
        Workflow workflow = get(caller, id);
        if (lanes.run(caller.org(), new Command.RerunWorkflow(caller.org(), id, whole)) instanceof Settled.Missed) {
            WorkflowStatus now = get(caller, workflow.id()).status();
            String why = now == WorkflowStatus.FAILED
                    ? "A failed workflow can be retried only while all its jobs are kept"
                    : "Only a failed workflow can be retried, this one is " + now.wire();
            throw new Refused(new Refusal.BadRequest(why));
        }
        return get(caller, id);
    }

    /// Its jobs stay. Only one that has ended with all of them can go.
    void delete(Caller caller, UUID id) {
        Workflow workflow = get(caller, id);
        if (db.asEngineFor(caller.org(), tx -> tx.first(DELETE, place(caller, id), row -> row.uuid("id")))
                .isEmpty()) {
            throw Refused.conflict("The workflow is " + workflow.status().wire() + " or has jobs that run");
        }
    }

    /// In the order of the request; with payloads and results if `full`.
    List<WorkflowJob> jobs(Caller caller, UUID id, boolean full) {
        var unused = get(caller, id);
        List<Step> steps = db.inOrg(caller.org(), tx -> tx.list(STEPS, place(caller, id), Workflows::step));
        Map<UUID, List<String>> parents = new HashMap<>();
        links(caller, id)
                .forEach(link -> parents.computeIfAbsent(link.child(), child -> new ArrayList<>())
                        .add(link.parentKey()));
        Map<UUID, Job> states = new HashMap<>();
        reads.seen(caller, steps.stream().map(Step::job).toList(), full).forEach(job -> states.put(job.id(), job));
        List<WorkflowJob> found = new ArrayList<>();
        for (Step step : steps) {
            Job job = states.get(step.job());
            if (job != null) {
                found.add(new WorkflowJob(
                        step.key(), job, parents.getOrDefault(job.id(), List.of()), step.waitsForSignal()));
            }
        }
        return found;
    }

    WorkflowJob job(Caller caller, UUID id, UUID job) {
        return jobs(caller, id, true).stream()
                .filter(step -> step.job().id().equals(job))
                .findFirst()
                .orElseThrow(() -> Refused.notFound("Job not found in this workflow: " + job));
    }

    /// Who waits for whom. A parent outside of the workflow goes by its id.
    record Link(UUID parent, UUID child, String parentKey) {}

    List<Link> links(Caller caller, UUID id) {
        return db.inOrg(caller.org(), tx -> tx.list(LINKS, place(caller, id), Workflows::link));
    }

    private record Step(String key, UUID job, boolean waitsForSignal) {}

    private List<Workflow> read(
            Caller caller, @Nullable UUID id, @Nullable WorkflowStatus status, int limit, int offset) {
        PgArray queues = PgArray.texts();
        caller.queues().forEach(queues::add);
        Args args = place(caller, id)
                .and("stored", status == null ? null : status.stored())
                .and("begun", status == null ? null : status.begun())
                .and("all", caller.queues().isEmpty())
                .and("queues", queues)
                .and("limit", limit)
                .and("offset", offset);
        return db.inOrg(caller.org(), tx -> tx.list(LIST, args, Workflows::workflow));
    }

    private static Args place(Caller caller, @Nullable UUID id) {
        return Args.of("org", caller.org()).and("id", id);
    }

    private static Refused unknown(UUID id) {
        return Refused.notFound("Workflow not found: " + id);
    }

    private static Step step(Row row) throws SQLException {
        return new Step(row.text("key"), row.uuid("job"), row.bool("waits_for_signal"));
    }

    private static Link link(Row row) throws SQLException {
        UUID parent = row.uuid("parent");
        String key = row.textOrNull("parent_step");
        return new Link(parent, row.uuid("child"), key == null ? parent.toString() : key);
    }

    private static Workflow workflow(Row row) throws SQLException {
        return new Workflow(
                row.uuid("id"),
                row.text("name"),
                row.textOrNull("description"),
                row.textOrNull("metadata"),
                WorkflowStatus.of(row.integer("status")),
                row.integer("total_jobs"),
                row.integer("completed_jobs"),
                row.integer("failed_jobs"),
                row.instant("created_at"),
                row.instant("updated_at"),
                row.instantOrNull("started_at"),
                row.instantOrNull("completed_at"));
    }
}
