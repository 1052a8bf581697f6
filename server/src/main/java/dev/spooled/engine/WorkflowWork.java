package dev.spooled.engine;

import dev.spooled.db.Args;
import dev.spooled.db.PgArray;
import dev.spooled.db.Row;
import dev.spooled.db.Sql;
import dev.spooled.engine.Batch.Minted;
import dev.spooled.engine.Command.AddDependencies;
import dev.spooled.engine.Command.CancelWorkflow;
import dev.spooled.engine.Command.EnqueueWorkflow;
import dev.spooled.engine.Command.Linked;
import dev.spooled.engine.Command.Linked.Outcome;
import dev.spooled.engine.Command.RerunWorkflow;
import dev.spooled.engine.Command.Settled;
import dev.spooled.engine.Command.Signal;
import dev.spooled.engine.Command.WorkflowMade;
import dev.spooled.engine.JobMove.Detail;
import dev.spooled.time.Ids;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;

/// The statements of a batch for jobs that belong together: new workflows, new dependencies, signals, workflows
/// that are run again or cancelled, and the figures of every workflow the batch touched. All of them are rare
/// beside single jobs.
final class WorkflowWork {
    private WorkflowWork() {}

    /// A new workflow and its jobs with the ids they will have.
    static WorkflowMade mint(Ids ids, EnqueueWorkflow command, List<Minted> jobs, Ticket<?> ticket) {
        UUID id = ids.next();
        command.workflow().steps().forEach(step -> jobs.add(new Minted(ticket, step.job(), ids.next())));
        return new WorkflowMade(id, jobs.stream().map(Minted::id).toList());
    }

    // ---- before the claims

    static void add(RoundTrip trip, int cell, Batch batch) {
        batch.links.forEach(ticket -> addLinks(trip, cell, batch, ticket));
        if (!batch.signals.isEmpty()) {
            batch.signals.forEach(ticket -> ticket.propose(new Settled.Missed()));
            trip.add(WorkflowSql.SIGNAL, signals(cell, batch), row -> {
                batch.signals.get(row.integer("ord")).propose(new Settled.Signalled());
                if (row.integerOrNull("queue") != null) {
                    started(batch, row);
                }
            });
        }
        if (!batch.reruns.isEmpty()) {
            batch.reruns.forEach(ticket -> ticket.propose(new Settled.Missed()));
            Args args = places(cell, batch, batch.reruns);
            PgArray wholes = PgArray.booleans();
            batch.reruns.forEach(ticket -> wholes.add(((RerunWorkflow) ticket.command()).whole()));
            trip.add(WorkflowSql.HOLD_RERUN, args);
            trip.add(WorkflowSql.RERUN_WORKFLOWS, args.and("wholes", wholes), row -> {
                batch.reruns.get(row.integer("ord")).propose(new Settled.Retried());
                batch.freshened.add(row.integer("queue"));
                ExactWay.add(batch, row, JobStatus.of(row.integer("status")), JobStatus.PENDING, Detail.NONE);
            });
        }
    }

    private static void started(Batch batch, Row row) throws SQLException {
        if (row.integer("kind") == 1) {
            ExactWay.add(batch, row, JobStatus.PENDING, JobStatus.SCHEDULED, Detail.NONE);
        } else {
            batch.freshened.add(row.integer("queue"));
        }
    }

    private static void addLinks(RoundTrip trip, int cell, Batch batch, Ticket<?> ticket) {
        var asked = (AddDependencies) ticket.command();
        PgArray parents = PgArray.uuids();
        asked.parents().forEach(parents::add);
        Args args = Args.of("cell", cell)
                .and("now", batch.now())
                .and("org", asked.org())
                .and("job", asked.job())
                .and("parents", parents)
                .and("any_parent", asked.anyParent());
        trip.add(WorkflowSql.HOLD_LINKED, args);
        trip.add(WorkflowSql.LINK_JOBS, args, row -> {
            ticket.propose(new Linked(Outcome.values()[row.integer("outcome")], row.integer("added")));
            Integer queue = row.integerOrNull("unscheduled");
            if (queue != null) {
                batch.moves.add(asked.org(), queue, asked.job(), JobStatus.SCHEDULED, JobStatus.PENDING, Detail.NONE);
            }
        });
    }

