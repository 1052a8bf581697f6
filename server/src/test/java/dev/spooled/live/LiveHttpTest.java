package dev.spooled.live;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.spooled.live.EventStream.Frame;
import dev.spooled.support.Await;
import dev.spooled.support.TestServer;
import dev.spooled.workers.SilentWorkers;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.json.JsonMapper;

/// Live events over SSE, as clients hear them.
final class LiveHttpTest {
    private static final JsonMapper JSON = new JsonMapper();
    private static final TestServer SERVER = new TestServer(new Hub.Limits(3, 3, 50), Rhythm.STANDARD.faster(10));

    private final String key = SERVER.otherOrganization();

    @AfterAll
    static void close() {
        SERVER.close();
    }

    private EventStream listen(String path, String... headers) {
        var stream = EventStream.open(SERVER, key, path, headers);
        assertThat(stream.response().statusCode()).isEqualTo(200);
        assertThat(stream.next()).isEqualTo(new Frame("connected", "", "", ""));
        return stream;
    }

    private String enqueue(String queue, String more) {
        return text(
                SERVER.post(key, "/jobs", "{\"queue_name\":\"" + queue + "\",\"payload\":{}" + more + "}")
                        .body(),
                "id");
    }

    private String claim(String queue) {
        String jobs = SERVER.post(key, "/jobs/claim", "{\"queue_name\":\"" + queue + "\",\"worker_id\":\"w\"}")
                .body();
        return JSON.readTree(jobs).get("jobs").get(0).get("id").asString();
    }

    private static String text(String json, String member) {
        return JSON.readTree(json).get(member).asString();
    }

    private static boolean isJob(Frame frame) {
        return frame.type().startsWith("Job");
    }

    @Test
    void aStreamTellsAJobsWholeLife() {
        try (var stream = listen("/events")) {
            assertThat(stream.response().headers().firstValue("content-type")).hasValue("text/event-stream");
            assertThat(stream.response().headers().firstValue("cache-control")).hasValue("no-cache");
            assertThat(stream.response().headers().firstValue("x-accel-buffering"))
                    .hasValue("no");
            assertThat(stream.response().headers().firstValue("x-ratelimit-limit"))
                    .isPresent();
            String job = enqueue("mail", ",\"priority\":7");
            claim("mail");
            SERVER.clock.advance(Duration.ofMillis(1_500));
            SERVER.post(key, "/jobs/" + job + "/fail", "{\"worker_id\":\"w\",\"error\":\"no luck\"}");
            SERVER.clock.advance(Duration.ofMinutes(5));
            var unused = SERVER.chores.promote().runOnce();
            claim("mail");
            SERVER.clock.advance(Duration.ofMillis(2_500));
            SERVER.post(key, "/jobs/" + job + "/complete", "{\"worker_id\":\"w\",\"result\":{\"sent\":[1, 2]}}");
            List<String> told = new ArrayList<>();
            List<Long> numbers = new ArrayList<>();
            Frame last;
            do {
                last = stream.event(LiveHttpTest::isJob);
                assertThat(last.inside("job_id").asString()).isEqualTo(job);
                assertThat(last.json().get("job_id").asString()).isEqualTo(job);
                assertThat(last.json().get("queue_name").asString()).isEqualTo("mail");
                assertThat(last.json().get("timestamp")).isEqualTo(last.inside("timestamp"));
                assertThat(last.id()).isNotEmpty();
                assertThat(last.name()).isEmpty();
                numbers.add(last.inside("transition").asLong());
                told.add(summary(last));
            } while (!last.type().equals("JobCompleted"));
            assertThat(told)
                    .containsExactly(
                            "JobCreated 7",
                            "JobStatusChange pending processing",
                            "JobStatusChange processing pending",
                            "JobFailed no luck 1 true",
                            "JobStatusChange pending processing",
                            "JobStatusChange processing completed",
                            "JobCompleted {\"sent\":[1,2]}");
            assertThat(last.inside("duration_ms").asInt()).isBetween(2_499, 2_500);
            assertThat(numbers).isSorted();
        }
    }

