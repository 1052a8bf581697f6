package dev.spooled.live;

import dev.spooled.access.Authenticate;
import dev.spooled.access.Caller;
import dev.spooled.jobs.JobIds;
import dev.spooled.jobs.JobReads;
import dev.spooled.live.Listener.Who;
import dev.spooled.orgs.QueueName;
import dev.spooled.refusal.Refused;
import dev.spooled.web.Connection;
import dev.spooled.web.Door;
import dev.spooled.web.Query;
import dev.spooled.web.Routes;
import io.helidon.http.HeaderNames;
import io.helidon.http.HeaderValues;
import io.helidon.http.Method;
import io.helidon.webserver.CloseConnectionException;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/// Live events over SSE. What is wrong with a request is answered as with any other, before its stream begins; from
/// then
/// on its status is 200.
public final class LiveHttp implements Door {
    private static final String EVENTS = "/api/v1/events";
    private static final String GO_AGENT = "Go-http-client";
    private static final String GUZZLE_AGENT = "GuzzleHttp";

    private final Hub hub;
    private final JobReads reads;
    private final Authenticate authenticate;

    public LiveHttp(Hub hub, JobReads reads, Authenticate authenticate) {
        this.hub = hub;
        this.reads = reads;
        this.authenticate = authenticate;
    }

    @Override
    public void open(Routes routes) {
        routes.get(EVENTS, authenticate.listening(this::all))
                .get(EVENTS + "/jobs/{id}", authenticate.listening(this::ofJob))
                .get(EVENTS + "/queues/{name}", authenticate.listening(this::ofQueue));
    }

    private void all(ServerRequest request, ServerResponse response, Caller caller, String credential) {
        var asked = new Asked(request);
        Filter filter = asked.filter();
        checkScope(caller, filter);
        var interest = new Interest(asked.kinds(), filter, Set.of(), caller.queues());
        stream(response, asked, sse(caller, credential), interest, asked.lastEvent(), it -> new OrgCourse(hub, it));
    }

    private void ofQueue(ServerRequest request, ServerResponse response, Caller caller, String credential) {
        var asked = new Asked(request);
        String name = request.path().pathParameters().get("name");
        if (!QueueName.isValid(name)) {
            throw Refused.notFound("Queue not found: " + name);
        }
        caller.check(name);
        var filter = new Filter(new QueuePattern(name), asked.word("job_id"), asked.word("worker_id"));
        var interest = new Interest(asked.kinds(), filter, Set.of(), caller.queues());
        stream(
                response,
                asked,
                sse(caller, credential),
                interest,
                asked.lastEvent(),
                it -> new QueueCourse(hub, it, name));
    }

    /// Whatever the id, the answer is a stream: one of a job nobody has says so and ends.
    private void ofJob(ServerRequest request, ServerResponse response, Caller caller, String credential) {
        var asked = new Asked(request);
        String id = request.path().pathParameters().get("id").toLowerCase(Locale.ROOT);
        var interest = new Interest(asked.kinds(), new Filter(null, id, null), Set.of(), caller.queues());
        stream(
                response,
                asked,
                sse(caller, credential),
                interest,
                null,
                it -> new JobCourse(hub, reads, it, JobIds.parsed(id).orElse(null)));
    }

    private static Who sse(Caller caller, String credential) {
        return new Who(Listener.Door.SSE, caller, credential);
    }

    /// Refuses to listen to a queue that the key may not see.
    private static void checkScope(Caller caller, Filter filter) {
        QueuePattern queue = filter.queue();
        if (queue != null && queue.isExact()) {
            caller.check(queue.text());
        }
    }

    private void stream(
            ServerResponse response,
            Asked asked,
            Who who,
            Interest interest,
            @Nullable String last,
            Function<Listener, Course> course) {
        response.status(200)
                .header(HeaderNames.CONTENT_TYPE, "text/event-stream")
                .header(HeaderNames.CACHE_CONTROL, "no-cache")
                .header("X-Accel-Buffering", "no")
                .header(HeaderValues.CONNECTION_CLOSE);
        if (asked.isHead()) {
            response.send();
            return;
        }
        Hub.Joined joined = hub.open(who, interest, last, Connection.cutter());
        try (Listener listener = joined.listener()) {
            var unused = Connection.watchClient(() -> listener.end(Listener.End.GONE));
            List<LiveEvent> missed = joined.missedNothing() ? List.of() : List.of(missed());
            OutputStream out = response.outputStream();
            new SseStream(listener, course.apply(listener), asked.frames(), hub, out).run(missed);
            if (listener.ended() == Listener.End.GONE) {
                throw new CloseConnectionException("the client left");
            }
            out.close();
        } catch (IOException | UncheckedIOException e) {
            throw new CloseConnectionException("the client left", e);
        }
    }

    private LiveEvent missed() {
        return LiveEvent.error("Events were missed: the last event id is not known any more", hub.now());
    }

    /// A request as far as it matters here.
    private record Asked(ServerRequest request) {
        boolean isHead() {
            return request.prologue().method().equals(Method.HEAD);
        }

        Filter filter() {
            String queue = word("queue");
            return new Filter(queue == null ? null : new QueuePattern(queue), word("job_id"), word("worker_id"));
        }

        Set<EventKind> kinds() {
            return Interest.kinds(word("events"), dialect());
        }

        @Nullable
        String lastEvent() {
            return request.headers()
                    .first(HeaderNames.create("Last-Event-ID"))
                    .filter(id -> !id.isBlank())
                    .orElse(word("last_event_id"));
        }

        Frames frames() {
            String agent = request.headers().first(HeaderNames.USER_AGENT).orElse("");
            boolean named = "true".equalsIgnoreCase(word("named")) || agent.contains(GUZZLE_AGENT);
            return new Frames(named, dialect());
        }

        private Dialect dialect() {
            String agent = request.headers().first(HeaderNames.USER_AGENT).orElse("");
            boolean go = agent.startsWith(GO_AGENT) || "go".equalsIgnoreCase(word("dialect"));
            return go ? Dialect.GO : Dialect.PLAIN;
        }

        @Nullable
        String word(String name) {
            return Query.wordOrNull(request, name);
        }
    }
}
