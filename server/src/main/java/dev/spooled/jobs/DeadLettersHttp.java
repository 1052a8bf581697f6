package dev.spooled.jobs;

import dev.spooled.access.Authenticate;
import dev.spooled.access.Caller;
import dev.spooled.json.Json;
import dev.spooled.json.JsonObject;
import dev.spooled.refusal.Refusal;
import dev.spooled.refusal.Refused;
import dev.spooled.time.Clock;
import dev.spooled.web.Answer;
import dev.spooled.web.Body;
import dev.spooled.web.Door;
import dev.spooled.web.Routes;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/// Dead letters over HTTP.
public final class DeadLettersHttp implements Door {
    private static final int MAX_RETRIED = 100;
    private static final int MAX_PURGED = 10_000;
    private static final int MAX_DAYS = 36_500;

    private final DeadLetters deadLetters;
    private final Clock clock;
    private final Authenticate authenticate;

    public DeadLettersHttp(DeadLetters deadLetters, Clock clock, Authenticate authenticate) {
        this.deadLetters = deadLetters;
        this.clock = clock;
        this.authenticate = authenticate;
    }

    @Override
    public void open(Routes routes) {
        routes.get("/api/v1/jobs/dlq", authenticate.then(this::list))
                .post("/api/v1/jobs/dlq/retry", authenticate.then(this::retry))
                .post("/api/v1/jobs/dlq/purge", authenticate.then(this::purge));
    }

    private void list(ServerRequest request, ServerResponse response, Caller caller) {
        String queue = QueryHttp.text(request, "queue_name");
        List<Job> jobs =
                deadLetters.list(caller, queue == null || queue.isEmpty() ? null : queue, JobListsHttp.part(request));
        Answer.json(
                request,
                response,
                200,
                Json.writeAll(jobs, (to, job) -> JobWire.writeJob(to, caller.organization(), job)));
    }

    private void retry(ServerRequest request, ServerResponse response, Caller caller) {
        JsonObject body = Body.optionalJson(request);
        List<UUID> retried = deadLetters.retry(caller, which(body, null, MAX_RETRIED));
        Answer.json(
                request,
                response,
                200,
                Json.write(to -> to.number("retried_count", retried.size())
                        .texts(
                                "retried_jobs",
                                retried.stream().map(UUID::toString).toList())));
    }

    private void purge(ServerRequest request, ServerResponse response, Caller caller) {
        JsonObject body = Body.optionalJson(request);
        int purged = deadLetters.purge(caller, which(body, before(body), MAX_PURGED), body.flagOrNull("confirm"));
        Answer.json(request, response, 200, Json.write(to -> to.number("purged_count", purged)));
    }

    private @Nullable Instant before(JsonObject body) {
        Integer days = body.integerOrNull("older_than_days");
        Ranges.checkOptional("older_than_days", days, 0, MAX_DAYS);
        Instant time = body.timeOrNull("older_than");
        if (days == null) {
            return time;
        }
        Instant then = clock.now().minus(Duration.ofDays(days));
        return time == null || then.isBefore(time) ? then : time;
    }

    private static DeadLetters.Which which(JsonObject body, @Nullable Instant before, int most) {
        Integer limit = body.integerOrNull("limit");
        Ranges.checkOptional("limit", limit, 1, most);
        List<String> texts = body.textsOrNull("job_ids");
        if (texts != null && texts.size() > most) {
            throw new Refused(new Refusal.BadRequest("job_ids may hold at most " + most + " ids"));
        }
        String queue = body.textOrNull("queue_name");
        return new DeadLetters.Which(
                texts == null ? null : JobIds.all(texts),
                queue == null || queue.isEmpty() ? null : queue,
                before,
                limit == null ? most : limit);
    }
}