    private static Args signals(int cell, Batch batch) {
        PgArray datas = PgArray.texts();
        PgArray days = PgArray.ints();
        for (Ticket<?> ticket : batch.signals) {
            var signal = (Signal) ticket.command();
            datas.add(signal.data());
            days.add(Ids.dayOf(signal.job()));
        }
        return places(cell, batch, batch.signals).and("datas", datas).and("days", days);
    }

    private static Args places(int cell, Batch batch, List<Ticket<?>> tickets) {
        PgArray ords = PgArray.ints();
        PgArray ids = PgArray.uuids();
        PgArray orgs = PgArray.ints();
        for (int i = 0; i < tickets.size(); i++) {
            ords.add(i);
            switch (tickets.get(i).command()) {
                case Signal signal -> ids.add(signal.job());
                case RerunWorkflow rerun -> ids.add(rerun.workflow());
                case CancelWorkflow cancel -> ids.add(cancel.workflow());
                default -> throw new IllegalArgumentException("not of a workflow: " + tickets.get(i));
            }
            orgs.add(orgOf(tickets.get(i).command()));
        }
        return Args.of("cell", cell)
                .and("now", batch.now())
                .and("ords", ords)
                .and("ids", ids)
                .and("orgs", orgs);
    }

    private static int orgOf(Command<?> command) {
        return switch (command) {
            case Signal signal -> signal.org();
            case RerunWorkflow rerun -> rerun.org();
            case CancelWorkflow cancel -> cancel.org();
            default -> throw new IllegalArgumentException("not of a workflow: " + command);
        };
    }

    // ---- new workflows

    static void addNew(RoundTrip trip, int cell, Batch batch) {
        if (batch.workflows.isEmpty()) {
            return;
        }
        var minted = new ArrayList<Minted>();
        batch.workflows.forEach(ticket -> minted.addAll(batch.minted.getOrDefault(ticket, List.of())));
        Args args = NewJobs.columns(minted, cell, batch.now())
                .and("hooked", batch.audience().hasHooks());
        args = withSteps(args, batch);
        args = withLinks(args, batch);
        trip.add(WorkflowSql.ENQUEUE_WORKFLOW, withWorkflows(args, batch));
        if (minted.stream().anyMatch(job -> !job.job().terms().isEmpty())) {
            trip.add(EngineSql.TAG, NewJobs.tags(minted, cell));
        }
        proposeNew(batch);
        batch.workflows.forEach(ticket -> tellNew(batch, ticket));
    }

    private static void tellNew(Batch batch, Ticket<?> ticket) {
        List<NewWorkflow.Step> steps =
                ((EnqueueWorkflow) ticket.command()).workflow().steps();
        List<Minted> jobs = batch.minted.getOrDefault(ticket, List.of());
        for (int i = 0; i < jobs.size(); i++) {
            JobStatus first = steps.get(i).waits() ? JobStatus.PENDING : NewJobs.firstStatus(jobs.get(i), batch);
            batch.moves.created(jobs.get(i), first);
        }
    }

    static void proposeNew(Batch batch) {
        batch.workflows.forEach(ticket -> ticket.propose(batch.madeBy(ticket)));
    }

    private static Args withSteps(Args args, Batch batch) {
        PgArray workflows = PgArray.uuids();
        PgArray keys = PgArray.texts();
        PgArray positions = PgArray.shorts();
        PgArray needs = PgArray.shorts();
        PgArray anys = PgArray.booleans();
        PgArray signals = PgArray.booleans();
        for (Ticket<?> ticket : batch.workflows) {
            List<NewWorkflow.Step> steps =
                    ((EnqueueWorkflow) ticket.command()).workflow().steps();
            for (int i = 0; i < steps.size(); i++) {
                NewWorkflow.Step step = steps.get(i);
                workflows.add(batch.madeBy(ticket).id());
                keys.add(step.key());
                positions.add((short) i);
                needs.add(step.needs());
                anys.add(step.anyParent());
                signals.add(step.signal());
            }
        }
        return args.and("workflows", workflows)
                .and("keys", keys)
                .and("positions", positions)
                .and("needs", needs)
                .and("anys", anys)
                .and("signals", signals);
    }

