package dev.spooled.schedules;

import dev.spooled.access.Authenticate;
import dev.spooled.access.Caller;
import dev.spooled.json.Json;
import dev.spooled.json.JsonObject;
import dev.spooled.orgs.QueueName;
import dev.spooled.refusal.Bounds;
import dev.spooled.refusal.Refused;
import dev.spooled.schedules.Schedule.Plan;
import dev.spooled.schedules.Schedules.Filter;
import dev.spooled.web.Answer;
import dev.spooled.web.Body;
import dev.spooled.web.Door;
import dev.spooled.web.Page;
import dev.spooled.web.Routes;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/// Schedules over HTTP.
public final class SchedulesHttp implements Door {
    private static final String SCHEDULES = "/api/v1/schedules";
    private static final String SCHEDULE = SCHEDULES + "/{id}";
    private static final int PREVIEWED = 5;
    private static final int MAX_PREVIEWED = 100;

    private final Schedules schedules;
    private final Authenticate authenticate;

    public SchedulesHttp(Schedules schedules, Authenticate authenticate) {
        this.schedules = schedules;
        this.authenticate = authenticate;
    }

    @Override
    public void open(Routes routes) {
        routes.get(SCHEDULES, authenticate.then(this::list))
                .post(SCHEDULES, authenticate.then(this::create))
                .post(SCHEDULES + "/preview", authenticate.read(this::preview))
                .get(SCHEDULE, authenticate.then(this::get))
                .put(SCHEDULE, authenticate.then(this::update))
                .delete(SCHEDULE, authenticate.then(this::delete))
                .post(SCHEDULE + "/pause", authenticate.then(this::pause))
                .post(SCHEDULE + "/resume", authenticate.then(this::resume))
                .post(SCHEDULE + "/trigger", authenticate.then(this::trigger))
                .get(SCHEDULE + "/history", authenticate.then(this::history));
    }

    private void list(ServerRequest request, ServerResponse response, Caller caller) {
        Page page = Page.of(request, 100, 500);
        String queue = request.query().first("queue_name").orElse("");
        var filter = new Filter(queue.isEmpty() ? null : QueueName.checked("queue_name", queue), active(request));
        List<Schedule> found = schedules.list(caller, filter, page.limit(), page.offset());
        Answer.json(
                request,
                response,
                200,
                Json.writeAll(found, (to, each) -> ScheduleWire.writeSchedule(to, caller.organization(), each)));
    }

    private static @Nullable Boolean active(ServerRequest request) {
        return switch (request.query().first("is_active").orElse("")) {
            case "" -> null;
            case "true", "1" -> true;
            case "false", "0" -> false;
            default -> throw Refused.invalid("is_active", "is_active must be true or false");
        };
    }

    private void create(ServerRequest request, ServerResponse response, Caller caller) {
        Plan plan = PlanRequest.create(Body.json(request, Body.SINGLE_BYTES));
        answer(request, response, caller, 201, schedules.create(caller, plan));
    }

    private void get(ServerRequest request, ServerResponse response, Caller caller) {
        answer(request, response, caller, 200, schedules.get(caller, id(request)));
    }

    private void update(ServerRequest request, ServerResponse response, Caller caller) {
        JsonObject body = Body.json(request, Body.SINGLE_BYTES);
        UnaryOperator<Plan> change = before -> PlanRequest.update(body, before);
        answer(
                request,
                response,
                caller,
                200,
                schedules.update(caller, id(request), change, body.flagOrNull("is_active")));
    }

    private void delete(ServerRequest request, ServerResponse response, Caller caller) {
        schedules.delete(caller, id(request));
        Answer.nothing(response);
    }

    private void pause(ServerRequest request, ServerResponse response, Caller caller) {
        setActive(request, response, caller, false);
    }

    private void resume(ServerRequest request, ServerResponse response, Caller caller) {
        setActive(request, response, caller, true);
    }

    private void setActive(ServerRequest request, ServerResponse response, Caller caller, boolean active) {
        var unused = Body.optionalJson(request);
        answer(request, response, caller, 200, schedules.update(caller, id(request), UnaryOperator.identity(), active));
    }

    private void trigger(ServerRequest request, ServerResponse response, Caller caller) {
        var unused = Body.optionalJson(request);
        UUID job = schedules.trigger(caller, id(request));
        Instant now = schedules.now();
        Answer.json(
                request,
                response,
                200,
                Json.write(to -> to.id("job_id", job).time("triggered_at", now).time("scheduled_at", now)));
    }

    private void history(ServerRequest request, ServerResponse response, Caller caller) {
        UUID id = id(request);
        List<ScheduleRun> runs =
                schedules.history(caller, id, Page.of(request, 50, 500).limit());
        Answer.json(request, response, 200, Json.writeAll(runs, (to, run) -> ScheduleWire.writeRun(to, id, run)));
    }

    private void preview(ServerRequest request, ServerResponse response, Caller caller) {
        JsonObject body = Body.json(request, Body.SINGLE_BYTES);
        String cron = body.text("cron_expression");
        String given = body.textOrNull("timezone");
        String zone = given == null ? "UTC" : given;
        Integer count = body.integerOrNull("count");
        Bounds.check("count", count, 1, MAX_PREVIEWED);
        List<Instant> next = schedules.preview(cron, zone, count == null ? PREVIEWED : count);
        Answer.json(
                request,
                response,
                200,
                Json.write(to -> to.text("cron_expression", cron)
                        .text("timezone", zone)
                        .text("description", CronWords.of(cron, zone))
                        .texts(
                                "next_runs",
                                next.stream()
                                        .map(dev.spooled.json.WireTime::format)
                                        .toList())));
    }

    private static void answer(
            ServerRequest request, ServerResponse response, Caller caller, int status, Schedule schedule) {
        Answer.json(
                request,
                response,
                status,
                Json.write(to -> ScheduleWire.writeSchedule(to, caller.organization(), schedule)));
    }

    private static UUID id(ServerRequest request) {
        String text = request.path().pathParameters().get("id");
        try {
            return UUID.fromString(text);
        } catch (IllegalArgumentException e) {
            throw Refused.notFound("Schedule not found: " + text);
        }
    }
}
