package dev.spooled.queues;

import dev.spooled.access.Authenticate;
import dev.spooled.access.Caller;
import dev.spooled.json.Json;
import dev.spooled.json.JsonObject;
import dev.spooled.orgs.QueueName;
import dev.spooled.refusal.Bounds;
import dev.spooled.web.Answer;
import dev.spooled.web.Body;
import dev.spooled.web.Door;
import dev.spooled.web.Page;
import dev.spooled.web.Routes;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import java.time.Duration;
import java.util.List;

/// Queues over HTTP. Jobs may use queues that nobody configured; these are not listed here, but have figures and can be
/// paused and purged.
public final class QueuesHttp implements Door {
    private static final String QUEUES = "/api/v1/queues";
    private static final String QUEUE = QUEUES + "/{name}";
    private static final int PAGE = 100;
    private static final int MAX_REASON = 500;

    private final QueueSettings queues;
    private final QueueFigures figures;
    private final Authenticate authenticate;

    public QueuesHttp(QueueSettings queues, QueueFigures figures, Authenticate authenticate) {
        this.queues = queues;
        this.figures = figures;
        this.authenticate = authenticate;
    }

    @Override
    public void open(Routes routes) {
        routes.get(QUEUES, authenticate.then(this::list))
                .post(QUEUES, authenticate.then(this::create))
                .get(QUEUE, authenticate.then(this::get))
                .put(QUEUE, authenticate.then(this::configure))
                .patch(QUEUE, authenticate.then(this::configure))
                .delete(QUEUE, authenticate.then(this::delete))
                .put(QUEUE + "/config", authenticate.then(this::configure))
                .get(QUEUE + "/stats", authenticate.then(this::stats))
                .post(QUEUE + "/pause", authenticate.then(this::pause))
                .post(QUEUE + "/resume", authenticate.then(this::resume))
                .post(QUEUE + "/purge", authenticate.then(this::purge));
    }

    private void list(ServerRequest request, ServerResponse response, Caller caller) {
        Page page = Page.of(request, PAGE, PAGE);
        List<QueueConfig> found = queues.list(caller, page.limit(), page.offset());
        Answer.json(request, response, 200, Json.writeAll(found, QueueWire::writeSummary));
    }

    private void create(ServerRequest request, ServerResponse response, Caller caller) {
        JsonObject body = Body.json(request, Body.SINGLE_BYTES);
        String name = QueueName.checked("queue_name", body.text("queue_name"));
        answer(request, response, caller, 201, queues.configure(caller, name, QueueChange.of(body, name)));
    }

    private void get(ServerRequest request, ServerResponse response, Caller caller) {
        answer(request, response, caller, 200, queues.get(caller, name(request)));
    }

    private void configure(ServerRequest request, ServerResponse response, Caller caller) {
        String name = name(request);
        QueueChange change = QueueChange.of(Body.optionalJson(request), name);
        answer(request, response, caller, 200, queues.configure(caller, name, change));
    }

    private void stats(ServerRequest request, ServerResponse response, Caller caller) {
        String name = name(request);
        QueueStats stats = figures.of(caller, name);
        Answer.json(request, response, 200, Json.write(to -> QueueWire.writeStats(to, name, stats)));
    }

    private void pause(ServerRequest request, ServerResponse response, Caller caller) {
        String name = name(request);
        String reason = Body.optionalJson(request).textOrNull("reason");
        Bounds.checkLength("reason", reason, 0, MAX_REASON);
        var pause = queues.pause(caller, name, reason);
        Answer.json(
                request,
                response,
                200,
                Json.write(to -> to.text("queue_name", name)
                        .text("name", name)
                        .flag("paused", true)
                        .time("paused_at", pause.since())
                        .text("reason", pause.reason())));
    }

    private void resume(ServerRequest request, ServerResponse response, Caller caller) {
        String name = name(request);
        var unused = Body.optionalJson(request);
        Duration paused = queues.resume(caller, name);
        Answer.json(
                request,
                response,
                200,
                Json.write(to -> to.text("queue_name", name)
                        .text("name", name)
                        .flag("resumed", true)
                        .flag("paused", false)
                        .number("paused_duration_secs", paused.toSeconds())));
    }

    private void delete(ServerRequest request, ServerResponse response, Caller caller) {
        String withJobs = request.query().first("delete_jobs").orElse("");
        queues.delete(caller, name(request), withJobs.equals("true") || withJobs.equals("1"));
        Answer.nothing(response);
    }

    private void purge(ServerRequest request, ServerResponse response, Caller caller) {
        String name = name(request);
        var unused = Body.optionalJson(request);
        int purged = queues.purge(caller, name);
        Answer.json(
                request,
                response,
                200,
                Json.write(to -> to.text("queue_name", name).number("purged_count", purged)));
    }

    private static void answer(
            ServerRequest request, ServerResponse response, Caller caller, int status, QueueConfig queue) {
        byte[] body = Json.write(to -> QueueWire.writeConfig(to, caller.organization(), queue));
        Answer.json(request, response, status, body);
    }

    private static String name(ServerRequest request) {
        return QueueName.checked("queue_name", request.path().pathParameters().get("name"));
    }
}