    private static Args withLinks(Args args, Batch batch) {
        PgArray parents = PgArray.uuids();
        PgArray children = PgArray.uuids();
        PgArray orgs = PgArray.ints();
        PgArray workflows = PgArray.uuids();
        for (Ticket<?> ticket : batch.workflows) {
            NewWorkflow workflow = ((EnqueueWorkflow) ticket.command()).workflow();
            WorkflowMade made = batch.madeBy(ticket);
            for (int child = 0; child < workflow.steps().size(); child++) {
                for (int parent : workflow.steps().get(child).parents()) {
                    parents.add(made.jobs().get(parent));
                    children.add(made.jobs().get(child));
                    orgs.add(workflow.org());
                    workflows.add(made.id());
                }
            }
        }
        return args.and("parents", parents)
                .and("children", children)
                .and("link_orgs", orgs)
                .and("link_workflows", workflows);
    }

    private static Args withWorkflows(Args args, Batch batch) {
        PgArray ids = PgArray.uuids();
        PgArray orgs = PgArray.ints();
        PgArray names = PgArray.texts();
        PgArray descriptions = PgArray.texts();
        PgArray metadatas = PgArray.texts();
        PgArray jobs = PgArray.ints();
        for (Ticket<?> ticket : batch.workflows) {
            NewWorkflow workflow = ((EnqueueWorkflow) ticket.command()).workflow();
            ids.add(batch.madeBy(ticket).id());
            orgs.add(workflow.org());
            names.add(workflow.name());
            descriptions.add(workflow.description());
            metadatas.add(workflow.metadata());
            jobs.add(workflow.steps().size());
        }
        return args.and("flow_ids", ids)
                .and("flow_orgs", orgs)
                .and("names", names)
                .and("descriptions", descriptions)
                .and("metadatas", metadatas)
                .and("jobs", jobs);
    }

    // ---- at the end of the batch

    static void addCancels(RoundTrip trip, int cell, Batch batch) {
        if (!batch.workflowCancels.isEmpty()) {
            Args args = places(cell, batch, batch.workflowCancels)
                    .and("hooked", batch.audience().hasHooks());
            trip.add(
                    WorkflowSql.CANCEL_WORKFLOW_JOBS,
                    args,
                    row -> ExactWay.add(
                            batch, row, JobStatus.of(row.integer("kind")), JobStatus.CANCELLED, Detail.NONE));
        }
    }

    /// After settle_children: rows of `workflow` are the last to be locked.
    static void settle(RoundTrip trip, int cell, Batch batch) {
        Args cancels = places(cell, batch, batch.workflowCancels);
        trip.add(WorkflowSql.HOLD_WORKFLOWS, cancels);
        if (!batch.workflowCancels.isEmpty()) {
            batch.workflowCancels.forEach(ticket -> ticket.propose(new Settled.Missed()));
            trip.add(
                    WorkflowSql.CLOSE_WORKFLOWS,
                    cancels,
                    row -> batch.workflowCancels.get(row.integer("ord")).propose(new Settled.Cancelled()));
        }
        trip.add(WorkflowSql.SETTLE_WORKFLOWS, Args.of("cell", cell).and("now", batch.now()));
    }

    // ---- after a lost reply to a batch that did commit

    static void lookUp(RoundTrip trip, int cell, Batch batch) {
        proposeNew(batch);
        lookUp(trip, WorkflowSql.CANCELLED_WORKFLOWS, cell, batch, batch.workflowCancels, new Settled.Cancelled());
        lookUp(trip, WorkflowSql.RERUN_SINCE, cell, batch, batch.reruns, new Settled.Retried());
        lookUp(trip, WorkflowSql.SIGNALS_GIVEN, cell, batch, batch.signals, new Settled.Signalled());
        for (Ticket<?> ticket : batch.links) {
            var asked = (AddDependencies) ticket.command();
            PgArray parents = PgArray.uuids();
            asked.parents().forEach(parents::add);
            Args args = Args.of("cell", cell).and("job", asked.job()).and("parents", parents);
            trip.add(WorkflowSql.LINKS_PRESENT, args, row -> {
                int present = row.integer("present");
                boolean all = present == asked.parents().size();
                ticket.propose(all ? new Linked(Outcome.LINKED, present) : new Linked(Outcome.MOVED, 0));
            });
        }
    }

    private static void lookUp(RoundTrip trip, Sql sql, int cell, Batch batch, List<Ticket<?>> tickets, Settled found) {
        if (!tickets.isEmpty()) {
            tickets.forEach(ticket -> ticket.propose(new Settled.Missed()));
            trip.add(
                    sql,
                    places(cell, batch, tickets),
                    row -> tickets.get(row.integer("ord")).propose(found));
        }
    }
}
