package dev.spooled.jobs;

import dev.spooled.access.Authenticate;
import dev.spooled.access.Caller;
import dev.spooled.engine.Command.Enqueued;
import dev.spooled.engine.Command.Holder;
import dev.spooled.engine.JobStatus;
import dev.spooled.engine.NewJob;
import dev.spooled.json.Json;
import dev.spooled.json.JsonObject;
import dev.spooled.refusal.Refusal;
import dev.spooled.refusal.Refused;
import dev.spooled.web.Answer;
import dev.spooled.web.Body;
import dev.spooled.web.Connection;
import dev.spooled.web.Door;
import dev.spooled.web.Routes;
import io.helidon.http.HeaderName;
import io.helidon.http.HeaderNames;
import io.helidon.webserver.CloseConnectionException;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/// Jobs over HTTP: parses, asks `Jobs`, answers.
public final class JobsHttp implements Door {
    private static final HeaderName IDEMPOTENCY_KEY = HeaderNames.create("Idempotency-Key");
    private static final HeaderName IDEMPOTENCY = HeaderNames.create("X-Spooled-Idempotency");
    private static final int MAX_RETRY_AFTER = 7 * 86_400;

    private final Jobs jobs;
    private final Progress progress;
    private final Authenticate authenticate;

    public JobsHttp(Jobs jobs, Progress progress, Authenticate authenticate) {
        this.jobs = jobs;
        this.progress = progress;
        this.authenticate = authenticate;
    }

    @Override
    public void open(Routes routes) {
        routes.post("/api/v1/jobs", authenticate.daily(this::create))
                .post("/api/v1/jobs/bulk", authenticate.daily(this::createAll))
                .post("/api/v1/jobs/claim", authenticate.daily(this::claim))
                .get("/api/v1/jobs/{id}", authenticate.then(this::get))
                .delete("/api/v1/jobs/{id}", authenticate.then(this::cancel))
                .get("/api/v1/jobs/{id}/attempts", authenticate.then(this::attempts))
                .post("/api/v1/jobs/{id}/complete", authenticate.daily(this::complete))
                .post("/api/v1/jobs/{id}/fail", authenticate.daily(this::fail))
                .post("/api/v1/jobs/{id}/heartbeat", authenticate.daily(this::heartbeat))
                .post("/api/v1/jobs/{id}/progress", authenticate.daily(this::progress))
                .post("/api/v1/jobs/{id}/retry", authenticate.then(this::retry))
                .put("/api/v1/jobs/{id}/priority", authenticate.then(this::setPriority));
    }

    private void create(ServerRequest request, ServerResponse response, Caller caller) {
        JsonObject body = Body.json(request, Body.SINGLE_BYTES);
        JobRequest asked = jobRequest(request, body);
        Enqueued enqueued = jobs.enqueue(caller, asked);
        if (!enqueued.created() && !jobs.sameAs(caller, enqueued, asked)) {
            response.header(IDEMPOTENCY, "mismatch");
        }
        byte[] answer = Json.write(to -> to.id("id", enqueued.id()).flag("created", enqueued.created()));
        Answer.json(request, response, enqueued.created() ? 201 : 200, answer);
    }

    private static JobRequest jobRequest(ServerRequest request, JsonObject body) {
        String key = body.textOrNull("idempotency_key");
        if (key == null || key.isEmpty()) {
            key = request.headers()
                    .first(IDEMPOTENCY_KEY)
                    .filter(header -> header.chars().noneMatch(Character::isISOControl))
                    .orElse(null);
        }
        Integer priority = body.integerOrNull("priority");
        return new JobRequest(
                body.text("queue_name"),
                body.raw("payload"),
                priority == null ? 0 : priority,
                body.integerOrNull("max_retries"),
                body.integerOrNull("timeout_seconds"),
                body.timeOrNull("scheduled_at"),
                body.timeOrNull("expires_at"),
                key,
                Tags.of(body),
                CompletionWebhook.of(body),
                parent(body),
                Backoff.of(body));
    }

    private static @Nullable UUID parent(JsonObject body) {
        String text = body.textOrNull("parent_job_id");
        return text == null || text.isEmpty() ? null : JobIds.of(text);
    }

