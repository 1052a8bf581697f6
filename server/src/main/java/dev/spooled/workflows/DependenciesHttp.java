package dev.spooled.workflows;

import dev.spooled.access.Authenticate;
import dev.spooled.access.Caller;
import dev.spooled.engine.JobStatus;
import dev.spooled.jobs.Job;
import dev.spooled.jobs.JobIds;
import dev.spooled.jobs.JobWire;
import dev.spooled.json.Json;
import dev.spooled.json.JsonObject;
import dev.spooled.json.JsonWriter;
import dev.spooled.refusal.Refusal;
import dev.spooled.refusal.Refused;
import dev.spooled.web.Answer;
import dev.spooled.web.Body;
import dev.spooled.web.Door;
import dev.spooled.web.Routes;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/// What jobs wait for, over HTTP.
public final class DependenciesHttp implements Door {
    private static final int MAX_PARENTS = 100;
    private static final int MAX_SIGNAL_BYTES = 64 * 1024;

    private final Dependencies dependencies;
    private final Authenticate authenticate;

    public DependenciesHttp(Dependencies dependencies, Authenticate authenticate) {
        this.dependencies = dependencies;
        this.authenticate = authenticate;
    }

    @Override
    public void open(Routes routes) {
        routes.get("/api/v1/jobs/{id}/dependencies", authenticate.then(this::around))
                .post("/api/v1/jobs/{id}/dependencies", authenticate.then(this::add))
                .post("/api/v1/jobs/{id}/signal", authenticate.then(this::signal));
    }

    private void around(ServerRequest request, ServerResponse response, Caller caller) {
        var around = dependencies.around(caller, id(request));
        Job job = around.job();
        String mode = WorkflowWire.mode(job);
        Answer.json(
                request,
                response,
                200,
                Json.write(to -> to.id("job_id", job.id())
                        .text("status", job.status().wire())
                        .text("dependency_mode", mode)
                        .flag("dependencies_met", job.links().dependenciesMet())
                        .array("dependencies", around.parents(), (each, other) -> writeOther(each, other, mode))
                        .array(
                                "dependents",
                                around.children(),
                                (each, other) -> writeDependent(each, other, job.status()))
                        .object("job", it -> JobWire.writeJob(it, caller.organization(), job))));
    }

    private static void writeOther(JsonWriter to, Job parent, String mode) {
        boolean completed = parent.status() == JobStatus.COMPLETED;
        to.id("job_id", parent.id())
                .text("queue_name", parent.queueName())
                .text("status", parent.status().wire())
                .text("dependency_type", mode)
                .flag("completed", completed)
                .flag("is_met", completed);
    }

    private static void writeDependent(JsonWriter to, Job child, JobStatus status) {
        to.id("job_id", child.id())
                .text("queue_name", child.queueName())
                .text("status", child.status().wire())
                .text("dependency_type", WorkflowWire.mode(child))
                .flag("completed", child.status() == JobStatus.COMPLETED)
                .flag("is_met", status == JobStatus.COMPLETED);
    }

    private void add(ServerRequest request, ServerResponse response, Caller caller) {
        UUID id = id(request);
        JsonObject body = Body.json(request, Body.SINGLE_BYTES);
        List<UUID> parents = parents(body);
        String mode =
                body.has("dependency_mode") ? body.textOrNull("dependency_mode") : body.textOrNull("dependency_type");
        boolean any = WorkflowRequest.isAny(mode);
        if (parents.contains(id)) {
            throw new Refused(new Refusal.BadRequest("A job cannot depend on itself"));
        }
        var added = dependencies.add(caller, id, parents, any);
        Answer.json(
                request,
                response,
                200,
                Json.write(to -> to.flag("success", true)
                        .id("job_id", id)
                        .number("added", added.added())
                        .number("added_count", added.added())
                        .number("dependencies_added", added.added())
                        .flag("dependencies_met", added.job().links().dependenciesMet())
                        .array(
                                "dependencies",
                                parents,
                                (each, parent) -> each.id("job_id", id)
                                        .id("depends_on_job_id", parent)
                                        .text("dependency_type", any ? "any" : "all"))));
    }

    private static List<UUID> parents(JsonObject body) {
        @Nullable List<String> texts = null;
        for (String name : List.of("depends_on", "depends_on_job_ids", "dependency_job_ids")) {
            texts = texts == null ? body.textsOrNull(name) : texts;
        }
        if (texts == null) {
            throw new Refused(new Refusal.InvalidJson("The member depends_on is required"));
        }
        if (texts.isEmpty() || texts.size() > MAX_PARENTS) {
            throw Refused.invalid("depends_on", "depends_on must hold 1 to 100 ids, not " + texts.size());
        }
        return texts.stream().map(JobIds::of).distinct().toList();
    }

    private void signal(ServerRequest request, ServerResponse response, Caller caller) {
        UUID id = id(request);
        String data = Body.optionalJson(request).rawOrNull("data");
        if (data != null && data.getBytes(StandardCharsets.UTF_8).length > MAX_SIGNAL_BYTES) {
            throw new Refused(new Refusal.TooLarge("The data of a signal may have at most 64 KiB"));
        }
        dependencies.signal(caller, id, data);
        Answer.json(
                request,
                response,
                200,
                Json.write(to -> to.flag("success", true).id("job_id", id)));
    }

    private static UUID id(ServerRequest request) {
        return JobIds.of(request.path().pathParameters().get("id"));
    }
}