    private static String summary(Frame frame) {
        return switch (frame.type()) {
            case "JobCreated" -> "JobCreated " + frame.inside("priority");
            case "JobStatusChange" ->
                "JobStatusChange " + frame.inside("old_status").asString() + " "
                        + frame.inside("new_status").asString();
            case "JobFailed" ->
                "JobFailed " + frame.inside("error").asString() + " " + frame.inside("retry_count") + " "
                        + frame.inside("will_retry");
            case "JobCompleted" -> "JobCompleted " + frame.inside("result");
            default -> frame.data();
        };
    }

    @Test
    void anIdempotentDuplicateIsNoEvent() {
        try (var stream = listen("/events?events=job.created")) {
            String first = enqueue("once", ",\"idempotency_key\":\"k\"");
            assertThat(enqueue("once", ",\"idempotency_key\":\"k\"")).isEqualTo(first);
            String next = enqueue("once", "");
            assertThat(stream.event().inside("job_id").asString()).isEqualTo(first);
            assertThat(stream.event().inside("job_id").asString()).isEqualTo(next);
        }
    }

    @Test
    void filtersNarrowWhatIsTold() {
        try (var ofQueue = listen("/events?queue=b*&events=job.created");
                var ofKind = listen("/events?events=JOB.Status_changed,job.cancelled")) {
            String a = enqueue("aa", "");
            String b = enqueue("bb", "");
            assertThat(ofQueue.event().inside("job_id").asString()).isEqualTo(b);
            SERVER.call(key, "DELETE", "/jobs/" + a, "");
            assertThat(ofKind.event().inside("new_status").asString()).isEqualTo("cancelled");
            assertThat(ofKind.event().type()).isEqualTo("JobCancelled");
            try (var ofJob = listen("/events?job_id=" + b)) {
                SERVER.call(key, "DELETE", "/jobs/" + b, "");
                assertThat(ofJob.event().type()).isEqualTo("JobStatusChange");
            }
        }
    }

    @Test
    void namesAreForThoseWhoListenByThem() {
        try (var named = listen("/events?named=true&events=job.created");
                var guzzle = listen("/events?events=job.created", "User-Agent", "GuzzleHttp/7");
                var go = listen("/events?events=job.created,worker.registered", "User-Agent", "Go-http-client/1.1")) {
            enqueue("q", "");
            assertThat(named.event().name()).isEqualTo("job.created");
            assertThat(guzzle.event().name()).isEqualTo("job.created");
            Frame ofGo = go.event();
            assertThat(ofGo.name()).isEmpty();
            assertThat(ofGo.type()).isEqualTo("job.created");
            SERVER.post(key, "/workers/register", "{\"queue_name\":\"q\",\"hostname\":\"h\"}");
            assertThat(go.event().type()).isEqualTo("worker.joined");
        }
    }

