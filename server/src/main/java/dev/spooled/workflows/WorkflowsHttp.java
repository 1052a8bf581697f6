package dev.spooled.workflows;

import dev.spooled.access.Authenticate;
import dev.spooled.access.Caller;
import dev.spooled.engine.Command.WorkflowMade;
import dev.spooled.jobs.JobIds;
import dev.spooled.json.Json;
import dev.spooled.refusal.Refused;
import dev.spooled.web.Answer;
import dev.spooled.web.Body;
import dev.spooled.web.Door;
import dev.spooled.web.Page;
import dev.spooled.web.Routes;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/// Workflows over HTTP.
public final class WorkflowsHttp implements Door {
    private static final String WORKFLOWS = "/api/v1/workflows";
    private static final String WORKFLOW = WORKFLOWS + "/{id}";

    private final Workflows workflows;
    private final Authenticate authenticate;

    public WorkflowsHttp(Workflows workflows, Authenticate authenticate) {
        this.workflows = workflows;
        this.authenticate = authenticate;
    }

    @Override
    public void open(Routes routes) {
        routes.get(WORKFLOWS, authenticate.then(this::list))
                .post(WORKFLOWS, authenticate.then(this::create))
                .get(WORKFLOW, authenticate.then(this::get))
                .delete(WORKFLOW, authenticate.then(this::delete))
                .post(WORKFLOW + "/cancel", authenticate.then(this::cancel))
                .post(WORKFLOW + "/retry", authenticate.then(this::retry))
                .get(WORKFLOW + "/jobs", authenticate.then(this::jobs))
                .get(WORKFLOW + "/jobs/status", authenticate.then(this::statuses))
                .get(WORKFLOW + "/jobs/{job}", authenticate.then(this::job));
    }

    private void list(ServerRequest request, ServerResponse response, Caller caller) {
        Page page = Page.of(request, 50, 100);
        List<Workflow> found = workflows.list(caller, status(request), page.limit(), page.offset());
        Answer.json(
                request,
                response,
                200,
                Json.writeAll(
                        found, (to, workflow) -> WorkflowWire.writeWorkflow(to, caller.organization(), workflow)));
    }

    private static @Nullable WorkflowStatus status(ServerRequest request) {
        String word = request.query().first("status").orElse("");
        return word.isEmpty()
                ? null
                : WorkflowStatus.named(word)
                        .orElseThrow(() -> Refused.invalid(
                                "status", "status must be pending, running, completed, failed or cancelled"));
    }

    private void create(ServerRequest request, ServerResponse response, Caller caller) {
        WorkflowRequest asked = WorkflowRequest.of(Body.json(request, Body.BULK_BYTES));
        WorkflowMade made = workflows.create(caller, asked);
        List<Made> jobs = new ArrayList<>();
        for (int i = 0; i < made.jobs().size(); i++) {
            jobs.add(new Made(asked.steps().get(i).key(), made.jobs().get(i)));
        }
        Answer.json(
                request,
                response,
                201,
                Json.write(to -> to.id("workflow_id", made.id())
                        .id("id", made.id())
                        .text("name", asked.name())
                        .text("status", WorkflowStatus.PENDING.wire())
                        .array(
                                "job_ids",
                                jobs,
                                (each, job) -> each.text("key", job.key()).id("job_id", job.id()))));
    }

    private record Made(String key, UUID id) {}

    private void get(ServerRequest request, ServerResponse response, Caller caller) {
        UUID id = id(request);
        Workflow workflow = workflows.get(caller, id);
        List<WorkflowJob> jobs = workflows.jobs(caller, id, true);
        List<Workflows.Link> links = workflows.links(caller, id);
        Answer.json(
                request,
                response,
                200,
                Json.write(to -> WorkflowWire.writeDetail(to, caller.organization(), workflow, jobs, links)));
    }

    private void cancel(ServerRequest request, ServerResponse response, Caller caller) {
        var unused = Body.optionalJson(request);
        answer(request, response, caller, workflows.cancel(caller, id(request)));
    }

    private void retry(ServerRequest request, ServerResponse response, Caller caller) {
        Boolean whole = Body.optionalJson(request).flagOrNull("whole");
        answer(request, response, caller, workflows.retry(caller, id(request), Boolean.TRUE.equals(whole)));
    }

    private void delete(ServerRequest request, ServerResponse response, Caller caller) {
        workflows.delete(caller, id(request));
        Answer.nothing(response);
    }

    private void jobs(ServerRequest request, ServerResponse response, Caller caller) {
        UUID id = id(request);
        List<WorkflowJob> jobs = workflows.jobs(caller, id, true);
        Answer.json(request, response, 200, Json.writeAll(jobs, (to, job) -> WorkflowWire.writeJob(to, id, job)));
    }

    private void statuses(ServerRequest request, ServerResponse response, Caller caller) {
        List<WorkflowJob> jobs = workflows.jobs(caller, id(request), false);
        Answer.json(request, response, 200, Json.writeAll(jobs, WorkflowWire::writeStatus));
    }

    private void job(ServerRequest request, ServerResponse response, Caller caller) {
        UUID id = id(request);
        WorkflowJob job = workflows.job(
                caller, id, JobIds.of(request.path().pathParameters().get("job")));
        Answer.json(request, response, 200, Json.write(to -> WorkflowWire.writeJob(to, id, job)));
    }

    private static void answer(ServerRequest request, ServerResponse response, Caller caller, Workflow workflow) {
        Answer.json(
                request,
                response,
                200,
                Json.write(to -> WorkflowWire.writeWorkflow(to, caller.organization(), workflow)));
    }

    private static UUID id(ServerRequest request) {
        String text = request.path().pathParameters().get("id");
        return JobIds.parsed(text).orElseThrow(() -> Refused.notFound("Workflow not found: " + text));
    }
}
