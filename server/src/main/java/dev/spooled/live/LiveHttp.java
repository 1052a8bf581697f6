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
import io.helidon.common.uri.UriQuery;
import io.helidon.http.HeaderName;
import io.helidon.http.HeaderNames;
import io.helidon.http.HeaderValues;
import io.helidon.http.Headers;
import io.helidon.http.Method;
import io.helidon.webserver.CloseConnectionException;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.util.EnumSet;
import java.util.Objects;
import java.util.Set;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// Live events over SSE. What is wrong with a request is answered as with any other, before its stream begins;
/// from then on its status is 200.
public final class LiveHttp implements Door {
    private static final String EVENTS = "/api/v1/events";
    private static final String GO_AGENT = "Go-http-client";
    private static final HeaderName LAST_EVENT = HeaderNames.create("Last-Event-ID");
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
        var asked = Asked.of(request);
        Filter filter = asked.filter();
        asked.check(caller);
        var interest = Interest.all(asked.dialect(), filter, caller.queues());
        var who = new Who(Listener.Door.SSE, caller, credential);
        stream(
                request,
                response,
                () -> hub.open(who, interest, asked.lastEvent(), Connection.cutter()),
                it -> new OrgCourse(hub, it));
    }

    private void ofQueue(ServerRequest request, ServerResponse response, Caller caller, String credential) {
        var asked = Asked.of(request);
        String name = request.path().pathParameters().get("name");
        if (!QueueName.isValid(name)) {
            throw Refused.notFound("Queue not found: " + name);
        }
        caller.check(name);
        var filter = new Filter(
                new QueuePattern(name), Filter.job(asked.word("job_id")), asked.word("worker_id"), asked.kinds());
        var interest = Interest.all(asked.dialect(), filter, caller.queues());
        var who = new Who(Listener.Door.SSE, caller, credential);
        stream(
                request,
                response,
                () -> hub.open(who, interest, asked.lastEvent(), Connection.cutter()),
                it -> new QueueCourse(hub, it, name));
    }

    /// Whatever the id, the answer is a stream: one of a job nobody has says so and ends. The course has to hear
    /// of every kind, to know when that is.
    private void ofJob(ServerRequest request, ServerResponse response, Caller caller, String credential) {
        var asked = Asked.of(request);
        String id = request.path().pathParameters().get("id");
        Set<EventKind> kinds =
                Objects.requireNonNullElse(asked.kinds(), asked.dialect().usual());
        var filter = new Filter(null, Filter.job(id), null, EnumSet.allOf(EventKind.class));
        var interest = Interest.all(asked.dialect(), filter, caller.queues());
        var who = new Who(Listener.Door.SSE, caller, credential);
        var job = new JobCourse.Of(JobIds.parsed(id).orElse(null), kinds);
        stream(
                request,
                response,
                () -> hub.open(who, interest, null, Connection.cutter()),
                it -> new JobCourse(hub, reads, it, job));
    }

    private void stream(
            ServerRequest request,
            ServerResponse response,
            Supplier<Hub.Joined> open,
            Function<Listener, Course> course) {
        response.status(200)
                .header(HeaderNames.CONTENT_TYPE, "text/event-stream")
                .header(HeaderNames.CACHE_CONTROL, "no-cache")
                .header("X-Accel-Buffering", "no")
                .header(HeaderValues.CONNECTION_CLOSE);
        if (request.prologue().method().equals(Method.HEAD)) {
            response.send();
            return;
        }
        Hub.Joined joined = open.get();
        try (Listener listener = joined.listener()) {
            var unused = Connection.watchClient(() -> listener.end(Listener.End.GONE));
            OutputStream out = response.outputStream();
            Frames frames = Asked.of(request).frames();
            new SseStream(listener, course.apply(listener), frames, hub, out).run(joined.missed(hub.now()));
            if (listener.ended() == Listener.End.GONE) {
                throw new CloseConnectionException("the client left");
            }
            out.close();
        } catch (IOException | UncheckedIOException e) {
            throw new CloseConnectionException("the client left", e);
        }
    }

    /// A request as far as it matters to those who listen.
    record Asked(Headers headers, UriQuery query) {
        static Asked of(ServerRequest request) {
            return new Asked(request.headers(), request.query());
        }

        Filter filter() {
            String queue = word("queue");
            return new Filter(
                    queue == null ? null : new QueuePattern(queue),
                    Filter.job(word("job_id")),
                    word("worker_id"),
                    kinds());
        }

        /// Refuses to listen to a queue that the key may not see.
        void check(Caller caller) {
            QueuePattern queue = filter().queue();
            if (queue != null && queue.isExact()) {
                caller.check(queue.text());
            }
        }

        @Nullable
        Set<EventKind> kinds() {
            return Interest.kinds(word("events"), dialect());
        }

        @Nullable
        String lastEvent() {
            return headers.first(LAST_EVENT).filter(id -> !id.isBlank()).orElse(word("last_event_id"));
        }

        private Frames frames() {
            boolean named = "true".equalsIgnoreCase(word("named")) || agent().contains(GUZZLE_AGENT);
            return new Frames(named, dialect());
        }

        /// A Go client is known by its agent over SSE only; over WebSocket it is by how it speaks.
        private Dialect dialect() {
            return agent().startsWith(GO_AGENT) ? Dialect.GO : asksForDialect();
        }

        Dialect asksForDialect() {
            return "go".equalsIgnoreCase(word("dialect")) ? Dialect.GO : Dialect.PLAIN;
        }

        private String agent() {
            return headers.first(HeaderNames.USER_AGENT).orElse("");
        }

        @Nullable
        String word(String name) {
            return Query.wordOrNull(query, name);
        }
    }
}