    @Test
    void workersQueuesSchedulesAndProgressAreTold() {
        String extras = "queue.paused,queue.resumed,schedule.triggered,job.progress,job.started";
        try (var stream = listen("/events");
                var asked = listen("/events?events=" + extras)) {
            SERVER.post(
                    key,
                    "/workers/register",
                    "{\"queue_name\":\"w\",\"hostname\":\"h\",\"worker_id\":\"" + key.substring(20, 30) + "\"}");
            String worker = key.substring(20, 30);
            Frame registered = stream.event("WorkerRegistered");
            assertThat(registered.inside("worker_id").asString()).isEqualTo(worker);
            assertThat(registered.inside("queue_name").asString()).isEqualTo("w");
            SERVER.post(key, "/workers/" + worker + "/heartbeat", "{\"status\":\"draining\"}");
            Frame beat = stream.event("WorkerHeartbeat");
            assertThat(beat.inside("status").asString()).isEqualTo("draining");
            assertThat(beat.inside("current_job_id").isNull()).isTrue();
            SERVER.post(key, "/workers/" + worker + "/deregister", "");
            assertThat(stream.event("WorkerDeregistered").inside("worker_id").asString())
                    .isEqualTo(worker);
            SERVER.post(key, "/workers/" + worker + "/heartbeat", "");
            SERVER.clock.advance(Duration.ofMinutes(3));
            new SilentWorkers(SERVER.database.db(), SERVER.clock, 0, SERVER.hub()).runOnce();
            assertThat(stream.event("WorkerDeregistered").inside("worker_id").asString())
                    .isEqualTo(worker);
            SERVER.post(key, "/queues/w/pause", "{\"reason\":\"tea\"}");
            assertThat(asked.event("QueuePaused").inside("reason").asString()).isEqualTo("tea");
            SERVER.post(key, "/queues/w/resume", "");
            assertThat(asked.event("QueueResumed").inside("queue_name").asString())
                    .isEqualTo("w");
            String schedule = text(
                    SERVER.post(
                                    key,
                                    "/schedules",
                                    "{\"name\":\"s\",\"queue_name\":\"w\",\"cron_expression\":\"0 0 1 1 *\","
                                            + "\"payload_template\":{}}")
                            .body(),
                    "id");
            SERVER.post(key, "/schedules/" + schedule + "/trigger", "");
            Frame triggered = asked.event("ScheduleTriggered");
            assertThat(triggered.inside("schedule_id").asString()).isEqualTo(schedule);
            String job = claim("w");
            assertThat(triggered.inside("job_id").asString()).isEqualTo(job);
            assertThat(asked.event("JobStarted").inside("worker_id").asString()).isEqualTo("w");
            SERVER.post(key, "/jobs/" + job + "/progress", "{\"progress\":40,\"message\":\"half\"}");
            assertThat(asked.event("JobProgress").inside("progress").asDouble()).isEqualTo(40);
        }
    }

    @Test
    void whatNobodyAskedForStaysUntold() {
        try (var stream = listen("/events")) {
            SERVER.post(key, "/queues/silent/pause", "");
            String job = enqueue("silent", "");
            Frame next;
            do {
                next = stream.event(frame -> !frame.type().equals("SystemHealth"));
                assertThat(next.type()).isIn("QueueStats", "JobCreated");
            } while (next.type().equals("QueueStats"));
            assertThat(next.inside("job_id").asString()).isEqualTo(job);
        }
    }

    @Test
    void healthComesInBetweenAndSilenceIsFilled() {
        try (var stream = listen("/events");
                var quiet = listen("/events?events=job.created")) {
            Frame health = stream.event("SystemHealth");
            assertThat(health.inside("database").asBoolean()).isTrue();
            assertThat(health.inside("redis").asBoolean()).isTrue();
            assertThat(quiet.next()).isEqualTo(new Frame("keep-alive", "", "", ""));
        }
    }

    @Test
    void aQueuesStreamBeginsWithItsCountersAndTellsItsJobs() {
        enqueue("counted", "");
        try (var stream = listen("/events/queues/counted")) {
            Frame stats = stream.event();
            assertThat(stats.type()).isEqualTo("QueueStats");
            assertThat(stats.inside("pending").asInt()).isEqualTo(1);
            enqueue("other", "");
            String job = enqueue("counted", "");
            assertThat(stream.event(LiveHttpTest::isJob).inside("job_id").asString())
                    .isEqualTo(job);
            assertThat(stream.event(frame -> frame.type().equals("QueueStats")
                                    && frame.inside("pending").asInt() == 2)
                            .inside("processing")
                            .asInt())
                    .isZero();
        }
        try (var unused = listen("/events/queues/never-used")) {
            assertThat(unused.event().inside("completed").asInt()).isZero();
        }
    }

    @Test
    void aJobsStreamTellsItsStatusAndEndsWithIt() {
        String job = enqueue("followed", "");
        try (var stream = listen("/events/jobs/" + job)) {
            Frame first = stream.event();
            assertThat(summary(first)).isEqualTo("JobStatusChange  pending");
            enqueue("followed", "");
            claim("followed");
            SERVER.post(key, "/jobs/" + job + "/complete", "{\"worker_id\":\"w\"}");
            assertThat(summary(stream.event())).isEqualTo("JobStatusChange pending processing");
            assertThat(summary(stream.event())).isEqualTo("JobStatusChange processing completed");
            Frame last = stream.event();
            assertThat(last.type()).isEqualTo("JobCompleted");
            assertThat(last.json().get("data").has("result")).isFalse();
            assertThat(stream.endsNow()).isTrue();
        }
        try (var stream = listen("/events/jobs/" + job)) {
            assertThat(summary(stream.event())).isEqualTo("JobStatusChange  completed");
            assertThat(stream.endsNow()).isTrue();
        }
    }