    private record Accepted(int index, Enqueued job) {}

    private record Rejected(int index, String error) {}

    private void createAll(ServerRequest request, ServerResponse response, Caller caller) {
        var bulk = new BulkRequest(Body.json(request, Body.BULK_BYTES));
        if (bulk.queueName() != null) {
            caller.check(bulk.queueName());
        }
        var places = new ArrayList<Integer>();
        var ready = new ArrayList<NewJob>();
        var rejected = new ArrayList<Rejected>();
        for (int i = 0; i < bulk.size(); i++) {
            try {
                ready.add(jobs.prepared(caller, bulk.item(i)));
                places.add(i);
            } catch (Refused refused) {
                rejected.add(new Rejected(i, refused.refusal().message()));
            }
        }
        List<Accepted> accepted = accepted(places, jobs.enqueueAll(caller, ready));
        Answer.json(request, response, 200, bulkAnswer(bulk.size(), accepted, rejected));
    }

    private static List<Accepted> accepted(List<Integer> places, List<Enqueued> enqueued) {
        var accepted = new ArrayList<Accepted>();
        for (int i = 0; i < enqueued.size(); i++) {
            accepted.add(new Accepted(places.get(i), enqueued.get(i)));
        }
        return accepted;
    }

    private static byte[] bulkAnswer(int total, List<Accepted> accepted, List<Rejected> rejected) {
        return Json.write(to -> to.array(
                        "succeeded",
                        accepted,
                        (item, it) -> item.number("index", it.index())
                                .id("job_id", it.job().id())
                                .flag("created", it.job().created()))
                .array(
                        "failed",
                        rejected,
                        (item, it) -> item.number("index", it.index()).text("error", it.error()))
                .number("total", total)
                .number("success_count", accepted.size())
                .number("failure_count", rejected.size()));
    }

    private void get(ServerRequest request, ServerResponse response, Caller caller) {
        Job job = jobs.get(caller, JobIds.of(request.path().pathParameters().get("id")));
        Answer.json(request, response, 200, Json.write(to -> JobWire.writeJob(to, caller.organization(), job)));
    }

    private void attempts(ServerRequest request, ServerResponse response, Caller caller) {
        List<Attempt> attempts =
                jobs.attempts(caller, JobIds.of(request.path().pathParameters().get("id")));
        Answer.json(request, response, 200, Json.writeAll(attempts, JobWire::writeAttempt));
    }

    private void claim(ServerRequest request, ServerResponse response, Caller caller) {
        JsonObject body = Body.json(request, Body.SINGLE_BYTES);
        var asked = ClaimRequest.of(
                body.text("queue_name"),
                body.text("worker_id"),
                body.integerOrNull("limit"),
                body.integerOrNull("lease_duration_secs"),
                body.integerOrNull("wait_seconds"));
        BooleanSupplier alive = asked.waitSeconds() > 0 ? Connection.watchClient() : () -> true;
        List<ClaimedJob> claimed = jobs.claim(caller, asked, alive);
        byte[] answer = Json.write(to -> to.array("jobs", claimed, JobWire::writeClaimed));
        deliver(request, response, caller, claimed, answer, alive);
    }

    /// Hands over the jobs, or gives their leases back at once when the client is no longer there to take them.
    private void deliver(
            ServerRequest request,
            ServerResponse response,
            Caller caller,
            List<ClaimedJob> claimed,
            byte[] answer,
            BooleanSupplier alive) {
        try {
            if (!alive.getAsBoolean()) {
                throw new CloseConnectionException("the client left while its claim waited");
            }
            Answer.json(request, response, 200, answer);
        } catch (RuntimeException e) {
            jobs.release(caller, claimed.stream().map(ClaimedJob::lease).toList());
            throw e;
        }
    }

    private void complete(ServerRequest request, ServerResponse response, Caller caller) {
        UUID id = JobIds.of(request.path().pathParameters().get("id"));
        JsonObject body = Body.json(request, Body.SINGLE_BYTES);
        jobs.complete(caller, holder(caller, id, body), body.rawOrNull("result"));
        Answer.json(request, response, 200, Json.write(to -> to.flag("success", true)));
    }

