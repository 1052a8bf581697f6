package dev.spooled.web;

import dev.spooled.refusal.Refusal;
import io.helidon.common.socket.SocketOptions;
import io.helidon.http.DirectHandler;
import io.helidon.http.HeaderNames;
import io.helidon.http.HeaderValues;
import io.helidon.http.ServerResponseHeaders;
import io.helidon.http.Status;
import io.helidon.webserver.ListenerConfig;
import io.helidon.webserver.WebServer;
import io.helidon.webserver.http.DirectHandlers;
import io.helidon.webserver.http.HttpRouting;
import io.helidon.webserver.http1.Http1Config;
import io.helidon.webserver.http1.Http1ConnectionSelector;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// The HTTP server: a listener for the API and, if asked for, one for metrics. Requests run on virtual threads,
/// so doors simply block. Ports are taken by `start`; `close` lets running requests finish within
/// `Options.drain`.
public final class Web implements AutoCloseable {
    private static final String METRICS = "metrics";
    private static final int MAX_HEADER_BYTES = 32 * 1024;

    /// What may wait in the kernel for a client that does not read. Left alone, it grows to megabytes each.
    private static final int SEND_BUFFER_BYTES = 256 * 1024;

    private static final int MAX_REQUEST_LINE_BYTES = 8 * 1024;

    /// How the server listens. Port 0 takes a free one. `metrics` null means no listener of its own.
    public record Options(
            String host,
            int port,
            @Nullable Address metrics,
            int maxConnections,
            Duration drain,
            Set<String> corsOrigins,
            boolean corsAnyOrigin,
            boolean hsts,
            TrustedProxies proxies) {
        public static Options local() {
            return new Options(
                    "127.0.0.1", 0, null, 10_000, Duration.ofSeconds(10), Set.of(), false, false, TrustedProxies.NONE);
        }

        public Options behind(TrustedProxies others) {
            return new Options(host, port, metrics, maxConnections, drain, corsOrigins, corsAnyOrigin, hsts, others);
        }
    }

    public record Address(String host, int port) {}

    private final Options options;
    private final SocketUpgrade sockets = new SocketUpgrade();
    private final Connections connections;
    private final CommonHeaders headers;
    private final Cors cors;
    private final List<String> open = new ArrayList<>();
    private final WebServer server;

    public Web(Options options, List<Door> doors, List<Door> metricsDoors, RequestObserver observer) {
        this.options = options;
        this.connections = new Connections(Http1ConnectionSelector.builder()
                .putUpgrader(SocketUpgrade.PROTOCOL, sockets)
                .putUpgrader("WebSocket", sockets)
                .config(Http1Config.builder()
                        .maxHeadersSize(MAX_HEADER_BYTES)
                        .maxPrologueLength(MAX_REQUEST_LINE_BYTES)
                        .build())
                .build());
        this.headers = new CommonHeaders(options.hsts());
        this.cors = new Cors(options.corsOrigins(), options.corsAnyOrigin());
        var builder = WebServer.builder().shutdownHook(false);
        listen(builder, options.host(), options.port(), routing(doors, observer));
        Address metrics = options.metrics();
        if (metrics != null) {
            var listener = ListenerConfig.builder();
            listen(listener, metrics.host(), metrics.port(), routing(metricsDoors, observer));
            builder.putSocket(METRICS, listener.build());
        }
        this.server = builder.build();
    }

    public Web start() {
        server.start();
        connections.start();
        return this;
    }

    /// The port of the API, the real one when 0 was asked for.
    public int port() {
        return server.port();
    }

    /// The port of the metrics listener, or -1 without one.
    public int metricsPort() {
        return options.metrics() == null ? -1 : server.port(METRICS);
    }

    /// From now on every answer is its connection's last, and says so: clients go elsewhere before they have to.
    public void announceClose() {
        headers.announceClose();
    }

    @Override
    public void close() {
        announceClose();
        connections.cutWaiting();
        server.stop();
        connections.close();
    }

    /// Every route of every listener, as `GET /path/{template}`.
    public List<String> routes() {
        return List.copyOf(open);
    }

    /// For tests, which do not wait for the seconds to pass.
    Connections connections() {
        return connections;
    }

    private HttpRouting.Builder routing(List<Door> doors, RequestObserver observer) {
        var routing = HttpRouting.builder();
        var refuser = new Refuser();
        var routes = new Routes(routing, refuser, sockets);
        var envelope = new Envelope(routes, refuser, cors, headers, observer);
        routing.addFilter(options.proxies()).addFilter(envelope).error(Throwable.class, envelope);
        doors.forEach(door -> door.open(routes));
        open.addAll(routes.all());
        return routing;
    }

    private void listen(ListenerConfig.BuilderBase<?, ?> listener, String host, int port, HttpRouting.Builder routing) {
        listener.host(host)
                .port(port)
                .routing(routing)
                .protocolsDiscoverServices(false)
                .addConnectionSelector(connections)
                .connectionOptions(SocketOptions.builder()
                        .socketSendBufferSize(SEND_BUFFER_BYTES)
                        .tcpNoDelay(true)
                        .socketKeepAlive(true)
                        .build())
                .useNio(false)
                .maxTcpConnections(options.maxConnections())
                .maxPayloadSize(Body.BULK_BYTES)
                .writeQueueLength(0)
                .smartAsyncWrites(false)
                .idleConnectionTimeout(Connection.IDLE)
                .shutdownGracePeriod(options.drain())
                .contentEncoding(new RawEncodings())
                .directHandlers(directHandlers());
    }

    /// Answers what fails before any route is looked for: bad request lines, headers too long, bodies announced too
    /// large.
    private DirectHandlers directHandlers() {
        var handlers = DirectHandlers.builder();
        for (var type : DirectHandler.EventType.values()) {
            handlers.addHandler(type, this::refuse);
        }
        return handlers.build();
    }

    private DirectHandler.TransportResponse refuse(
            DirectHandler.TransportRequest request,
            DirectHandler.EventType type,
            Status status,
            ServerResponseHeaders ignored,
            String message) {
        Connection.leavesUnread();
        String id = RequestId.fresh();
        Problem problem = Problem.of(unroutable(status));
        var response = DirectHandler.TransportResponse.builder()
                .status(Status.create(problem.status()))
                .header(RequestId.HEADER, id)
                .header(HeaderValues.CONTENT_TYPE_JSON)
                .keepAlive(false)
                .entity(problem.body(id));
        headers.fixed().forEach(response::header);
        if (problem.retryAfterSeconds() != null) {
            response.header(HeaderNames.RETRY_AFTER, Integer.toString(problem.retryAfterSeconds()));
        }
        return response.build();
    }

    private static Refusal unroutable(Status status) {
        return switch (status.code()) {
            case 404 -> new Refusal.NotFound("There is nothing here");
            case 408 -> new Refusal.Timeout("The request did not arrive in time");
            case 413 -> new Refusal.TooLarge("The request is too large");
            case 500 -> new Refusal.Internal("An internal error occurred");
            case 503 -> new Refusal.Unavailable(1, "The server is stopping or overloaded");
            default -> new Refusal.BadRequest("The request is not valid HTTP/1.1");
        };
    }
}