    @Test
    void aJobNobodyHasIsSaidToBeUnknown() {
        String theirs = text(
                SERVER.post(SERVER.otherOrganization(), "/jobs", "{\"queue_name\":\"q\",\"payload\":{}}")
                        .body(),
                "id");
        for (String id : List.of(theirs, "01a21441-98c8-706e-9034-a5ccf5330056", "nope")) {
            try (var stream = listen("/events/jobs/" + id)) {
                Frame error = stream.event();
                assertThat(error.type()).isEqualTo("Error");
                assertThat(error.inside("message").asString()).isEqualTo("Job not found");
                assertThat(stream.endsNow()).isTrue();
            }
        }
    }

    @Test
    void whoComesBackHearsWhatHappenedMeanwhile() {
        String last;
        try (var stream = listen("/events?events=job.created")) {
            enqueue("gap", "");
            last = stream.event().id();
        }
        Await.until(() -> SERVER.hub().connections(), open -> open == 0);
        String missed = enqueue("gap", "");
        for (String[] how : new String[][] {{"Last-Event-ID", last}, {}}) {
            String query = how.length == 0 ? "&last_event_id=" + last : "";
            try (var stream = listen("/events?events=job.created" + query, how)) {
                assertThat(stream.event().inside("job_id").asString()).isEqualTo(missed);
            }
        }
        try (var stream = listen("/events?events=job.created", "Last-Event-ID", "elsewhere-12")) {
            assertThat(stream.event().type()).isEqualTo("Error");
            String next = enqueue("gap", "");
            assertThat(stream.event().inside("job_id").asString()).isEqualTo(next);
        }
    }

    @Test
    void anotherOrganizationsEventsAreItsOwn() {
        try (var stream = listen("/events?events=job.created,worker.registered")) {
            String other = SERVER.otherOrganization();
            SERVER.post(other, "/jobs", "{\"queue_name\":\"q\",\"payload\":{}}");
            SERVER.post(other, "/workers/register", "{\"queue_name\":\"q\",\"hostname\":\"h\"}");
            String own = enqueue("q", "");
            assertThat(stream.event().inside("job_id").asString()).isEqualTo(own);
        }
    }

    @Test
    void aKeyForSomeQueuesHearsOfNoOther() {
        String restricted = text(
                SERVER.post(key, "/api-keys", "{\"name\":\"r\",\"queues\":[\"mine\"]}")
                        .body(),
                "key");
        String hidden = enqueue("theirs", "");
        for (String path : List.of("/events?queue=theirs", "/events/queues/theirs")) {
            try (var refused = EventStream.open(SERVER, restricted, path)) {
                assertThat(refused.response().statusCode()).isEqualTo(403);
            }
        }
        try (var ofJob = EventStream.open(SERVER, restricted, "/events/jobs/" + hidden)) {
            assertThat(ofJob.event().type()).isEqualTo("Error");
        }
        try (var stream = EventStream.open(SERVER, restricted, "/events")) {
            assertThat(stream.next()).isNotNull();
            enqueue("theirs", "");
            String worker = text(
                    SERVER.post(key, "/workers/register", "{\"queue_name\":\"theirs\",\"hostname\":\"h\"}")
                            .body(),
                    "id");
            SERVER.post(key, "/workers/" + worker + "/heartbeat", "");
            String own = enqueue("mine", "");
            assertThat(stream.event().inside("job_id").asString()).isEqualTo(own);
        }
    }