    private void fail(ServerRequest request, ServerResponse response, Caller caller) {
        UUID id = JobIds.of(request.path().pathParameters().get("id"));
        JsonObject body = Body.json(request, Body.SINGLE_BYTES);
        String error = body.has("error") || !body.has("reason") ? body.text("error") : body.text("reason");
        if (error.isEmpty()) {
            throw Refused.invalid("error", "error must not be empty");
        }
        Integer retryAfter = body.integerOrNull("retry_after_seconds");
        Ranges.checkOptional("retry_after_seconds", retryAfter, 0, MAX_RETRY_AFTER);
        boolean retry = !Boolean.TRUE.equals(body.flagOrNull("no_retry"));
        var failed = jobs.fail(caller, holder(caller, id, body), error, retry, retryAfter);
        JobStatus status = failed.willRetry() ? JobStatus.PENDING : JobStatus.DEADLETTER;
        Answer.json(
                request,
                response,
                200,
                Json.write(to -> to.flag("success", true)
                        .flag("will_retry", failed.willRetry())
                        .time("next_retry_at", failed.nextRetryAt())
                        .text("status", status.wire())));
    }

    private void heartbeat(ServerRequest request, ServerResponse response, Caller caller) {
        UUID id = JobIds.of(request.path().pathParameters().get("id"));
        JsonObject body = Body.json(request, Body.SINGLE_BYTES);
        Integer seconds = body.integerOrNull("lease_duration_secs");
        if (seconds == null) {
            seconds = body.integerOrNull("extension_secs");
        }
        var end = jobs.heartbeat(caller, holder(caller, id, body), ClaimRequest.leaseOf(seconds));
        Answer.json(
                request,
                response,
                200,
                Json.write(to -> to.flag("success", true).time("lease_expires_at", end)));
    }

    private void cancel(ServerRequest request, ServerResponse response, Caller caller) {
        jobs.cancel(caller, JobIds.of(request.path().pathParameters().get("id")));
        Answer.nothing(response);
    }

    private void retry(ServerRequest request, ServerResponse response, Caller caller) {
        UUID id = JobIds.of(request.path().pathParameters().get("id"));
        Body.optionalJson(request);
        Job job = jobs.retry(caller, id);
        Answer.json(request, response, 200, Json.write(to -> JobWire.writeJob(to, caller.organization(), job)));
    }

    private void setPriority(ServerRequest request, ServerResponse response, Caller caller) {
        UUID id = JobIds.of(request.path().pathParameters().get("id"));
        Integer priority = Body.json(request, Body.SINGLE_BYTES).integerOrNull("priority");
        if (priority == null) {
            throw new Refused(new Refusal.InvalidJson("The member priority is required"));
        }
        int old = jobs.setPriority(caller, id, priority);
        Answer.json(
                request,
                response,
                200,
                Json.write(to -> to.id("job_id", id).number("old_priority", old).number("new_priority", priority)));
    }

    private void progress(ServerRequest request, ServerResponse response, Caller caller) {
        UUID id = JobIds.of(request.path().pathParameters().get("id"));
        JsonObject body = Body.json(request, Body.SINGLE_BYTES);
        Double percent = body.realOrNull("progress");
        if (percent == null) {
            throw new Refused(new Refusal.InvalidJson("The member progress is required"));
        }
        var report = new Progress.Report(
                percent,
                body.textOrNull("message"),
                leaseId(body.textOrNull("lease_id")),
                body.textOrNull("worker_id"));
        progress.report(caller, id, report);
        Answer.json(request, response, 200, Json.write(to -> to.flag("success", true)));
    }

    private static Holder holder(Caller caller, UUID job, JsonObject body) {
        return new Holder(caller.org(), job, leaseId(body.textOrNull("lease_id")), body.text("worker_id"));
    }

    /// A text that is no id cannot be the current lease, which is what the nil id says.
    private static @Nullable UUID leaseId(@Nullable String text) {
        if (text == null || text.isEmpty()) {
            return null;
        }
        try {
            return UUID.fromString(text);
        } catch (IllegalArgumentException e) {
            return new UUID(0, 0);
        }
    }
}
