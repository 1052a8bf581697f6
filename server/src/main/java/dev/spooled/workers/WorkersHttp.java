package dev.spooled.workers;

import dev.spooled.access.Authenticate;
import dev.spooled.access.Caller;
import dev.spooled.json.Json;
import dev.spooled.json.JsonWriter;
import dev.spooled.refusal.Refused;
import dev.spooled.web.Answer;
import dev.spooled.web.Body;
import dev.spooled.web.Door;
import dev.spooled.web.Page;
import dev.spooled.web.Routes;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import java.time.Duration;
import java.util.List;

/// Workers over HTTP. Registering tells a worker how long its leases are and how often to report.
public final class WorkersHttp implements Door {
    private static final String WORKERS = "/api/v1/workers";
    private static final String WORKER = WORKERS + "/{id}";
    private static final int PAGE = 100;

    private final Workers workers;
    private final Rhythm rhythm;
    private final Authenticate authenticate;

    /// What workers are told: the length of a lease, and how long to wait between two heartbeats.
    public record Rhythm(Duration lease, Duration heartbeat) {
        public static final Rhythm STANDARD = new Rhythm(Duration.ofSeconds(30), Duration.ofSeconds(10));
    }

    public WorkersHttp(Workers workers, Rhythm rhythm, Authenticate authenticate) {
        this.workers = workers;
        this.rhythm = rhythm;
        this.authenticate = authenticate;
    }

    @Override
    public void open(Routes routes) {
        routes.get(WORKERS, authenticate.then(this::list))
                .post(WORKERS + "/register", authenticate.daily(this::register))
                .get(WORKER, authenticate.then(this::get))
                .delete(WORKER, authenticate.daily(this::deregister))
                .post(WORKER + "/heartbeat", authenticate.daily(this::heartbeat))
                .post(WORKER + "/deregister", authenticate.daily(this::deregister));
    }

    private void list(ServerRequest request, ServerResponse response, Caller caller) {
        Page page = Page.of(request, PAGE, PAGE);
        List<Worker> found = workers.list(caller, page.limit(), page.offset());
        Answer.json(request, response, 200, Json.writeAll(found, (to, worker) -> write(to, caller, worker)));
    }

    private void register(ServerRequest request, ServerResponse response, Caller caller) {
        var asked = Registration.of(Body.json(request, Body.SINGLE_BYTES));
        workers.register(caller, asked);
        Answer.json(
                request,
                response,
                201,
                Json.write(to -> to.text("id", asked.id())
                        .text("queue_name", asked.queueName())
                        .number("lease_duration_secs", rhythm.lease().toSeconds())
                        .number("heartbeat_interval_secs", rhythm.heartbeat().toSeconds())));
    }

    private void get(ServerRequest request, ServerResponse response, Caller caller) {
        Worker worker = workers.get(caller, id(request));
        Answer.json(request, response, 200, Json.write(to -> write(to, caller, worker)));
    }

    private void heartbeat(ServerRequest request, ServerResponse response, Caller caller) {
        workers.heartbeat(caller, id(request), SignOfLife.of(Body.optionalJson(request)));
        response.status(200).send();
    }

    /// By `POST .../deregister` and by `DELETE`: clients differ.
    private void deregister(ServerRequest request, ServerResponse response, Caller caller) {
        var unused = Body.optionalJson(request);
        workers.deregister(caller, id(request));
        Answer.nothing(response);
    }

    /// Some members twice, under the names that different clients read.
    private static void write(JsonWriter to, Caller caller, Worker worker) {
        to.text("id", worker.id())
                .id("organization_id", caller.organization())
                .text("queue_name", worker.queueName())
                .texts("queue_names", List.of(worker.queueName()))
                .text("hostname", worker.hostname())
                .text("worker_type", worker.type())
                .text("status", worker.status().wire())
                .number("max_concurrency", worker.maxConcurrency())
                .number("max_concurrent_jobs", worker.maxConcurrency())
                .number("current_jobs", worker.currentJobs())
                .number("current_job_count", worker.currentJobs())
                .time("last_heartbeat", worker.lastHeartbeat())
                .raw("metadata", worker.metadata())
                .text("version", worker.version())
                .time("registered_at", worker.registeredAt())
                .time("created_at", worker.registeredAt())
                .time("updated_at", worker.updatedAt());
    }

    /// What no worker can be called is nobody's id: 404, never 400.
    private static String id(ServerRequest request) {
        String id = request.path().pathParameters().get("id");
        if (!Registration.isId(id)) {
            throw Refused.notFound("Worker not found: " + id);
        }
        return id;
    }
}