    @Test
    void theCredentialMayStandInTheAddressHereOnly() {
        String session =
                SERVER.post("", "/auth/login", "{\"api_key\":\"" + key + "\"}").body();
        String token = text(session, "access_token");
        for (String query : List.of("token=" + token, "token=" + key, "api_key=" + key)) {
            try (var stream = EventStream.open(SERVER, "", "/events?" + query)) {
                assertThat(stream.response().statusCode()).as(query).isEqualTo(200);
            }
        }
        try (var stream = EventStream.open(SERVER, "", "/events", "X-API-Key", key)) {
            assertThat(stream.response().statusCode()).isEqualTo(200);
        }
        Await.until(() -> SERVER.hub().connections(), open -> open == 0);
        String refresh = text(session, "refresh_token");
        for (String query : List.of("token=" + refresh, "token=x", "token=", "other=" + key)) {
            assertThat(refusal(query).statusCode()).as(query).isEqualTo(401);
        }
        assertThat(SERVER.send(SERVER.to("/api/v1/queues?token=" + token)).statusCode())
                .isEqualTo(401);
    }

    private static HttpResponse<String> refusal(String query) {
        return SERVER.send(SERVER.to("/api/v1/events?" + query));
    }

    @Test
    void whatMakesNoSenseIsRefusedBeforeTheStream() {
        for (String query : List.of("queue=a%20b", "queue=" + "x".repeat(101), "queue=%2F")) {
            assertThat(SERVER.get(key, "/events?" + query).statusCode())
                    .as(query)
                    .isEqualTo(400);
        }
        assertThat(SERVER.get(key, "/events/queues/a%20b").statusCode()).isEqualTo(404);
    }

    @Test
    void thereIsAMostOfStreamsAndRoomAgainAfterOneLeft() {
        var open = new ArrayList<EventStream>();
        for (int i = 0; i < 3; i++) {
            open.add(listen("/events"));
        }
        HttpResponse<String> refused = SERVER.get(key, "/events");
        assertThat(refused.statusCode()).isEqualTo(429);
        assertThat(refused.headers().firstValue("retry-after")).isPresent();
        try (var other = EventStream.open(SERVER, SERVER.otherOrganization(), "/events")) {
            assertThat(other.response().statusCode()).isEqualTo(200);
        }
        open.getFirst().close();
        Await.until(
                () -> {
                    try (var stream = EventStream.open(SERVER, key, "/events")) {
                        return stream.response().statusCode();
                    }
                },
                status -> status == 200);
        open.forEach(EventStream::close);
    }

    @Test
    void anOrganizationMayHaveAMostOfItsOwn() {
        String of = SERVER.organizationOf("free", "{\"max_sse_streams\":1,\"max_websockets\":0}")
                .key()
                .key();
        try (var only = EventStream.open(SERVER, of, "/events")) {
            assertThat(only.response().statusCode()).isEqualTo(200);
            assertThat(SERVER.get(of, "/events").body()).contains("has 1 such connections", "RATE_LIMIT_EXCEEDED");
        }
        assertThatThrownBy(() -> TestSocket.open(SERVER, of, ""))
                .hasRootCauseMessage("Unexpected HTTP response status code 429");
    }

    @Test
    void aStreamEndsWithItsKeyAndNotWithItsToken() {
        String made = SERVER.post(key, "/api-keys", "{\"name\":\"brief\"}").body();
        String login = SERVER.post("", "/auth/login", "{\"api_key\":\"" + text(made, "key") + "\"}")
                .body();
        try (var byKey = EventStream.open(SERVER, text(made, "key"), "/events?events=job.created");
                var byToken = EventStream.open(SERVER, text(login, "access_token"), "/events?events=job.created")) {
            assertThat(byKey.next()).isNotNull();
            assertThat(byToken.next()).isNotNull();
            SERVER.clock.advance(Duration.ofHours(25));
            assertThat(SERVER.get(text(login, "access_token"), "/queues").statusCode())
                    .isEqualTo(401);
            assertThat(byToken.next()).isEqualTo(new Frame("keep-alive", "", "", ""));
            SERVER.call(key, "DELETE", "/api-keys/" + text(made, "id"), "");
            assertThat(byKey.endsNow()).isTrue();
            assertThat(byToken.endsNow()).isTrue();
        }
    }

    @Test
    void aHeadIsAnsweredAndNoStream() {
        assertThat(SERVER.call(key, "HEAD", "/events", "").statusCode()).isEqualTo(200);
    }
}
